import type { Call } from "../../gate/calls/call.ts";
import type { Principal } from "../../gate/principals/principal.ts";
import { newId } from "../../kernel/id.ts";
import type { MemberRow } from "./member.card.ts";
import { foldSearchFields } from "./member-search.ts";
import { defaultUsername } from "./person-name.ts";

type NewMemberFields = Pick<MemberRow, "firstName" | "lastName" | "email" | "roles"> & {
  readonly username?: string | undefined;
} & Partial<Omit<MemberRow, "username">>;

/**
 * A member as it begins: new until the first sign-in, with the given fields only. The login is given out
 * when the row is written.
 */
export function newMemberRow(
  call: Pick<Call, "now"> & { readonly principal: Pick<Principal, "memberId"> },
  accountId: string,
  fields: NewMemberFields,
): MemberRow {
  const { now } = call;
  const { username = defaultUsername(fields) } = fields;
  const row: Omit<MemberRow, keyof ReturnType<typeof foldSearchFields>> = {
    userId: null,
    login: null,
    externalId: null,
    emailVerifiedAt: null,
    emailChange: 0,
    emailBy: null,
    signInSince: null,
    middleName: null,
    phone: null,
    mobilePhone: null,
    position: null,
    office: null,
    department: null,
    city: null,
    country: null,
    comments: null,
    language: null,
    notifications: {},
    rights: [],
    objectGroupIds: [],
    allowedIps: [],
    creditLimit: null,
    limitPeriod: "lifetime",
    source: "local",
    ...fields,
    username,
    id: newId("member", now),
    accountId,
    status: "new",
    invitedBy: call.principal.memberId,
    version: 1,
    createdAt: now,
    acceptedAt: null,
    lastLoginAt: null,
    blockedAt: null,
    updatedAt: now,
  };
  return { ...row, ...foldSearchFields(row) };
}
