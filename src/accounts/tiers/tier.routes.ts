import { z } from "zod";
import { decide } from "../../access/decision.ts";
import { diffFields } from "../../audit/chain/difference.ts";
import { type Call, endpoint } from "../../gate/calls/call.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import { decodeCursor, listQuery, toPage, pageSchema } from "../../kernel/http/page.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { TierRow } from "../../kernel/schema/tier.ts";
import { requireValidSelfService, featuresOf, NewTier, TierCard, tierCard, TierPatch } from "./tier.card.ts";
import {
  findTier,
  guardTier,
  insertTier,
  listTiers,
  removeTier,
  TIER_KEY_COLUMNS,
  updateTier,
} from "./tier.store.ts";
import { message } from "../../kernel/messages/message.ts";

const tag = "Tiers";

const list = endpoint(
  {
    method: "GET",
    path: "/v1/tiers",
    operationId: "listTiers",
    tag,
    right: "member",
    status: 200,
    summary: "The tiers that an account may choose with PATCH /v1/billing; for the platform, all of them.",
    query: z.strictObject(listQuery),
    answer: pageSchema(TierCard),
  },
  async (call) => {
    const { limit, cursor } = call.query();
    const canSeeUnoffered = decide(call.principal.grantSet, "account.manage").allowed;
    const [rows] = await call.read(
      listTiers(call.db, canSeeUnoffered, decodeCursor(cursor, z.string()), limit + 1),
    );
    return { status: 200, body: toPage(rows, limit, tierCard, ({ key }) => key) };
  },
);

const tierEvent = (call: Call, key: string, before: object, after: object) =>
  call.event(
    "account.manage",
    { type: "tier", id: key },
    { changes: diffFields(before as Record<string, unknown>, after as Record<string, unknown>) },
  );

const create = endpoint(
  {
    method: "POST",
    path: "/v1/tiers",
    operationId: "createTier",
    tag,
    right: "account.manage",
    status: 201,
    summary: "Platform: add a tier.",
    body: NewTier,
    answer: TierCard,
    idempotency: "optional",
    problems: ["conflict/duplicate"],
  },
  async (call) => {
    await call.read();
    call.requireRight("account.manage");
    const { creditsPerMonth: credits, features, ...body } = await call.body();
    const row: TierRow = {
      ...body,
      features: featuresOf(features),
      credits,
      version: 1,
      createdAt: call.now,
      updatedAt: call.now,
    };
    requireValidSelfService(row);
    const card = tierCard(row);
    return call.commit(
      {
        statements: [insertTier(call.db, row)],
        events: [tierEvent(call, row.key, {}, card)],
        duplicateProblems: { [TIER_KEY_COLUMNS]: "conflict/duplicate" },
      },
      {
        status: 201,
        body: card,
        headers: { ETag: versionEtag(row.version), Location: `/v1/tiers/${encodeURIComponent(row.key)}` },
      },
    );
  },
);

async function loadPathTier(call: Call): Promise<TierRow> {
  const [[row]] = await call.read(findTier(call.db, call.params["key"] ?? ""));
  call.requireRight("account.manage");
  if (row === undefined) throw new Problem("not-found");
  return row;
}

const edit = endpoint(
  {
    method: "PATCH",
    path: "/v1/tiers/:key",
    operationId: "updateTier",
    tag,
    right: "account.manage",
    status: 200,
    summary:
      "Platform: change a tier. Accounts that have it keep what it gave until their subscription is set " +
      "again.",
    body: TierPatch,
    answer: TierCard,
    ifMatch: "required",
  },
  async (call) => {
    const row = await loadPathTier(call);
    const { creditsPerMonth: credits = row.credits, features, ...patch } = await call.body();
    call.ifMatch(row.version);
    const {
      names = row.names,
      price = row.price,
      selfService = row.selfService,
      offered = row.offered,
    } = patch;
    const after: TierRow = {
      ...row,
      names,
      price,
      selfService,
      offered,
      credits,
      features: features === undefined ? row.features : featuresOf(features),
      version: row.version + 1,
      updatedAt: call.now,
    };
    requireValidSelfService(after);
    return call.commit(
      {
        statements: [guardTier(call.db, row), updateTier(call.db, after)],
        events: [tierEvent(call, row.key, tierCard(row), tierCard(after))],
      },
      { status: 200, body: tierCard(after), headers: { ETag: versionEtag(after.version) } },
    );
  },
);

const remove = endpoint(
  {
    method: "DELETE",
    path: "/v1/tiers/:key",
    operationId: "deleteTier",
    tag,
    right: "account.manage",
    status: 204,
    summary: "Platform: remove a tier that no subscription, choice or hook names.",
    ifMatch: "optional",
    problems: ["conflict/not-removable"],
  },
  async (call) => {
    const row = await loadPathTier(call);
    call.ifMatch(row.version);
    const detail = message("accounts.tierInUse");
    return call.commit(
      {
        statements: [guardTier(call.db, row), ...removeTier(call.db, row.key)],
        events: [tierEvent(call, row.key, tierCard(row), {})],
        guardProblems: { has_dependents: new Problem("conflict/not-removable", { detail }) },
      },
      { status: 204 },
    );
  },
);

export const tierEndpoints = [list, create, edit, remove];
