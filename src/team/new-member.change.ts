import type { Call } from "../identity/call.ts";
import { newId } from "../kernel/id.ts";
import type { MemberRow } from "./member.card.ts";

type Told = Pick<MemberRow, "firstName" | "lastName" | "email" | "roles"> & { readonly username?: string | undefined } & Partial<Omit<MemberRow, "username">>;

/** A member as it begins: active, with nothing but what is told. */
export function newMemberRow(call: Call, accountId: string, { username, ...told }: Told): MemberRow {
  const { now } = call;
  return {
    userId: null, username: username ?? `${told.firstName} ${told.lastName}`, phone: null, mobilePhone: null, position: null, language: null,
    rights: [], objectGroupIds: [], allowedIps: [], creditLimit: null, limitPeriod: "lifetime", ...told,
    id: newId("member", now), accountId, status: "active", source: "local", invitedBy: call.principal.memberId, version: 1,
    createdAt: now, acceptedAt: now, lastLoginAt: null, blockedAt: null, updatedAt: now,
  };
}
