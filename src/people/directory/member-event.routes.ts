import { z } from "zod";
import { memberRef } from "../../access/decision.ts";
import { toSealedRow } from "../../audit/chain/chain.store.ts";
import { type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { decodeCursor, listQuery, pageFields, toPage } from "../../kernel/http/page.ts";
import { sealPending, type LedgerOutboxesOf } from "../../audit/log/pending-seal.store.ts";
import { AuditRow, auditRow } from "../../audit/log/audit-row.card.ts";
import { logVisibilityOf } from "../../audit/log/log-visibility.ts";
import { listMemberEvents } from "./member-event.store.ts";
import { loadSpender } from "./spender.load.ts";

const EventCard = AuditRow.pick({
  id: true,
  seq: true,
  at: true,
  action: true,
  resource: true,
  outcome: true,
  reason: true,
  requestId: true,
})
  .extend({
    cost: z.int().describe("Credits; 0 where it was free."),
  })
  .meta({ id: "MemberEvent" });

const Events = z
  .object({
    ...pageFields(EventCard),
    complete: z.boolean().describe("False while events wait that could not be sealed: verify says why."),
  })
  .meta({ id: "MemberEventPage" });

function eventCard(row: ReturnType<typeof auditRow>): z.infer<typeof EventCard> {
  const { id, seq, at, action, resource, outcome, reason, requestId, cost } = row;
  return { id, seq, at, action, resource, outcome, reason, requestId, cost: cost ?? 0 };
}

const events = (ledgersOf: LedgerOutboxesOf) =>
  endpoint(
    {
      method: "GET",
      path: "/v1/members/:id/events",
      operationId: "listMemberEvents",
      tag: "Members",
      right: "credits.view",
      status: 200,
      summary:
        "What a member did, the newest first, and what each cost: " +
        "all costs together are what the member ever spent. " +
        "Others' events need the right audit.view too, and tell only of what its holder sees.",
      query: z.strictObject(listQuery),
      answer: Events,
    },
    async (call) => {
      const {
        row: { id, accountId },
      } = await loadSpender(call);
      const isOwn = id === call.principal.memberId;
      if (!isOwn) call.requireRight("audit.view", memberRef(id));
      const { limit, cursor } = call.query();
      const before = decodeCursor(cursor, z.int().min(1));
      const complete = await sealPending(call.env, call.db, accountId, ledgersOf);
      const sight = logVisibilityOf(call.principal);
      const [rows] = await call.read(
        listMemberEvents(call.db, accountId, id, isOwn ? null : sight, before, limit + 1),
      );
      return {
        status: 200,
        body: {
          ...toPage(
            rows,
            limit,
            (row) => eventCard(auditRow(toSealedRow(row), sight)),
            (row) => row.seq,
          ),
          complete,
        },
      };
    },
  );

export const memberEventEndpoints = (ledgersOf: LedgerOutboxesOf): readonly Endpoint[] => [events(ledgersOf)];
