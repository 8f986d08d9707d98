import { z } from "zod";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import { canonicalSerial } from "../../kernel/text/look-alike.ts";
import { iso } from "../../kernel/clock.ts";
import { isUniqueViolation } from "../../kernel/db.ts";
import { invalidField, Problem } from "../../kernel/http/problem.ts";
import type { ResourceRow } from "../../kernel/schema/resource.ts";
import { loadTenant } from "../../accounts/tenant.load.ts";
import { extendPeriod } from "./license-period.ts";
import { loadLicensedKey } from "./licensed-key.load.ts";
import { newResourceRow } from "../../resources/resource-row.change.ts";
import { cardSchema, fillDerivedColumns, resourceCard, auditCard } from "../../resources/resource.card.ts";
import {
  guardResource,
  insertResource,
  UNIQUE_KEY_COLUMNS,
  updateResource,
} from "../../resources/resource.store.ts";
import {
  clearSosBlock,
  findSosBlock,
  findSosLicenseOf,
  findUsedSerials,
  guardNoSosBlock,
  insertSosBlock,
  insertUsedSerial,
  isSameSerial,
  SOS_BLOCK_KEY_COLUMNS,
  SOS_SERIAL_KEY_COLUMNS,
  type SosBlockRow,
} from "./sos-license.store.ts";
import type { StoredType } from "../../resources/resource-type.ts";
import { dealerKeyType as keyType } from "../../resources/types/key.ts";
import {
  SOS_DAYS,
  SOS_REASONS,
  findSosDaysFault,
  sosLicenseType,
} from "../../resources/types/sos-license.ts";
import { message } from "../../kernel/messages/message.ts";

const stored = sosLicenseType.stored as StoredType;
const storedKey = keyType.stored as StoredType;

const Body = z
  .strictObject({
    keyId: z.string().max(64),
    days: z
      .number()
      .int()
      .min(1)
      .max(SOS_DAYS.most)
      .describe(
        `${SOS_DAYS.least} to ${SOS_DAYS.most}; ${SOS_DAYS.saas} for a key that is licensed by subscription.`,
      ),
    reason: z.enum(SOS_REASONS),
  })
  .meta({ id: "NewSosLicense" });

const generate = endpoint(
  {
    method: "POST",
    path: "/v1/sos-licenses",
    operationId: "generateSosLicense",
    tag: sosLicenseType.title,
    right: "sos_license.generate",
    status: 201,
    summary:
      "Generate an emergency license, once for each key. " +
      "A second one for its serial number, in the dealer or one of its " +
      "sub-dealers, blocks them for the account that asks, until the platform clears it.",
    body: Body,
    answer: cardSchema(sosLicenseType, stored),
    idempotency: "required",
    problems: ["conflict/sos-blocked"],
  },
  async (call) => {
    const { accountId } = call.principal;
    const key = await loadNamedKey(call);
    const { days, reason } = await call.body();
    const fault = findSosDaysFault(days, key.attributes["saas"] === true);
    if (fault !== null) throw invalidField("/days", fault);
    const used = await requireFirstSosLicense(call, key);
    const expiresAt = iso(extendPeriod(null, days, call.now)?.to ?? call.now);
    const row = newResourceRow(
      call,
      sosLicenseType,
      stored,
      { serial: key.attributes["serial"], days, reason, expiresAt },
      { parent: key, groupId: key.groupId },
    );
    const attributes = { ...key.attributes, sosLicenseId: row.id, sosExpiresAt: expiresAt };
    const licensed = fillDerivedColumns(storedKey, {
      ...key,
      attributes,
      version: key.version + 1,
      updatedAt: call.now,
    });
    return call.commit(
      {
        statements: [
          guardResource(call.db, key),
          guardNoSosBlock(call.db, accountId),
          updateResource(call.db, licensed),
          insertUsedSerial(call.db, { ...used, licenseId: row.id }),
          insertResource(call.db, row),
        ],
        events: [
          call.event(
            "sos_license.generate",
            { type: sosLicenseType.name, id: row.id },
            { changes: { before: {}, after: auditCard(stored, row) } },
          ),
        ],
        // Another call was faster with the same key or serial number: then this is the second one, and the
        // next attempt says so.
        retryOnDuplicate: [UNIQUE_KEY_COLUMNS, SOS_SERIAL_KEY_COLUMNS],
      },
      {
        status: 201,
        body: resourceCard(stored, row),
        headers: { ETag: versionEtag(row.version), Location: `/v1/sos-licenses/${row.id}` },
      },
    );
  },
);

/** The key that the body names. @throws Problem access/denied, not-found, validation */
async function loadNamedKey(call: Call<z.infer<typeof Body>>): Promise<ResourceRow> {
  const keyId = call.peekField("keyId");
  if (keyId === null) {
    await call.read();
    call.requireRight("sos_license.generate");
    await call.body();
  }
  const notFound = new Problem("not-found", {
    errors: [{ pointer: "/keyId", detail: message("resources.hidden") }],
  });
  return loadLicensedKey(call, "sos_license.generate", keyId ?? "", notFound);
}

/**
 * What the new license takes: the serial number of the device, in the whole family of accounts. A second one
 * blocks the account that asks.
 * @throws Problem conflict/sos-blocked
 */
async function requireFirstSosLicense(
  call: Call,
  key: ResourceRow,
): Promise<{ readonly familyId: string; readonly serial: string }> {
  const { accountId, targetAccount } = call.principal;
  const familyId = targetAccount.parentId ?? accountId;
  const serial = canonicalSerial(String(key.attributes["serial"]));
  const [[ownLicense], usedSerials, [block]] = await call.read(
    findSosLicenseOf(call.db, accountId, key.id),
    findUsedSerials(call.db, familyId, serial),
    findSosBlock(call.db, accountId),
  );
  const isSecond = ownLicense !== undefined || usedSerials.some((each) => isSameSerial(each, serial));
  if (isSecond && block === undefined) await blockSos(call, key);
  if (isSecond || block !== undefined) throw new Problem("conflict/sos-blocked");
  return { familyId, serial };
}

/** Once, however many ask at the same time. */
async function blockSos(call: Call, key: ResourceRow): Promise<void> {
  const { accountId, memberId } = call.principal;
  const event = call.event(
    "sos_license.block",
    { type: "key", id: key.id },
    { reason: "conflict/sos-blocked" },
  );
  try {
    await call.record(
      event,
      insertSosBlock(call.db, { accountId, keyId: key.id, memberId, createdAt: call.now }),
    );
  } catch (error) {
    if (!isUniqueViolation(error, SOS_BLOCK_KEY_COLUMNS)) throw error;
  }
}

const SosBlockCard = z
  .object({
    accountId: z.string(),
    keyId: z.string(),
    memberId: z.string().describe("Who asked for the second license."),
    createdAt: z.string(),
  })
  .meta({ id: "SosBlock" });

const blockCard = (row: SosBlockRow) => ({ ...row, createdAt: iso(row.createdAt) });

async function loadSosBlock(call: Call): Promise<SosBlockRow> {
  const [, [row]] = await loadTenant(call, findSosBlock(call.db, call.params["id"] ?? ""));
  if (row === undefined) throw new Problem("not-found", { detail: message("products.sosNotBlocked") });
  return row;
}

const showBlock = endpoint(
  {
    method: "GET",
    path: "/v1/accounts/:id/sos-block",
    operationId: "getSosBlock",
    tag: "Accounts",
    right: "account.manage",
    status: 200,
    summary: "Platform: why SOS licenses are blocked for a dealer; 404 when they are not.",
    answer: SosBlockCard,
  },
  async (call) => ({ status: 200, body: blockCard(await loadSosBlock(call)) }),
);

const clearBlock = endpoint(
  {
    method: "DELETE",
    path: "/v1/accounts/:id/sos-block",
    operationId: "clearSosBlock",
    tag: "Accounts",
    right: "account.manage",
    status: 204,
    summary: "Platform: let a dealer generate SOS licenses again. A key that has had one gets no second.",
  },
  async (call) => {
    const row = await loadSosBlock(call);
    const event = (accountId: string) =>
      call.event(
        "sos_license.clear",
        { type: "account", id: row.accountId },
        { accountId, changes: { before: blockCard(row), after: {} } },
      );
    return call.commit(
      {
        statements: clearSosBlock(call.db, row),
        events: [event(row.accountId), event(call.principal.accountId)],
      },
      { status: 204 },
    );
  },
);

export const sosEndpoints: readonly Endpoint[] = [generate, showBlock, clearBlock];
