export const ACCESS = {
  unknownRole: ({ roles }: { roles: readonly string[] }) =>
    `must be one of ${roles.join(", ")}, or the id of a custom role of the account`,
  unknownRoleOnce: ({ roles }: { roles: readonly string[] }) =>
    `must be one of ${roles.join(", ")}, each once`,
  roleTwice: "names a role twice",
  rightUnknown: "does not exist in this account's model",
  beyondOwnRights: "You may not give rights or grants that go further than your own.",
  noRoles: "You may not assign any role.",
  onlyRoles: ({ roles }: { roles: readonly string[] }) =>
    `You may assign these roles only: ${roles.join(", ")}.`,
  limitWithRoles: "does not go with these roles",
  limitWithRole: ({ role }: { role: string }) => `does not go with the role ${role}`,
  grantTypes: ({ types }: { types: readonly string[] }) => `must be one of ${types.join(", ")}`,
  grantView: ({ type }: { type: string }) =>
    `must be view: a grant on ${type} says where, the role says what`,
  grantWhole: ({ type }: { type: string }) => `must be "0": a grant on ${type} is always on all`,
  grantTwice: "is granted twice",
  rightNeeded: ({ right }: { right: string }) => `This needs the right ${right}.`,
  platformRight: "Only members of the platform account have it.",
  askForRight: "Ask an owner or admin of the account for it.",
  strongerMember: "This member has a role that you could not give, or rights beyond yours.",
  keyNarrowed: ({ field }: { field: string }) =>
    `The key of this call is restricted in ${field}. Use another key, or sign in.`,
  ownAccess: "Members do not widen their own access. Ask another member who may give it.",
  keyRestricted: ({ field }: { field: string }) =>
    `The key of this call is restricted in ${field}, and what it gives would ` +
    "not be. Use an unrestricted key, or sign in.",
  inviteOnlyAdmins: ({ roles }: { roles: readonly string[] }) =>
    `The setting inviteOnlyAdmins is on: only ${roles.join(" and ")} add members here.`,
  strongerHolder:
    "This member has a role that you could not give, or rights, grants or object groups beyond yours.",
  topRole: ({ role }: { role: string }) =>
    `The owner of that account would have the role ${role}, which you may not give.`,
  ownGroupsOnly: "You may give only object groups that you have.",
};
