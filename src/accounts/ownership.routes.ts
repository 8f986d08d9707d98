import { z } from "zod";
import { decide } from "../access/decision.ts";
import { findAccount } from "../gate/credentials/account.store.ts";
import { type Call, type Endpoint, endpoint } from "../gate/calls/call.ts";
import { findMember } from "../gate/credentials/member.store.ts";
import { requireUnrestrictedKey } from "../gate/calls/required-authority.ts";
import { loadSecurityMails } from "../gate/calls/security-mail.load.ts";
import { iso } from "../kernel/clock.ts";
import { newId } from "../kernel/id.ts";
import { Problem } from "../kernel/http/problem.ts";
import type { OwnershipOfferRow } from "../kernel/schema/ownership.ts";
import { guardMember } from "../people/members/member.store.ts";
import {
  endOffer,
  findOffer,
  guardOffer,
  insertOffer,
  ONE_OFFER,
} from "../gate/credentials/ownership-offer.store.ts";
import { prepareOwnershipMove, OFFER_TTL_MS, requireActiveMember } from "./ownership.change.ts";
import { NewOwnerBody, OfferCard, offerCard } from "./ownership.card.ts";
import { message } from "../kernel/messages/message.ts";

const PATH = "/v1/accounts/:id/ownership-offers";
const offerOperation = { tag: "Accounts", right: "self" } as const;

const isOfferOpen = (row: OwnershipOfferRow | undefined, { now }: Call): row is OwnershipOfferRow =>
  row !== undefined && row.expiresAt > now;

const offer = endpoint(
  {
    ...offerOperation,
    method: "POST",
    path: PATH,
    operationId: "createOwnershipOffer",
    status: 201,
    summary:
      "Offer the ownership of your account to an active member, for seven days. Only the owner offers it, " +
      "with a session or an unrestricted key.",
    body: NewOwnerBody,
    answer: OfferCard,
    idempotency: "optional",
    problems: ["access/denied", "conflict/state"],
  },
  async (call) => {
    const {
      db,
      now,
      params,
      principal: { accountId, targetAccount, memberId: ownerId },
    } = call;
    const candidate = findMember(db, accountId, call.peekField("memberId") ?? "");
    const [[found], [before]] = await call.read(candidate, findOffer(db, accountId));
    if (params["id"] !== accountId) throw new Problem("not-found");
    if (targetAccount.ownerMemberId !== ownerId) {
      throw new Problem("access/denied", { detail: message("accounts.ownerOffers") });
    }
    requireUnrestrictedKey(call.principal, message("accounts.offerGivesAway"));
    const { memberId } = await call.body();
    const { row: member } = requireActiveMember(found, ownerId);
    if (isOfferOpen(before, call)) {
      throw new Problem("conflict/state", {
        detail: message("accounts.offeredAlready"),
      });
    }
    const id = newId("ownershipOffer", now);
    const row = {
      accountId,
      id,
      memberId,
      offeredBy: ownerId,
      expiresAt: now + OFFER_TTL_MS,
      createdAt: now,
    };
    const changes = { before: {}, after: { memberId, expiresAt: iso(row.expiresAt) } };
    const body = offerCard(row);
    // An expired offer makes room; of two offers at once the second finds the first.
    return call.commit(
      {
        statements: [
          guardMember(db, member),
          ...(before === undefined ? [] : [endOffer(db, accountId)]),
          insertOffer(db, row),
        ],
        events: [call.event("ownership.offer", { type: "account", id: accountId }, { changes })],
        retryOnDuplicate: [ONE_OFFER],
        mails: await loadSecurityMails(call, memberId, "ownership_offered"),
      },
      { status: 201, body },
    );
  },
);

/** Its maker, the member that it is made to, and the platform see an offer. */
const canSeeOffer = ({ principal: { memberId, grantSet } }: Call, row: OwnershipOfferRow): boolean =>
  [row.memberId, row.offeredBy].includes(memberId) || decide(grantSet, "account.manage").allowed;

const list = endpoint(
  {
    ...offerOperation,
    method: "GET",
    path: PATH,
    operationId: "listOwnershipOffers",
    status: 200,
    answer: z.object({ data: z.array(OfferCard) }).meta({ id: "OwnershipOfferList" }),
    summary:
      "The open offer of ownership, for the owner, for the member that it is made to, and for the platform.",
  },
  async (call) => {
    const {
      db,
      params: { id = "" },
      principal: { accountId, grantSet },
    } = call;
    const [[row], [account]] = await call.read(findOffer(db, id), findAccount(db, id));
    const isSeen = id === accountId || decide(grantSet, "account.manage").allowed;
    if (!isSeen || account === undefined) throw new Problem("not-found");
    const data = isOfferOpen(row, call) && canSeeOffer(call, row) ? [offerCard(row)] : [];
    return { status: 200, body: { data } };
  },
);

/**
 * The open offer that the path names, for its maker and for the member that it is made to.
 * @throws Problem not-found
 */
async function loadOffer(call: Call) {
  const {
    db,
    params,
    principal: { accountId, memberId },
  } = call;
  const [[row], [account], [self]] = await call.read(
    findOffer(db, accountId),
    findAccount(db, accountId),
    findMember(db, accountId, memberId),
  );
  const isNamed = params["id"] === accountId && row?.id === params["offerId"];
  if (!isNamed || !isOfferOpen(row, call) || account === undefined || self === undefined)
    throw new Problem("not-found");
  const isTheirs = [row.memberId, row.offeredBy].includes(memberId);
  if (!isTheirs || row.offeredBy !== account.ownerMemberId) throw new Problem("not-found");
  return { row, account, self };
}

const end = endpoint(
  {
    ...offerOperation,
    method: "DELETE",
    path: `${PATH}/:offerId`,
    operationId: "deleteOwnershipOffer",
    status: 204,
    summary: "Withdraw your offer of ownership, or decline one that was made to you.",
  },
  async (call) => {
    const { row } = await loadOffer(call);
    const action = row.offeredBy === call.principal.memberId ? "ownership.withdraw" : "ownership.decline";
    const changes = { before: { memberId: row.memberId }, after: {} };
    return call.commit(
      {
        statements: [guardOffer(call.db, row), endOffer(call.db, row.accountId)],
        events: [call.event(action, { type: "account", id: row.accountId }, { changes })],
      },
      { status: 204 },
    );
  },
);

const OwnershipCard = z
  .object({
    accountId: z.string(),
    ownerMemberId: z.string(),
    formerOwnerMemberId: z.string(),
  })
  .meta({ id: "AccountOwnership" });

const accept = endpoint(
  {
    ...offerOperation,
    method: "POST",
    path: `${PATH}/:offerId/accept`,
    operationId: "acceptOwnershipOffer",
    status: 200,
    answer: OwnershipCard,
    problems: ["access/denied"],
    summary:
      "Accept the ownership that was offered to you, with a session or an unrestricted key. " +
      "You get the top role; " +
      "the owner before keeps theirs.",
  },
  async (call) => {
    const { row, account, self } = await loadOffer(call);
    if (row.memberId !== call.principal.memberId) {
      throw new Problem("access/denied", {
        detail: message("accounts.offerForOther"),
      });
    }
    requireUnrestrictedKey(call.principal, message("accounts.ownershipGivesAll"));
    const { change } = await prepareOwnershipMove(call, account, self, {
      chains: [account.id],
      reason: null,
    });
    const body = { accountId: account.id, ownerMemberId: row.memberId, formerOwnerMemberId: row.offeredBy };
    const statements = [guardOffer(call.db, row), ...change.statements];
    return call.commit({ ...change, statements }, { status: 200, body });
  },
);

export const ownershipEndpoints: readonly Endpoint[] = [offer, list, end, accept];
