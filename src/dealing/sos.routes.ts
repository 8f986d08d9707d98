import { z } from "zod";
import { plainRef } from "../access/decide.ts";
import { type Call, type Endpoint, endpoint } from "../identity/call.ts";
import { etag } from "../identity/request.ts";
import { iso } from "../kernel/clock.ts";
import { failedUnique } from "../kernel/db.ts";
import { invalid, Problem } from "../kernel/problem.ts";
import type { ResourceRow } from "../schema/resource.ts";
import { loadTenant } from "../accounts/tenant.change.ts";
import { extended } from "./license-period.ts";
import { newRow } from "../resources/new-row.change.ts";
import { cardSchema, refOf, resourceCard, trailCard } from "../resources/resource.card.ts";
import { findResource, guardResource, insertResource, UNIQUE_KEY } from "../resources/resource.store.ts";
import { clearSosBlock, findSosBlock, findSosOf, guardNoSosBlock, insertSosBlock, SOS_BLOCK_KEY, type SosBlockRow } from "./sos.store.ts";
import type { StoredType } from "../resources/type.ts";
import { SOS_DAYS, SOS_REASONS, sosDaysFault, sosLicense } from "../resources/types/sos-license.ts";

const stored = sosLicense.stored as StoredType;

const Body = z.strictObject({
  keyId: z.string().max(64),
  days: z.number().int().min(1).max(SOS_DAYS.most).describe(`${SOS_DAYS.least} to ${SOS_DAYS.most}; ${SOS_DAYS.saas} for a key that is licensed by subscription.`),
  reason: z.enum(SOS_REASONS),
});

const generate = endpoint({
  method: "POST", path: "/v1/sos-licenses", tag: sosLicense.title, right: "sos_license.generate", status: 201,
  summary: "Generate an emergency license, once for each key. Asking for a second one blocks them for the whole dealer, until the platform clears it.",
  body: Body, answer: cardSchema(sosLicense, stored), idempotency: "required", problems: ["conflict/sos-blocked"],
}, async (call) => {
  const { accountId } = call.principal;
  const keyId = call.named("keyId");
  const [[key], [given], [block]] = await call.read(findResource(call.db, accountId, "key", keyId ?? ""), findSosOf(call.db, accountId, keyId ?? ""), findSosBlock(call.db, accountId));
  call.decide("sos_license.generate");
  const missing = new Problem("not-found", { errors: [{ pointer: "/keyId", detail: "names nothing that you may see" }] });
  if (keyId !== null) call.decide("sos_license.generate", key === undefined ? plainRef(keyId) : refOf(key), missing);
  if (keyId !== null && key === undefined) throw missing;
  const { days, reason } = await call.body();
  if (key === undefined) throw missing;
  const fault = sosDaysFault(days, key.attributes["saas"] === true);
  if (fault !== null) throw invalid("/days", fault);
  if (given !== undefined && block === undefined) await blockSos(call, key);
  if (given !== undefined || block !== undefined) throw new Problem("conflict/sos-blocked");
  const expiresAt = iso(extended(null, days, call.now)?.to ?? call.now);
  const row = newRow(call, sosLicense, stored, { serial: key.attributes["serial"], days, reason, expiresAt }, { row: key, groupId: key.groupId });
  return call.commit({
    statements: [guardResource(call.db, key), guardNoSosBlock(call.db, accountId), insertResource(call.db, row)],
    events: [call.event("sos_license.generate", { type: sosLicense.name, id: row.id }, { changes: { before: {}, after: trailCard(stored, row) } })],
    // Somebody was faster with the same key: then this is the second one, and the next attempt says so.
    again: [UNIQUE_KEY],
  }, { status: 201, body: resourceCard(stored, row), headers: { ETag: etag(row.version), Location: `/v1/sos-licenses/${row.id}` } });
});

/** Once, however many ask at the same time. */
async function blockSos(call: Call, key: ResourceRow): Promise<void> {
  const { accountId, memberId } = call.principal;
  const event = call.event("sos_license.block", { type: "key", id: key.id }, { reason: "conflict/sos-blocked" });
  try {
    await call.record(event, insertSosBlock(call.db, { accountId, keyId: key.id, memberId, createdAt: call.now }));
  } catch (error) {
    if (!failedUnique(error, SOS_BLOCK_KEY)) throw error;
  }
}

const Block = z.object({ accountId: z.string(), keyId: z.string(), memberId: z.string().describe("Who asked for the second license."), createdAt: z.string() });

const blockCard = (row: SosBlockRow) => ({ ...row, createdAt: iso(row.createdAt) });

async function loadBlock(call: Call): Promise<SosBlockRow> {
  const [, [row]] = await loadTenant(call, findSosBlock(call.db, call.params["id"] ?? ""));
  if (row === undefined) throw new Problem("not-found", { detail: "SOS licenses are not blocked for this account." });
  return row;
}

const block = endpoint({
  method: "GET", path: "/v1/accounts/:id/sos-block", tag: "Accounts", right: "account.manage", status: 200,
  summary: "Platform: why SOS licenses are blocked for a dealer; 404 when they are not.", answer: Block,
}, async (call) => ({ status: 200, body: blockCard(await loadBlock(call)) }));

const clear = endpoint({
  method: "DELETE", path: "/v1/accounts/:id/sos-block", tag: "Accounts", right: "account.manage", status: 204,
  summary: "Platform: let a dealer generate SOS licenses again. A key that has had one gets no second.",
}, async (call) => {
  const row = await loadBlock(call);
  const event = (accountId: string) => call.event("sos_license.clear", { type: "account", id: row.accountId }, { accountId, changes: { before: blockCard(row), after: {} } });
  return call.commit({ statements: clearSosBlock(call.db, row), events: [event(row.accountId), event(call.principal.accountId)] }, { status: 204 });
});

export const sosEndpoints: readonly Endpoint[] = [generate, block, clear];
