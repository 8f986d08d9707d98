import { type Call, type Endpoint, endpoint } from "../gate/calls/call.ts";
import { findMember } from "../gate/credentials/member.store.ts";
import { requireUnrestrictedKey } from "../gate/calls/required-authority.ts";
import { versionEtag } from "../gate/calls/gate-request.ts";
import { singleLineText } from "../kernel/http/body.ts";
import { AccountCard, accountCard } from "./account.card.ts";
import { NewOwnerBody } from "./ownership.card.ts";
import { prepareOwnershipMove, requireActiveMember } from "./ownership.change.ts";
import { loadTenant } from "./tenant.load.ts";
import { message } from "../kernel/messages/message.ts";

const nameOwner = endpoint(
  {
    method: "PUT",
    path: "/v1/accounts/:id/owner",
    operationId: "setAccountOwner",
    tag: "Accounts",
    right: "account.manage",
    status: 200,
    summary: "Platform: name an active member as the account's owner, with a reason. Both owners get a mail.",
    body: NewOwnerBody.extend({
      reason: singleLineText(500).min(1).describe("In the trail of both accounts."),
    }).meta({ id: "OwnerAppointment" }),
    answer: AccountCard,
    ifMatch: "optional",
    problems: ["conflict/state"],
  },
  async (call) => {
    const member = findMember(call.db, call.params["id"] ?? "", call.peekField("memberId") ?? "");
    const [row, [found]] = await loadTenant(call as Call, member);
    const { reason } = await call.body();
    call.ifMatch(row.version);
    requireUnrestrictedKey(call.principal, message("accounts.ownershipGivesAll"));
    const owner = requireActiveMember(found, row.ownerMemberId);
    const chains = [row.id, call.principal.accountId];
    const { account, change } = await prepareOwnershipMove(call as Call, row, owner, { chains, reason });
    const headers = { ETag: versionEtag(account.version) };
    return call.commit(change, { status: 200, body: accountCard(account), headers });
  },
);

export const accountOwnerEndpoints: readonly Endpoint[] = [nameOwner];
