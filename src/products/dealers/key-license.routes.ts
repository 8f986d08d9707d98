import { z } from "zod";
import { diffFields } from "../../audit/chain/difference.ts";
import { type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import { optionalMultilineText } from "../../kernel/http/body.ts";
import { iso } from "../../kernel/clock.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { loadLicensedKey } from "./licensed-key.change.ts";
import { extended } from "./license-period.ts";
import { newRow } from "../../resources/new-row.change.ts";
import { cardSchema, completeRow, resourceCard, trailCard } from "../../resources/resource.card.ts";
import { guardResource, insertResource, updateResource } from "../../resources/resource.store.ts";
import type { StoredType } from "../../resources/type.ts";
import { key } from "../../resources/types/key.ts";
import { request } from "../../resources/types/request.ts";

const [ofKey, ofRequest] = [key.stored as StoredType, request.stored as StoredType];

const Body = z.strictObject({
  days: z.number().int().min(1).max(3_660),
  comments: optionalMultilineText(2_000).default(null),
});

const generate = endpoint(
  {
    method: "POST",
    path: "/v1/keys/:id/licenses",
    tag: "Keys",
    right: "key.generate_license",
    status: 201,
    summary: "Generate a license: the key is licensed for so many days more, and a request tells of it.",
    body: Body,
    answer: cardSchema(request, ofRequest),
    idempotency: "required",
    problems: ["conflict/state"],
  },
  async (call) => {
    const row = await loadLicensedKey(call, "key.generate_license", call.params["id"] ?? "");
    const { days, comments } = await call.body();
    const period = extended(row.expiresAt, days, call.now);
    if (period === null)
      throw new Problem("conflict/state", {
        detail: "The key is licensed for longer than any license reaches.",
      });
    const [validFrom, expiresAt] = [iso(period.from), iso(period.to)];
    const after = completeRow(ofKey, {
      ...row,
      attributes: { ...row.attributes, expiresAt },
      version: row.version + 1,
      updatedAt: call.now,
    });
    const made = newRow(
      call,
      request,
      ofRequest,
      { serial: row.attributes["serial"], days, validFrom, expiresAt, comments },
      { row, groupId: row.groupId },
    );
    const changes = diffFields(trailCard(ofKey, row), {
      ...trailCard(ofKey, after),
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
        body: resourceCard(ofRequest, made),
        headers: { ETag: versionEtag(made.version), Location: `/v1/requests/${made.id}` },
      },
    );
  },
);

export const keyLicenseEndpoints: readonly Endpoint[] = [generate];
