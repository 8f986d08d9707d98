import type { Right } from "./right.ts";

/**
 * How far a role's right goes: all · own: what the member owns · active: what is in status "active" · home:
 * the member's own account · granted: objects of the type that the member has a grant on · below: those, and
 * all that stands under granted parents · own_or_granted · own_or_granted_in: the same, but only under
 * granted parents.
 */
export type RoleScope =
  | "all"
  | "own"
  | "active"
  | "home"
  | "granted"
  | "below"
  | "own_or_granted"
  | "own_or_granted_in";

export interface Role {
  /** The higher, the more; what an interface sorts by. Nothing is decided by it. */
  readonly rank: number;
  readonly rights: Readonly<Partial<Record<Right, RoleScope>>>;
  /**
   * Roles that a holder of this one may give. The holder may edit, block and make keys for their holders,
   * too.
   */
  readonly mayInvite: readonly string[];
  /** A member with this role may have a credit limit of their own. */
  readonly creditLimit: boolean;
  /** May make API keys for themselves where the account says that members may. */
  readonly canMakeOwnKeys: boolean;
  /** A member with no other role of the model holds no API key, and calls in a session. */
  readonly isKeyless?: true;
  /** Sees every object group of the account. */
  readonly seesEveryGroup?: true;
  /** Its holders only look: they are given no right, custom role or grant that writes or spends. */
  readonly isReadOnly?: true;
  /** No edit leaves a member with this role without any grant on this type. */
  readonly requiredGrantType?: string;
}

export interface GrantRow {
  readonly resourceType: string;
  readonly resourceId: string;
  readonly access: "view" | "edit" | "owner";
}

/** An access model as data. Tests read the same table that the program runs. */
export interface Preset {
  readonly model: string;
  /** At least one active member must hold it; the account's owner always does. */
  readonly topRole: string;
  /** Every right that exists in this model. No role, grant or row gives another. */
  readonly rights: ReadonlySet<Right>;
  readonly roles: Readonly<Record<string, Role>>;
  /** The role that an invitation suggests. */
  readonly suggestedRole: string;
  /** How a member is removed. */
  readonly removal: Removal;
  /** Members have a login of four digits, so there are 9,999 of them at most. */
  readonly hasLoginNumbers?: true;
  /** Roles that act only while the plan has restricted accounts. */
  readonly restrictedRoles: readonly string[];
  readonly bundles: Readonly<Record<string, readonly GrantRow[]>>;
  readonly tree: AccountTree | null;
  /** What the account's settings switch in this model. */
  readonly switches: SwitchTable;
  /** The rows of its table of roles, where they are not simply the types. */
  readonly areas?: Readonly<Record<string, Area>>;
}

/**
 * What has to be so before a member is removed: emptied: blocked, and without any role, right, grant or group
 * · stripped: nothing, it all goes in one step · tasks: the same, and the caller who removes a member with
 * tasks says what becomes of the tasks.
 */
export type Removal = "emptied" | "stripped" | "tasks";

/**
 * A row of a table of roles: what V and E are in rights, and what its cells say beside them. E holds V too.
 */
export interface Area {
  readonly V: readonly Right[];
  readonly E: readonly Right[];
  /** All of it is the account's own. */
  readonly own?: true;
  /**
   * The table says how far it goes in one case only: a role that has this right everywhere, and is not the
   * top role, has "all".
   */
  readonly everywhereRight?: Right;
  /** Said of a V that has this right. */
  readonly whenHeld?: { readonly right: Right; readonly says: string };
  /** Said of a V that lacks this right. */
  readonly whenLacking?: { readonly right: Right; readonly says: string };
  /** Said of any cell, by the right that is held. */
  readonly namedRights?: Readonly<Partial<Record<Right, string>>>;
}

/** How members of an account act in the accounts below it. */
export interface AccountTree {
  /** The right whose extent says in which of them: its objects are those accounts. */
  readonly reachingRight: Right;
  /** Which of the member's rights hold there. */
  readonly rights: ReadonlySet<Right>;
  /** What the right `reachingRight` shows there by itself, also to members who have none of it at home. */
  readonly shownRights?: readonly Right[];
  /** The user book of this account lists the members of those accounts, too. */
  readonly listsMembersBelow?: true;
}

/** Settings of an account that change who may give which role. */
export interface Switches {
  readonly inviteOnlyAdmins: boolean;
  readonly customersMayInviteBillingAdmin: boolean;
  readonly billingAdminVisibleToCustomer: boolean;
}

export interface SwitchTable {
  /** With `inviteOnlyAdmins`, only these roles give any. */
  readonly invitingRoles?: readonly string[];
  /** Only while the switch is on, `role` may give `gives`. */
  readonly conditionalInvites?: Readonly<
    Partial<Record<keyof Switches, { readonly role: string; readonly gives: string }>>
  >;
  /** Roles that exist only while the switch is on. */
  readonly conditionalRoles?: Readonly<Record<string, keyof Switches>>;
}

/** Rights that only the platform account's members hold. */
export const PLATFORM_RIGHTS: readonly Right[] = ["account.create", "account.manage", "credits.grant"];

/** What the account's owner holds beside the roles: enough to see and to stop any other member. */
export const OWNER_RIGHTS: readonly Right[] = [
  "member.view",
  "member.block",
  "member.delete",
  "api_key.view",
  "api_key.revoke",
];

/** What the model of every tenant has. It does not depend on the tenant's resources. */
export const COMMON_RIGHTS: readonly Right[] = [
  "account.view",
  "account.view_security",
  "account.edit",
  "member.view",
  "member.create",
  "member.edit",
  "member.block",
  "member.delete",
  "grant.edit",
  "role.edit",
  "api_key.view",
  "api_key.create",
  "api_key.revoke",
  "hook.view",
  "hook.edit",
  "audit.view",
  "credits.view",
  "credits.spend",
];

/** What a top role holds: all of these rights, everywhere in the account. */
export const rightsEverywhere = (rights: Iterable<Right>): Role["rights"] =>
  Object.fromEntries(Array.from(rights, (right) => [right, "all"]));

/**
 * Does a member with these roles act only while the plan has restricted accounts? In a model with restricted
 * roles, each member does who has no other role of the model: custom roles, rights and grants make the same
 * restricted account. An owner who is an operator, too, stays an owner.
 */
export const isRestrictedMember = (preset: Preset, roles: readonly string[]): boolean =>
  preset.restrictedRoles.length > 0 &&
  !roles.some((role) => Object.hasOwn(preset.roles, role) && !preset.restrictedRoles.includes(role));

type Cell = RoleScope | null;

/** Turns a table of right × role, as the policy is written, into the rights of one role (a column). */
export const rightsOfColumn = (
  table: Readonly<Partial<Record<Right, readonly Cell[]>>>,
  index: number,
): Role["rights"] =>
  Object.fromEntries(
    Object.entries(table).flatMap(([right, cells]) => (cells[index] ? [[right, cells[index]]] : [])),
  );
