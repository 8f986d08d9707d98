import type { ResourceRef } from "../../access/decision.ts";
import type { GrantRow, Preset, Removal, RoleScope } from "../../access/preset.ts";
import { type Right, resourceTypeOf } from "../../access/right.ts";
import type { MemberRow } from "../members/member.card.ts";

/** What becomes of a removed member's tasks: they go too, or the account's owner has them. */
export const TASK_FATES = ["delete", "transfer"] as const;
export type TaskFate = (typeof TASK_FATES)[number];

/** A task of the member who is to be removed. */
export interface OwnedTask extends ResourceRef {
  readonly name: string;
}

/** The type of what may be deleted with its owner, or handed over. */
export const TASK_TYPE = "task";
/** The type of what is given to one member and means nothing without them. */
export const MEMBER_LICENSE_TYPE = "aggregator_license";

type RemovalCandidate = Pick<MemberRow, "status" | "roles" | "rights" | "objectGroupIds">;

/**
 * What a member still has that must be gone before a removal of this kind, by the names that the answer gives
 * it.
 */
export function removalBlockers(
  removal: Removal,
  { status, roles, rights, objectGroupIds }: RemovalCandidate,
  grants: readonly GrantRow[],
  isTaskLeft: boolean,
): string[] {
  const accessLeft =
    removal !== "emptied"
      ? {}
      : {
          status: status !== "blocked",
          roles: roles.length > 0,
          rights: rights.length > 0,
          grants: grants.length > 0,
          objectGroups: objectGroupIds.length > 0,
        };
  return Object.entries({ ...accessLeft, tasks: removal === "tasks" && isTaskLeft })
    .filter(([, blocks]) => blocks)
    .map(([name]) => name);
}

/** Up to this number, each task has an event of its own. */
export const SINGLE_EVENTS_MAX = 50;
const EVENT_GROUP_SIZE = 500;

/** What else a member owns, which is handed over or ends. */
export interface OwnedObject {
  readonly id: string;
  readonly type: string;
  readonly groupId: string | null;
}

/**
 * Tasks, or what else is owned, by the events that tell of them: each in one of its own, or, where they are
 * many, hundreds in one.
 */
export function groupForEvents<T>(tasks: readonly T[]): (readonly T[])[] {
  const size = tasks.length > SINGLE_EVENTS_MAX ? EVENT_GROUP_SIZE : 1;
  return Array.from({ length: Math.ceil(tasks.length / size) }, (_, index) =>
    tasks.slice(index * size, (index + 1) * size),
  );
}

const OWNER_SCOPES: ReadonlySet<RoleScope> = new Set<RoleScope>([
  "own",
  "own_or_granted",
  "own_or_granted_in",
]);

/**
 * Types of which a member may do something because they own the object. Only for these types does the owner
 * count.
 */
export const typesWithOwners = ({ roles }: Preset): ReadonlySet<string> =>
  new Set(
    Object.values(roles).flatMap((role) =>
      Object.entries(role.rights)
        .filter(([, scope]) => OWNER_SCOPES.has(scope))
        .map(([right]) => resourceTypeOf(right as Right)),
    ),
  );
