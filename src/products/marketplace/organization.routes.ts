import { z } from "zod";
import { accessFilter } from "../../access/decision.ts";
import { kindBelow } from "../../access/model.ts";
import { diffFields } from "../../audit/chain/difference.ts";
import { loadClosedBelow, requireOpenToCaller } from "../../gate/calls/below.load.ts";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { findMember } from "../../gate/credentials/member.store.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import { omitUndefined } from "../../kernel/http/body.ts";
import { decodeCursor, listQuery, toPage, pageSchema } from "../../kernel/http/page.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { nextVersion } from "../../kernel/version.ts";
import { type AccountRow, OwnerClaim } from "../../accounts/account.card.ts";
import { guardAccount, updateAccount } from "../../accounts/account.store.ts";
import { memberCard } from "../../people/members/member.card.ts";
import { reissueClaim, prepareAccount } from "../../accounts/new-account.change.ts";
import {
  CreatedOrganizationCard,
  NewOrganizationBody,
  OrganizationCard,
  organizationCard,
  OrganizationPatch,
  organizationRef,
} from "../../resources/organization.card.ts";
import { findOrganization, listOrganizations } from "../../resources/organization.store.ts";
import { NO_OBJECT } from "../../resources/object-reference.load.ts";
import { permitFounding, prepareFounderGrant } from "./organization-founding.change.ts";
import { message } from "../../kernel/messages/message.ts";

const tag = "Organizations";

const list = endpoint(
  {
    method: "GET",
    path: "/v1/organizations",
    operationId: "listOrganizations",
    tag,
    right: "organization.view",
    status: 200,
    summary:
      "The accounts below yours that you reach, the newest first; in a customer's organization that one.",
    query: z.strictObject(listQuery),
    answer: pageSchema(OrganizationCard),
  },
  async (call) => {
    call.requireRight("organization.view");
    const { limit, cursor } = call.query();
    const before = decodeCursor(cursor, z.string());
    const closed = await loadClosedBelow(call);
    const seen = accessFilter(call.principal.grantSet, "organization.view");
    const [rows] = await call.read(
      listOrganizations(call.db, call.principal, seen, closed, before, limit + 1),
    );
    return { status: 200, body: toPage(rows, limit, organizationCard, (row) => row.id) };
  },
);

/** A missing organization is decided like one out of reach. */
async function loadOrganization(
  call: Call,
  right: "organization.view" | "organization.create" | "organization.edit",
): Promise<AccountRow> {
  const [[row]] = await call.read(findOrganization(call.db, call.principal, call.params["id"] ?? ""));
  const ref = row === undefined ? NO_OBJECT : organizationRef(row);
  call.requireRight("organization.view", ref, true);
  if (row === undefined) throw new Problem("not-found");
  call.requireRight(right, ref);
  requireOpenToCaller(call, row);
  return row;
}

const card = endpoint(
  {
    method: "GET",
    path: "/v1/organizations/:id",
    operationId: "getOrganization",
    tag,
    right: "organization.view",
    status: 200,
    summary: "One of them.",
    answer: OrganizationCard,
  },
  async (call) => {
    const row = await loadOrganization(call, "organization.view");
    return { status: 200, body: organizationCard(row), headers: { ETag: versionEtag(row.version) } };
  },
);

const create = endpoint(
  {
    method: "POST",
    path: "/v1/organizations",
    operationId: "createOrganization",
    tag,
    right: "organization.create",
    status: 201,
    summary:
      "Found an account below yours: a seller's customer, a distributor's seller. " +
      "Its first owner is invited by mail, and may claim the first API key.",
    body: NewOrganizationBody,
    answer: CreatedOrganizationCard,
    idempotency: "optional",
  },
  async (call) => {
    const { accountId, targetAccount, preset } = call.principal;
    await call.read();
    call.requireRight("organization.create");
    const kind = kindBelow(targetAccount.kind);
    if (kind === null || preset.tree === null)
      throw new Problem("access/denied", { detail: message("products.noOrganizations") });
    // Decided before the body is read, and again for the account that is made.
    permitFounding(call, kind);
    const body = await call.body();
    const made = await prepareAccount(call, "member", {
      ...body,
      kind,
      parentId: accountId,
      profile: omitUndefined(body.profile),
    });
    const reach = prepareFounderGrant(call, made.permit, made.account.id);
    const answer = {
      ...organizationCard(made.account),
      owner: memberCard(made.owner, [], made.account),
    };
    const changes = {
      before: {},
      after: { kind, name: made.account.name, profile: made.account.profile, ownerMemberId: made.owner.id },
    };
    const event = (chain: string) =>
      call.event(
        "organization.create",
        { type: "organization", id: made.account.id },
        { accountId: chain, changes },
      );
    return call.commit(
      {
        statements: [...made.statements, ...reach.statements],
        events: [event(accountId), event(made.account.id), ...reach.events],
        mails: made.mails,
      },
      {
        status: 201,
        replay: answer,
        body: { ...answer, claim: made.claim },
        headers: { ETag: versionEtag(1), Location: `/v1/organizations/${made.account.id}` },
      },
    );
  },
);

/** For an owner whose claim has run out, or was lost with the answer of the founding. */
const reissue = endpoint(
  {
    method: "POST",
    path: "/v1/organizations/:id/owner-claims",
    operationId: "createOrganizationOwnerClaim",
    tag,
    right: "organization.create",
    status: 201,
    summary:
      "A new claim for a key of the owner, while the owner has none. The older claim ends. " +
      "It is mailed to an owner who signs in by mail.",
    answer: OwnerClaim,
    problems: ["conflict/state", "conflict/last-admin"],
  },
  async (call) => {
    const row = await loadOrganization(call, "organization.create");
    const permit = permitFounding(call, row.kind, { accountId: row.id, ownerId: row.ownerMemberId });
    const [[owner]] = await call.read(findMember(call.db, row.id, row.ownerMemberId));
    if (owner === undefined) throw new Problem("not-found");
    // The accounts above do not manage the keys of an account, so the existing keys stay. The platform may
    // revoke them with a claim.
    return reissueClaim(call, permit, row, owner.row, false, (keyId) =>
      call.event(
        "organization.create",
        { type: "organization", id: row.id },
        { changes: { before: {}, after: { keyId } } },
      ),
    );
  },
);

const edit = endpoint(
  {
    method: "PATCH",
    path: "/v1/organizations/:id",
    operationId: "updateOrganization",
    tag,
    right: "organization.edit",
    status: 200,
    summary: "Change its name and profile. What is not sent stays.",
    body: OrganizationPatch,
    answer: OrganizationCard,
    ifMatch: "required",
  },
  async (call) => {
    const row = await loadOrganization(call, "organization.edit");
    const { name, profile } = await call.body();
    call.ifMatch(row.version);
    const after = nextVersion(
      row,
      { ...row, name: name ?? row.name, profile: { ...row.profile, ...omitUndefined(profile ?? {}) } },
      call.now,
    );
    const changes = diffFields(organizationCard(row), organizationCard(after));
    const event = (accountId: string) =>
      call.event("organization.edit", { type: "organization", id: row.id }, { accountId, changes });
    const chains = new Set([row.id, call.principal.accountId]);
    const answer = {
      status: 200,
      body: organizationCard(after),
      headers: { ETag: versionEtag(after.version) },
    };
    if (after === row) return answer;
    return call.commit(
      {
        statements: [guardAccount(call.db, row), updateAccount(call.db, after)],
        events: [...chains].map(event),
      },
      answer,
    );
  },
);

export const organizationEndpoints: readonly Endpoint[] = [list, card, create, reissue, edit];
