import { z } from "zod";
import { type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { deriveSecret } from "../../kernel/derived-secret.ts";
import { findMember } from "../../gate/credentials/member.store.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import { invalidField, Problem } from "../../kernel/http/problem.ts";
import { guardMember } from "../../people/members/member.store.ts";
import { loadTenant } from "../../accounts/tenant.load.ts";
import { newResourceRow } from "../../resources/resource-row.change.ts";
import { cardSchema, resourceCard, auditCard } from "../../resources/resource.card.ts";
import { loadResource } from "../../resources/resource.routes.ts";
import {
  deleteResource,
  findResource,
  guardResource,
  insertResource,
  updateResource,
} from "../../resources/resource.store.ts";
import type { StoredType } from "../../resources/resource-type.ts";
import { aggregatorLicenseType } from "../../resources/types/aggregator-license.ts";
import { message } from "../../kernel/messages/message.ts";

const stored = aggregatorLicenseType.stored as StoredType;
const TOKEN_PURPOSE = "aggregator license token";
/** Which signing key the token follows from: never shown. */
const KID_ATTRIBUTE = "#kid";

/** `agl_<ULID>.<43 characters>`: names its license, and proves it. */
const deriveLicenseToken = (signingKeys: string, kid: string | null, id: string) => {
  const derived = deriveSecret(signingKeys, kid, TOKEN_PURPOSE, id);
  return { kid: derived.kid, token: `${id}.${derived.secret}` };
};

const issue = endpoint(
  {
    method: "POST",
    path: "/v1/accounts/:id/aggregator-licenses",
    operationId: "createAggregatorLicense",
    tag: "Accounts",
    right: "account.manage",
    status: 201,
    summary: "Platform: give an aggregator of a dealer a license. Only the aggregator can copy its token.",
    body: stored.attributes.meta({ id: "NewAggregatorLicense" }),
    answer: cardSchema(aggregatorLicenseType, stored),
    idempotency: "required",
  },
  async (call) => {
    const id = call.params["id"] ?? "";
    const [account, [member]] = await loadTenant(
      call,
      findMember(call.db, id, call.peekField("memberId") ?? ""),
    );
    const attributes = await call.body();
    if (!member?.row.roles.includes("aggregator"))
      throw invalidField("/memberId", message("products.noAggregator"));
    const made = newResourceRow(call, aggregatorLicenseType, stored, attributes, {
      parent: undefined,
      groupId: null,
    });
    const { kid } = deriveLicenseToken(call.env.SIGNING_KEYS, null, made.id);
    const row = {
      ...made,
      accountId: account.id,
      ownerId: member.row.id,
      attributes: { ...made.attributes, [KID_ATTRIBUTE]: kid },
    };
    const event = (accountId: string) =>
      call.event(
        "aggregator_license.create",
        { type: aggregatorLicenseType.name, id: row.id },
        { accountId, changes: { before: {}, after: auditCard(stored, row) } },
      );
    return call.commit(
      {
        statements: [guardMember(call.db, member.row), insertResource(call.db, row)],
        events: [event(account.id), event(call.principal.accountId)],
      },
      {
        status: 201,
        body: resourceCard(stored, row),
        headers: { ETag: versionEtag(row.version), Location: `/v1/aggregator-licenses/${row.id}` },
      },
    );
  },
);

const revoke = endpoint(
  {
    method: "DELETE",
    path: "/v1/accounts/:id/aggregator-licenses/:licenseId",
    operationId: "revokeAggregatorLicense",
    tag: "Accounts",
    right: "account.manage",
    status: 204,
    summary: "Platform: take an aggregator's license back. Its token is good for nothing from now on.",
    problems: ["conflict/not-removable"],
  },
  async (call) => {
    const [account, [row]] = await loadTenant(
      call,
      findResource(
        call.db,
        call.params["id"] ?? "",
        aggregatorLicenseType.name,
        call.params["licenseId"] ?? "",
      ),
    );
    if (row === undefined) throw new Problem("not-found");
    const event = (accountId: string) =>
      call.event(
        "aggregator_license.revoke",
        { type: aggregatorLicenseType.name, id: row.id },
        { accountId, changes: { before: auditCard(stored, row), after: {} } },
      );
    return call.commit(
      {
        statements: [
          guardResource(call.db, row),
          ...deleteResource(call.db, row, [aggregatorLicenseType.name]),
        ],
        events: [event(account.id), event(call.principal.accountId)],
        guardProblems: { has_dependents: "conflict/not-removable" },
      },
      { status: 204 },
    );
  },
);

const copy = endpoint(
  {
    method: "POST",
    path: "/v1/aggregator-licenses/:id/copy",
    operationId: "copyAggregatorLicenseToken",
    tag: aggregatorLicenseType.title,
    right: "aggregator_license.copy",
    status: 200,
    summary:
      "The token of one's own license, for the header AggregatorAuthentication. It can be copied again; " +
      "every copy is recorded.",
    answer: z.object({ token: z.string(), header: z.string() }).meta({ id: "AggregatorToken" }),
    problems: ["conflict/state"],
  },
  async (call) => {
    const { row } = await loadResource(call, aggregatorLicenseType, "copy");
    if (row.expiresAt !== null && row.expiresAt <= call.now)
      throw new Problem("conflict/state", {
        detail: message("products.aggregatorExpired"),
      });
    const { kid, token } = deriveLicenseToken(
      call.env.SIGNING_KEYS,
      String(row.attributes[KID_ATTRIBUTE]),
      row.id,
    );
    // Its signing key is gone, and with it the older token.
    const renewed =
      kid === row.attributes[KID_ATTRIBUTE]
        ? []
        : [
            updateResource(call.db, {
              ...row,
              attributes: { ...row.attributes, [KID_ATTRIBUTE]: kid },
              version: row.version + 1,
              updatedAt: call.now,
            }),
          ];
    return call.commit(
      {
        statements: [guardResource(call.db, row), ...renewed],
        events: [call.event("aggregator_license.copy", { type: aggregatorLicenseType.name, id: row.id })],
      },
      { status: 200, body: { token, header: "AggregatorAuthentication" } },
    );
  },
);

export const aggregatorEndpoints: readonly Endpoint[] = [issue, revoke, copy];
