import { pluralEn } from "../plural.ts";

export const MEMBERS = {
  copyFromOther: "must be another member",
  memberHidden: "does not name a member that you may see",
  grantsOrPreset: "send either grants or a preset",
  noBundles: "must be left out: this account's model has no bundles",
  toolTwice: "names a tool twice",
  taskTwice: "names a task twice",
  groupTwice: "names a group twice",
  noTool: "does not name a tool",
  noTask: "does not name a task of that tool",
  loginsMax: ({ max }: { max: number }) =>
    `An account of this kind has at most ${max} ${pluralEn(max, "member", "members")}, one for each ` +
    "login of four digits. Remove members who have left, or add the member to another account.",
  ownerStays:
    "This member owns the account. Ownership moves by an offer: POST /v1/accounts/{id}/ownership-offers.",
  ownersAddressRules: "This member owns the account: only they can change their address rules.",
  ownersAddress: "This member owns the account: only they can change their address.",
  hiddenGrants: "This member has grants on objects that you do not see. You cannot remove those.",
  hiddenGroups: "This member sees groups that you do not see. You cannot remove those.",
  blockSelf: "You cannot block yourself.",
  unblockFirst: "The member is blocked. Unblock them first.",
  noNotices: "This link does not stop notices: the member was removed, or the link is incomplete.",
  removeSelf: "You cannot remove yourself. POST /v1/me/leave leaves the account.",
  ownsTasks: "The member owns tasks: send ?tasks=delete or ?tasks=transfer.",
  blockAndTakeAway: "Block the member and take away what `blocking` names first.",
  tasksMax: ({ max }: { max: number }) =>
    `At most ${max} ${pluralEn(max, "task", "tasks")} can be removed at once. Remove some of them first.`,
  tasksParameter: "is for accounts whose members own tasks: leave it out",
  leaveOwnAccount: "You can leave only your own account: do not send Tollgate-Account.",
  leavingIsFinal: "Leaving cannot be undone.",
  customRolesMax: ({ max }: { max: number }) =>
    `An account has at most ${max} custom ${pluralEn(max, "role", "roles")}.`,
  grantId: "must be an id, or 0 for every object",
  noObject: "does not name an object of this account",
  keepsOneGrant: ({ type }: { type: string }) =>
    `must keep at least one grant on ${type}, because the member's roles need it: grant one first`,
  noObjectGroup: "does not name an object group of this account",
  readersHaveRole:
    "allows changes or spending, and members who may only look have this role: take it from them first",
  readerRole: ({ roles }: { roles: readonly string[] }) =>
    `allows changes or spending, which the role ${roles.join(", ")} excludes: it may only look`,
  strongerRole: "This role goes further than your own rights.",
  reservedName: "is the name of a built-in role or group",
  levels: ({ levels }: { levels: readonly string[] }) => `must be one of ${levels.join(", ")}`,
  leftOutByInvitation: "is required: the invitation left it out",
  fixed: "cannot be changed here",
  otherSort: "belongs to another sort or other filters: begin again without it",
};
