import { env } from "cloudflare:workers";
import { openDb, type Statement } from "../../../src/kernel/db.ts";
import { newId } from "../../../src/kernel/id.ts";
import { ACCESS_LEVELS, accessGrant, role } from "../../../src/kernel/schema/team.ts";
import { type Api, api } from "../../harness/client.ts";
import { isViewer } from "../../harness/people.ts";
import type { PolicyMember } from "../../harness/policy.ts";
import { type AccountKind, MODEL_RIGHTS } from "../../harness/policy-rights.ts";
import { ROLES } from "../../harness/policy-table.ts";
import { signIn } from "../../harness/sign-in.ts";
import { fetch } from "./operators-fixture.ts";
import type { Dice } from "./oracle-fixture.ts";
import type { Account } from "./tree-account.ts";
import { GROUPS, type TreeItem } from "./tree-item.ts";
import { addressOf, newMemberRow, newPerson } from "./tree-member.ts";

export interface Actor {
  readonly holder: PolicyMember & { readonly accountId: string };
  readonly home: Account;
  readonly api: Api;
  readonly apiKey: string;
}

/** What a member can be given access to, and the dice. */
interface Around {
  readonly accounts: readonly Account[];
  readonly items: readonly TreeItem[];
  readonly roll: Dice;
}

const db = openDb(env.DB);

/** A member with random roles, rights, grants, custom roles, groups and key; each of them may be none. */
export async function newActor(home: Account, memberId: string, around: Around): Promise<Actor> {
  const { kind } = home;
  const access = rollAccess(kind, around);
  const { roles, grants, customRoles, ...given } = access;
  const names = [...roles, ...customRoles.map(({ id }) => id)];
  // A viewer's key is of no use: a viewer signs in, and a session is not narrowed.
  const viewing = kind === "team" && isViewer(names);
  const narrowed = rollScopes(kind, around.roll);
  const scopes = viewing ? null : narrowed;
  const apiKey = await newMemberRow(home.id, memberId, { ...given, roles: names }, scopes, [
    ...grants.map((grant) => db.insert(accessGrant).values({ ...grant, memberId, accountId: home.id })),
    ...customRoles.map((one) => insertRole(home.id, memberId, one)),
  ]);
  if (viewing) await newPerson(memberId);
  const signedIn = viewing ? await signIn(fetch, addressOf(memberId), home.id) : null;
  const holder = { memberId, accountId: home.id, kind, ...access, scopes };
  return { holder, home, api: api(fetch, signedIn?.tokens.access_token ?? apiKey), apiKey };
}

/** In this order, because each seed stands for one world. */
function rollAccess(kind: AccountKind, around: Around) {
  const { roll } = around;
  const known = MODEL_RIGHTS[kind];
  const customRoles = roll.chance(0.3)
    ? [{ id: newId("role", Date.now()), rights: roll.some([...known], 3), grants: rollGrants(kind, around) }]
    : [];
  const roles = roll.chance(0.85) ? roll.some(Object.keys(ROLES[kind]), 2) : [];
  const rights = roll.chance(0.3) ? roll.some([...known], 3) : [];
  const objectGroupIds = roll.chance(0.15) ? ["all"] : roll.some(GROUPS, 2);
  return { roles, rights, objectGroupIds, grants: rollGrants(kind, around), customRoles };
}

/** Up to four grants, at most one of each object. */
function rollGrants(kind: AccountKind, { accounts, items, roll }: Around) {
  const granted =
    kind === "vendor"
      ? ["product", "product", "customer", "analytics", "billing"]
      : ["organization", "tool", "tool", "task", "task"];
  const rolled = Array.from({ length: roll.below(5) }, () => {
    const resourceType = roll.pick(granted);
    const ids =
      resourceType === "organization"
        ? accounts.map(({ id }) => id)
        : items.filter(({ type }) => type === resourceType).map(({ id }) => id);
    return {
      resourceType,
      resourceId: ids.length === 0 || roll.chance(0.15) ? "0" : roll.pick(ids),
      access: kind === "vendor" ? roll.pick(ACCESS_LEVELS) : ("view" as const),
    };
  });
  return [...new Map(rolled.map((grant) => [`${grant.resourceType} ${grant.resourceId}`, grant])).values()];
}

/** For one key in five: some rights, and every view. */
function rollScopes(kind: AccountKind, roll: Dice): string[] | null {
  const known = [...MODEL_RIGHTS[kind]];
  return roll.chance(0.2)
    ? [...roll.some(known, 20), ...known.filter((right) => right.endsWith(".view"))]
    : null;
}

type CustomRole = Pick<typeof role.$inferInsert, "id" | "rights" | "grants">;
const insertRole = (accountId: string, createdBy: string, one: CustomRole): Statement =>
  db.insert(role).values({
    ...one,
    accountId,
    name: one.id,
    description: "",
    createdBy,
    createdAt: 0,
    updatedAt: 0,
  });
