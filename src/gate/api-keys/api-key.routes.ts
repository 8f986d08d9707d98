import { memberRef } from "../../access/decision.ts";
import { bumpMember } from "../../access/stamp.store.ts";
import { sha256Hex } from "../../kernel/digest.ts";
import { newId } from "../../kernel/id.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { decodeCursor, listQuery, toPage, pageSchema } from "../../kernel/http/page.ts";
import { invalidField, Problem } from "../../kernel/http/problem.ts";
import { randomBytes } from "../../kernel/random.ts";
import { z } from "zod";
import { KeyCard, keyCard, CreatedKeyCard, NewKeyBody } from "../credentials/api-key.card.ts";
import { findKey, guardKeyMember, insertKey, listKeys } from "./api-key.store.ts";
import { keyHints, mintKey } from "../credentials/api-key.ts";
import { type Call, endpoint } from "../calls/call.ts";
import { createClaim } from "./claim.change.ts";
import { type KeyRequest, requireKeysAllowed } from "./claim-rule.ts";
import { revokeKey } from "../credentials/claim.store.ts";
import { findMember, type MemberAccessRow } from "../credentials/member.store.ts";
import type { Permit } from "../permits/permit.ts";
import { requestPermit } from "../permits/permit-request.ts";
import { loadSecurityMails } from "../calls/security-mail.load.ts";
import { requireAuthorityToStop } from "../calls/required-authority.ts";
import { message } from "../../kernel/messages/message.ts";
import { requireKeyRight, parseKeyTerms, NO_KEY, requireNotOwnersKey } from "./key-terms.ts";

export const KeyQuery = z.strictObject(listQuery);

const list = endpoint(
  {
    method: "GET",
    path: "/v1/members/:id/api-keys",
    operationId: "listMemberApiKeys",
    tag: "API keys",
    right: "api_key.view",
    status: 200,
    summary: "The API keys of a member.",
    query: KeyQuery,
    answer: pageSchema(KeyCard),
  },
  listKeysOf,
);

/** The keys of the member that the path names. */
export async function listKeysOf(call: Call<unknown, z.infer<typeof KeyQuery>>): Promise<Answer> {
  const { limit, cursor } = call.query();
  const before = decodeCursor(cursor, z.string());
  const { accountId } = call.principal;
  const id = call.params["id"] ?? "";
  const [members, keys] = await call.read(
    findMember(call.db, accountId, id),
    listKeys(call.db, accountId, id, before, limit + 1),
  );
  call.requireRight("api_key.view");
  call.requireRight("api_key.view", memberRef(id), true);
  if (members[0] === undefined) throw new Problem("not-found");
  return {
    status: 200,
    body: toPage(
      keys,
      limit,
      (row) => keyCard(row, call.now),
      (row) => row.id,
    ),
  };
}

const create = endpoint(
  {
    method: "POST",
    path: "/v1/members/:id/api-keys",
    operationId: "createMemberApiKey",
    tag: "API keys",
    right: "api_key.create",
    status: 201,
    summary: "Make an API key. Its secret is shown once, and only to the key's own member.",
    body: NewKeyBody,
    answer: CreatedKeyCard,
    idempotency: "optional",
    problems: ["conflict/state", "conflict/last-admin"],
  },
  async (call) => {
    const [[found]] = await call.read(findMember(call.db, call.principal.accountId, call.params["id"] ?? ""));
    requireKeyRight(
      call,
      call.params["id"] ?? "",
      found === undefined ? undefined : { ...found.row, ...found },
    );
    if (found === undefined) throw new Problem("not-found");
    const target = found.row;
    const { revokeKeys, ...body } = await call.body();
    const terms = parseKeyTerms(call, body);
    const permit = requestPermit(call, {
      kind: "key",
      memberId: target.id,
      holdings: { ...target, ...found },
      terms,
    });
    if (revokeKeys) call.requireRight("api_key.revoke", memberRef(target.id));
    const wish = { name: body.name, terms, revokeKeys };
    return target.id === call.principal.memberId
      ? createOwnKey(call, permit, target, wish)
      : createKeyForOther(call, permit, target, wish);
  },
);

/** The secret is answered at once. */
async function createOwnKey(
  call: Call,
  permit: Permit,
  target: MemberAccessRow,
  { name, terms, revokeKeys }: KeyRequest,
) {
  requireKeysAllowed(call.principal.ownAccount.preset, target.roles);
  if (revokeKeys) throw invalidField("/revokeKeys", message("keys.revokeOthersOnly"));
  const secret = mintKey(randomBytes(32));
  const row = {
    ...terms,
    id: newId("apiKey", call.now),
    accountId: target.accountId,
    memberId: target.id,
    createdBy: target.id,
    name,
    scopes: terms.scopes === null ? null : [...terms.scopes],
    allowedIps: [...terms.allowedIps],
    hash: sha256Hex(secret),
    ...keyHints(secret),
    claimHash: null,
    claimExpiresAt: null,
    claimState: null,
    revokedAt: null,
    lastUsedAt: null,
    createdAt: call.now,
  };
  const card = keyCard(row, call.now);
  const changes = { before: {}, after: { name, memberId: row.memberId, ...terms } };
  // A new key changes no rights, so the member's version stays. But the member must be as they were when the
  // key was allowed.
  return call.commit(
    {
      statements: [guardKeyMember(call.db, target.id, target.version), insertKey(call.db, permit, row)],
      events: [call.event("api_key.create", { type: "api_key", id: row.id }, { changes })],
      mails: await loadSecurityMails(call, target.id, "key_made"),
    },
    { status: 201, replay: card, body: { ...card, secret } },
  );
}

async function createKeyForOther(call: Call, permit: Permit, target: MemberAccessRow, wish: KeyRequest) {
  const {
    targetAccount: { name, settings, ownerMemberId },
    preset,
  } = call.principal;
  const place = { name, preset, locale: settings.locale, ownerMemberId };
  const { row, claim, ...change } = await createClaim(call, permit, { member: target, account: place }, wish);
  const card = keyCard(row, call.now);
  return call.commit(change, { status: 201, replay: card, body: { ...card, claim } });
}

const revoke = endpoint(
  {
    method: "DELETE",
    path: "/v1/api-keys/:id",
    operationId: "revokeApiKey",
    tag: "API keys",
    right: "api_key.revoke",
    status: 204,
    allowedWhileRestored: true,
    summary: "Revoke an API key. It and every token minted from it are refused from the next call on.",
    problems: ["conflict/last-admin"],
  },
  (call) => revokeKeyOf(call, null),
);

/** Revokes the key that the path names. @param memberId whose key it has to be; null: any member's */
export async function revokeKeyOf(call: Call, memberId: string | null): Promise<Answer> {
  const { accountId } = call.principal;
  const [[keyRow]] = await call.read(findKey(call.db, accountId, call.params["id"] ?? ""));
  const found = memberId === null || keyRow?.key.memberId === memberId ? keyRow : undefined;
  call.requireRight("api_key.revoke");
  const on = found === undefined ? NO_KEY : { ...NO_KEY, id: found.key.id, ownerId: found.key.memberId };
  call.requireRight("api_key.revoke", on, "api_key.view");
  if (found === undefined) throw new Problem("not-found");
  const { key } = found;
  const isOwn = key.memberId === call.principal.memberId;
  if (!isOwn) {
    requireAuthorityToStop(call.principal, found);
    requireNotOwnersKey(call.principal, key.memberId);
  }
  if (key.revokedAt !== null) return { status: 204 };
  const mails = isOwn ? [] : await loadSecurityMails(call, key.memberId, "key_revoked");
  const events = [
    call.event(
      "api_key.revoke",
      { type: "api_key", id: key.id },
      { changes: { before: { name: key.name, memberId: key.memberId }, after: {} } },
    ),
  ];
  const statements = [
    revokeKey(call.db, accountId, key.id, call.now),
    bumpMember(call.db, accountId, key.memberId, call.now),
  ];
  return call.commit({ statements, events, mails }, { status: 204 });
}

export const apiKeyEndpoints = [list, create, revoke];
