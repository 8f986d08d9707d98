import { z } from "zod";
import { diffFields } from "../../audit/chain/difference.ts";
import { type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import { optionalMultilineText } from "../../kernel/http/body.ts";
import { iso } from "../../kernel/clock.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { loadLicensedKey } from "./licensed-key.load.ts";
import { extendPeriod } from "./license-period.ts";
import { newResourceRow } from "../../resources/resource-row.change.ts";
import { cardSchema, fillDerivedColumns, resourceCard, auditCard } from "../../resources/resource.card.ts";
import { guardResource, insertResource, updateResource } from "../../resources/resource.store.ts";
import type { StoredType } from "../../resources/resource-type.ts";
import { dealerKeyType } from "../../resources/types/key.ts";
import { requestType } from "../../resources/types/request.ts";
import { message } from "../../kernel/messages/message.ts";

const [storedKey, storedRequest] = [dealerKeyType.stored as StoredType, requestType.stored as StoredType];

const Body = z
  .strictObject({
    days: z.number().int().min(1).max(3_660),
    comments: optionalMultilineText(2_000).default(null),
  })
  .meta({ id: "NewKeyLicense" });

const generate = endpoint(
  {
    method: "POST",
    path: "/v1/keys/:id/licenses",
    operationId: "generateKeyLicense",
    tag: "Keys",
    right: "key.generate_license",
    status: 201,
    summary: "Generate a license: the key is licensed for so many days more, and a request tells of it.",
    body: Body,
    answer: cardSchema(requestType, storedRequest),
    idempotency: "required",
    problems: ["conflict/state"],
  },
  async (call) => {
    const row = await loadLicensedKey(call, "key.generate_license", call.params["id"] ?? "");
    const { days, comments } = await call.body();
    const period = extendPeriod(row.expiresAt, days, call.now);
    if (period === null)
      throw new Problem("conflict/state", {
        detail: message("products.licensedLonger"),
      });
    const [validFrom, expiresAt] = [iso(period.from), iso(period.to)];
    const after = fillDerivedColumns(storedKey, {
      ...row,
      attributes: { ...row.attributes, expiresAt },
      version: row.version + 1,
      updatedAt: call.now,
    });
    const made = newResourceRow(
      call,
      requestType,
      storedRequest,
      { serial: row.attributes["serial"], days, validFrom, expiresAt, comments },
      { parent: row, groupId: row.groupId },
    );
    const changes = diffFields(auditCard(storedKey, row), {
      ...auditCard(storedKey, after),
      requestId: made.id,
      days,
    });
    return call.commit(
      {
        statements: [
          guardResource(call.db, row),
          updateResource(call.db, after),
          insertResource(call.db, made),
        ],
        events: [call.event("key.generate_license", { type: "key", id: row.id }, { changes })],
      },
      {
        status: 201,
        body: resourceCard(storedRequest, made),
        headers: { ETag: versionEtag(made.version), Location: `/v1/requests/${made.id}` },
      },
    );
  },
);

export const keyLicenseEndpoints: readonly Endpoint[] = [generate];
