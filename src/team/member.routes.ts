import type { TypeTable } from "../access/type.ts";
import { type Call, type Endpoint, endpoint } from "../identity/call.ts";
import { etag } from "../identity/request.ts";
import { definite } from "../kernel/body.ts";
import type { Answer } from "../kernel/operation.ts";
import { Problem } from "../kernel/problem.ts";
import { requireNeeded } from "./grant.change.ts";
import { type MemberRow, MemberCard, memberCard, MemberPatch } from "./member.card.ts";
import { addressRules, checkAssignment, limitOf, loadMember, refuseOwnRights } from "./member.change.ts";
import { type Beside, type MemberChange, savedMember } from "./saved-member.change.ts";

const card = endpoint({
  method: "GET", path: "/v1/members/:id", tag: "Members", right: "member.view", status: 200,
  summary: "The card of a member.", answer: MemberCard,
}, async (call) => {
  const { row, grants } = await loadMember(call, "member.view");
  return { status: 200, body: memberCard(row, grants, call.principal.account.name), headers: { ETag: etag(row.version) } };
});

const edit = (types: TypeTable) => endpoint({
  method: "PATCH", path: "/v1/members/:id", tag: "Members", right: "member.edit", status: 200,
  summary: "Change a member's card, roles, addresses or limit. The member's next call obeys.",
  body: MemberPatch, answer: MemberCard, ifMatch: "required",
  problems: ["conflict/duplicate-member", "conflict/last-admin", "conflict/lockout", "plan/feature-required"],
}, async (call) => {
  const { row, grants } = await loadMember(call, "member.edit");
  const { allowAny, confirmLockout, ...patch } = await call.body();
  call.ifMatch(row.version);
  const { preset, account } = call.principal;
  const after: MemberRow = { ...row, ...definite(patch), updatedAt: call.now, version: row.version + 1 };
  if (patch.creditLimit === undefined) after.creditLimit = limitOf(preset, after);
  // A role that a switch has taken away is no fault of a change that leaves the roles alone.
  const roles = patch.roles ?? row.roles.filter((role) => Object.hasOwn(preset.roles, role));
  await checkAssignment(call, { ...after, roles, grants: [], rights: patch.rights ?? [] }, types, patch.roles !== undefined);
  if (patch.roles !== undefined) requireNeeded(preset, after.roles, grants, "/roles");
  refuseOwnRights(call, row, after);
  if (patch.allowedIps !== undefined) after.allowedIps = addressRules(call, patch.allowedIps, { allowAny, confirmLockout }, row.id === call.principal.memberId);
  return saveMember(call, row, after, "member.edit", memberCard(row, grants, account.name), memberCard(after, grants, account.name));
});

/** Writes it, and answers what it is then. */
export const saveMember = (call: Call, row: MemberRow, after: MemberRow, right: MemberChange, was: object, is: object, beside: Beside = {}): Promise<Answer> =>
  call.commit(savedMember(call, row, after, right, was, is, beside), { status: 200, body: is, headers: { ETag: etag(after.version) } });

const block = (verb: "block" | "unblock") => endpoint({
  method: "POST", path: `/v1/members/:id/${verb}`, tag: "Members", right: "member.block", status: 200,
  summary: verb === "block" ? "Block a member: keys and tokens are refused from the next call on." : "Unblock a member; roles and grants are as before.",
  answer: MemberCard, problems: ["conflict/last-admin", "conflict/lockout"],
}, async (call) => {
  const { row, grants } = await loadMember(call, "member.block");
  const status = verb === "block" ? "blocked" as const : row.lastLoginAt === null ? "new" as const : "active" as const;
  const { account } = call.principal;
  if ((row.status === "blocked") === (verb === "block")) return { status: 200, body: memberCard(row, grants, call.principal.account.name), headers: { ETag: etag(row.version) } };
  if (row.id === call.principal.memberId) throw new Problem("conflict/lockout", { detail: "You cannot block yourself." });
  const after: MemberRow = { ...row, status, blockedAt: verb === "block" ? call.now : null, updatedAt: call.now, version: row.version + 1 };
  return saveMember(call, row, after, "member.block", memberCard(row, grants, account.name), memberCard(after, grants, account.name));
});

export const memberEndpoints = (types: TypeTable): Endpoint[] => [card, edit(types), block("block"), block("unblock")];
