import type { CustomRole, GrantSource } from "../../access/contribution.ts";
import { actsOn, compile, compileBelow } from "../../access/grant-set.ts";
import { type AccountKind, presetFor } from "../../access/model.ts";
import type { GrantRow, Preset } from "../../access/preset.ts";
import type { GrantSet } from "../../access/decide.ts";
import type { TypeTable } from "../../access/type.ts";
import { actorLogin } from "../../audit/chain/event.ts";
import type { account, member, Settings } from "../../kernel/schema/team.ts";
import { compileRules } from "../credentials/address.ts";
import { type CallCredential, restrictionOf, traceOf } from "../credentials/key-restriction.ts";
import type { Principal } from "./principal.ts";
import { settingsOf } from "./settings.ts";

type AccountRow = typeof account.$inferSelect;

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
  readonly aboveHome: unknown;
  readonly aboveTarget: unknown;
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
  const { member: who, account: home } = row;
  const homeSettings = settingsOf(home, row.aboveHome as Settings | null);
  const preset = presetFor(home.kind, homeSettings.switches);
  const source = { ...sourceOf(row), scopes: restriction.scopes };
  const own = compile(source, preset, types);
  const whole = source.scopes === null ? own : compile({ ...source, scopes: null }, preset, types);
  const acted = actedOn(row, own, preset, targetId);
  const at = acted ?? home;
  const isHome = at === home;
  const atSettings = isHome ? homeSettings : settingsOf(at, row.aboveTarget as Settings | null);
  return {
    stamp: {
      memberId: who.id,
      memberVersion: who.version,
      accountId: home.id,
      accountVersion: home.version,
      ...(isHome ? { targetId: null, targetVersion: 0 } : { targetId: at.id, targetVersion: at.version }),
    },
    memberId: who.id,
    userId: who.userId,
    accountId: at.id,
    account: { ...accountOf(at), settings: atSettings.settings },
    preset: isHome ? preset : presetFor(at.kind, atSettings.switches),
    switches: atSettings.switches,
    home: homeOf(home, preset, homeSettings),
    astray: acted === null,
    platformId: row.platformId,
    restored: home.restoredAt !== null || at.restoredAt !== null,
    member: memberOf(who),
    credential,
    addressRules: [
      home.allowedIps,
      who.allowedIps,
      restriction.allowedIps,
      ...(isHome ? [] : [at.allowedIps]),
    ].map(compileRules),
    grantSet: isHome ? own : compileBelow(own, preset, restriction.scopes),
    memberSet: isHome ? whole : compileBelow(whole, preset),
    types,
    actor: actorOf(row, credential),
  };
}

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
function actedOn(
  { account: home, target, targetGrandparentId }: PrincipalRow,
  own: GrantSet,
  preset: Preset,
  targetId: string | null,
): AccountRow | null {
  if (targetId === null || targetId === home.id) return home;
  return target !== null && actsOn(own, preset, home.id, target, targetGrandparentId) ? target : null;
}

const accountOf = (at: AccountRow): Omit<Principal["account"], "settings"> => ({
  kind: at.kind as AccountKind,
  name: at.name,
  parentId: at.parentId,
  plan: at.plan,
  subscription: at.subscription,
  ownerMemberId: at.ownerMemberId,
});

const homeOf = (
  home: AccountRow,
  preset: Preset,
  settings: ReturnType<typeof settingsOf>,
): Principal["home"] => ({
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
  ...traceOf(credential),
});
