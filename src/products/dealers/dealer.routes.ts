import { z } from "zod";
import { decide, refById, type ResourceRef } from "../../access/decision.ts";
import { diffFields } from "../../audit/chain/difference.ts";
import { findAccount } from "../../gate/credentials/account.store.ts";
import { loadClosedBelow, requireOpenToCaller } from "../../gate/calls/below.load.ts";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import { displayName, omitUndefined } from "../../kernel/http/body.ts";
import { iso } from "../../kernel/clock.ts";
import { decodeCursor, listQuery, toPage, pageSchema } from "../../kernel/http/page.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { nextVersion } from "../../kernel/version.ts";
import { type AccountRow, ProfileBody } from "../../accounts/account.card.ts";
import { guardAccount, listFamily, updateAccount } from "../../accounts/account.store.ts";
import { message } from "../../kernel/messages/message.ts";

const DealerCard = z
  .object({
    id: z.string(),
    kind: z.string(),
    name: z.string(),
    parentId: z.string().nullable(),
    profile: ProfileBody,
    createdAt: z.string(),
    updatedAt: z.string(),
    version: z.int(),
  })
  .meta({ id: "Dealer" });

const dealerCard = ({ id, kind, name, parentId, profile, createdAt, updatedAt, version }: AccountRow) => ({
  id,
  kind,
  name,
  parentId,
  profile,
  createdAt: iso(createdAt),
  updatedAt: iso(updatedAt),
  version,
});

/** An account as an object of the rights on dealers. */
const accountRef = (id: string): ResourceRef => refById(id, "active");

/** Which dealers the caller sees: its own, and those below it. */
const canSeeOwn = ({ principal: { grantSet, accountId } }: Call): boolean =>
  decide(grantSet, "dealer.view", accountRef(accountId)).allowed;
const canSeeSubdealer = ({ principal: { grantSet } }: Call, id: string): boolean =>
  decide(grantSet, "subdealer.view_entities", accountRef(id)).allowed;

const list = endpoint(
  {
    method: "GET",
    path: "/v1/dealers",
    operationId: "listDealers",
    tag: "Dealers",
    right: "dealer.view",
    status: 200,
    summary: "Your dealer, and its sub-dealers for those who may see what is theirs; oldest first.",
    query: z.strictObject(listQuery),
    answer: pageSchema(DealerCard),
  },
  async (call) => {
    const below = decide(call.principal.grantSet, "subdealer.view_entities").allowed;
    if (!below) call.requireRight("dealer.view");
    const { limit, cursor } = call.query();
    const closedIds = await loadClosedBelow(call);
    const family = {
      accountId: call.principal.accountId,
      includesSelf: canSeeOwn(call),
      includesBelow: below,
      closedIds,
    };
    const [rows] = await call.read(listFamily(call.db, family, decodeCursor(cursor, z.string()), limit + 1));
    return { status: 200, body: toPage(rows, limit, dealerCard, (row) => row.id) };
  },
);

/** A dealer that the caller sees; any other is not there. */
async function loadDealer(call: Call): Promise<AccountRow> {
  const { accountId } = call.principal;
  const [[row]] = await call.read(findAccount(call.db, call.params["id"] ?? ""));
  const isVisible =
    row !== undefined &&
    (row.id === accountId ? canSeeOwn(call) : row.parentId === accountId && canSeeSubdealer(call, row.id));
  if (isVisible) {
    requireOpenToCaller(call, row);
    return row;
  }
  call.requireRight("dealer.view", accountRef(""), true);
  throw new Problem("not-found");
}

const card = endpoint(
  {
    method: "GET",
    path: "/v1/dealers/:id",
    operationId: "getDealer",
    tag: "Dealers",
    right: "dealer.view",
    status: 200,
    summary: "The data of a dealer.",
    answer: DealerCard,
  },
  async (call) => {
    const row = await loadDealer(call);
    return { status: 200, body: dealerCard(row), headers: { ETag: versionEtag(row.version) } };
  },
);

const edit = endpoint(
  {
    method: "PATCH",
    path: "/v1/dealers/:id",
    operationId: "updateDealer",
    tag: "Dealers",
    right: "dealer.edit",
    status: 200,
    summary: "Change the data of your dealer.",
    body: z
      .strictObject({ name: displayName(200).optional(), profile: ProfileBody.optional() })
      .meta({ id: "DealerPatch" }),
    answer: DealerCard,
    ifMatch: "required",
  },
  async (call) => {
    const row = await loadDealer(call);
    call.requireRight("dealer.edit", accountRef(row.id));
    if (row.id !== call.principal.accountId)
      throw new Problem("access/denied", { detail: message("products.subDealersData") });
    const { name, profile } = await call.body();
    call.ifMatch(row.version);
    const wanted = {
      ...row,
      name: name ?? row.name,
      profile: { ...row.profile, ...omitUndefined(profile ?? {}) },
    };
    const after: AccountRow = nextVersion(row, wanted, call.now);
    const event = call.event(
      "dealer.edit",
      { type: "dealer", id: row.id },
      { changes: diffFields(dealerCard(row), dealerCard(after)) },
    );
    const answer = { status: 200, body: dealerCard(after), headers: { ETag: versionEtag(after.version) } };
    if (after === row) return answer;
    return call.commit(
      { statements: [guardAccount(call.db, row), updateAccount(call.db, after)], events: [event] },
      answer,
    );
  },
);

export const dealerEndpoints: readonly Endpoint[] = [list, card, edit];
