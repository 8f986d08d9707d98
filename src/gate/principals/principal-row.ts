import type { CustomRole, GrantSource } from "../../access/contribution.ts";
import { canActOn, compileGrantSet, compileGrantSetBelow } from "../../access/grant-set.ts";
import { type AccountKind, presetWithSwitches } from "../../access/model.ts";
import type { GrantRow, Preset } from "../../access/preset.ts";
import type { GrantSet } from "../../access/decision.ts";
import type { Stamp } from "../../access/stamp.ts";
import type { TypeTable } from "../../access/resource-type.ts";
import { actorLogin } from "../../audit/chain/event.ts";
import type { AccountColumn } from "../credentials/account.store.ts";
import type { account, member, Settings } from "../../kernel/schema/team.ts";
import { compileAddressRules } from "../credentials/address-rule.ts";
import { type CallCredential, restrictionOf, auditTraceOf } from "../credentials/key-restriction.ts";
import type { Principal } from "./principal.ts";
import { resolveSettings } from "./settings.ts";

type AccountRow = Pick<typeof account.$inferSelect, AccountColumn>;

type MemberColumn =
  | "id"
  | "userId"
  | "login"
  | "username"
  | "email"
  | "status"
  | "roles"
  | "rights"
  | "objectGroupIds"
  | "allowedIps"
  | "creditLimit"
  | "limitPeriod"
  | "language"
  | "version";

/** The row behind a credential, with everything that decides what its member may do. */
export interface PrincipalRow {
  readonly member: Pick<typeof member.$inferSelect, MemberColumn>;
  readonly account: AccountRow;
  /** The account that the call names, where that is not the member's own; null when there is none. */
  readonly target: AccountRow | null;
  readonly grants: readonly GrantRow[];
  readonly customRoles: readonly CustomRole[];
  readonly ownParentSettings: unknown;
  readonly targetParentSettings: unknown;
  readonly targetGrandparentId: string | null;
  readonly platformId: string | null;
}

/** @param targetId the account that the call names, or null */
export function toPrincipal(
  row: PrincipalRow,
  credential: CallCredential,
  targetId: string | null,
  types: TypeTable,
): Principal {
  const restriction = restrictionOf(credential);
  const { member: memberRow, account: home } = row;
  const homeSettings = resolveSettings(home, row.ownParentSettings as Settings | null);
  const preset = presetWithSwitches(home.kind, homeSettings.switches);
  const source = { ...sourceOf(row), scopes: restriction.scopes };
  const ownGrantSet = compileGrantSet(source, preset, types);
  const unrestrictedGrantSet =
    source.scopes === null ? ownGrantSet : compileGrantSet({ ...source, scopes: null }, preset, types);
  const foundTarget = findTarget(row, ownGrantSet, preset, targetId);
  const targetRow = foundTarget ?? home;
  const isOwn = targetRow === home;
  const atSettings = isOwn
    ? homeSettings
    : resolveSettings(targetRow, row.targetParentSettings as Settings | null);
  return {
    stamp: stampOf(memberRow, home, isOwn ? null : targetRow),
    memberId: memberRow.id,
    userId: memberRow.userId,
    accountId: targetRow.id,
    targetAccount: { ...targetAccountOf(targetRow), settings: atSettings.settings },
    preset: isOwn ? preset : presetWithSwitches(targetRow.kind, atSettings.switches),
    switches: atSettings.switches,
    ownAccount: ownAccountOf(home, preset, homeSettings),
    targetNotFound: foundTarget === null,
    platformId: row.platformId,
    isRestored: home.restoredAt !== null || targetRow.restoredAt !== null,
    member: memberOf(memberRow),
    credential,
    addressRules: [
      home.allowedIps,
      memberRow.allowedIps,
      restriction.allowedIps,
      ...(isOwn ? [] : [targetRow.allowedIps]),
    ].map(compileAddressRules),
    grantSet: isOwn ? ownGrantSet : compileGrantSetBelow(ownGrantSet, preset, restriction.scopes),
    unrestrictedGrantSet: isOwn ? unrestrictedGrantSet : compileGrantSetBelow(unrestrictedGrantSet, preset),
    types,
    actor: actorOf(row, credential),
  };
}

/**
 * A member who acts without a credential of their own. The call comes from another system or another person,
 * so only the account's address rules hold.
 */
export const toActingMember = (
  row: PrincipalRow,
  credential: CallCredential,
  targetId: string | null,
  types: TypeTable,
): Principal => ({
  ...toPrincipal(row, credential, targetId, types),
  addressRules: [compileAddressRules(row.account.allowedIps)],
});

const stampOf = (member: PrincipalRow["member"], own: AccountRow, target: AccountRow | null): Stamp => ({
  memberId: member.id,
  memberVersion: member.version,
  accountId: own.id,
  accountVersion: own.version,
  ...(target === null
    ? { targetId: null, targetVersion: 0 }
    : { targetId: target.id, targetVersion: target.version }),
});

/** What the member's rights come from. */
const sourceOf = ({
  member: who,
  account: home,
  customRoles,
  grants,
}: PrincipalRow): Omit<GrantSource, "scopes"> => ({
  memberId: who.id,
  accountId: home.id,
  roles: who.roles,
  customRoles,
  rights: who.rights,
  grants,
  objectGroupIds: who.objectGroupIds,
  isOwner: who.id === home.ownerMemberId,
});

/** The account that the call acts on; null when it names one on which the member may not act. */
function findTarget(
  { account: home, target, targetGrandparentId }: PrincipalRow,
  own: GrantSet,
  preset: Preset,
  targetId: string | null,
): AccountRow | null {
  if (targetId === null || targetId === home.id) return home;
  return target !== null && canActOn(own, preset, home.id, target, targetGrandparentId) ? target : null;
}

const targetAccountOf = (at: AccountRow): Omit<Principal["targetAccount"], "settings"> => ({
  kind: at.kind as AccountKind,
  name: at.name,
  parentId: at.parentId,
  plan: at.plan,
  subscription: at.subscription,
  ownerMemberId: at.ownerMemberId,
});

const ownAccountOf = (
  home: AccountRow,
  preset: Preset,
  settings: ReturnType<typeof resolveSettings>,
): Principal["ownAccount"] => ({
  accountId: home.id,
  name: home.name,
  kind: home.kind as AccountKind,
  preset,
  plan: home.plan,
  ...settings,
});

const memberOf = (who: PrincipalRow["member"]): Principal["member"] => ({
  status: who.status,
  username: who.username,
  email: who.email,
  language: who.language,
  roles: who.roles,
  creditLimit: who.creditLimit,
  limitPeriod: who.limitPeriod,
});

const actorOf = (
  { member: who, account: home }: PrincipalRow,
  credential: CallCredential,
): Principal["actor"] => ({
  type: "member",
  memberId: who.id,
  accountId: home.id,
  login: actorLogin(who),
  email: who.email,
  ...auditTraceOf(credential),
});
