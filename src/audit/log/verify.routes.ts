import { z } from "zod";
import { accessFilter } from "../../access/decision.ts";
import type { Restore } from "../chain/ledger.ts";
import { CHAIN_FAULTS, type ChainFaultName } from "../chain/chain-verification.ts";
import { type Call, endpoint } from "../../gate/calls/call.ts";
import { iso } from "../../kernel/clock.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { decodeCursor, encodeCursor } from "../../kernel/http/page.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { sealPending, type LedgerOutboxesOf } from "./pending-seal.store.ts";
import { countQuarantined, WALK_START, verifyChain } from "./verify.store.ts";
import { message } from "../../kernel/messages/message.ts";

const ChainPlace = z.object({ seq: z.int(), hash: z.string() }).meta({ id: "ChainPlace" });
const WalkPosition = z.strictObject({
  head: z.strictObject({ seq: z.int().min(1), hash: z.string(), ledgerSeq: z.int().min(0) }),
  hashBefore: z.string().nullable(),
});

const VerifyQuery = z.strictObject({
  cursor: z.string().max(500).optional().describe("nextCursor of the call before, for a very long chain."),
});

const VerificationCard = z
  .object({
    ok: z.boolean().describe("Nothing is wrong with the rows that were verified."),
    complete: z
      .boolean()
      .describe("The walk reached the end, or its first fault. If not, go on with nextCursor."),
    length: z.int().describe("Rows from the beginning of the chain that hold."),
    head: ChainPlace.nullable().describe("The newest place, read from the database."),
    witness: ChainPlace.nullable().describe(
      "The newest place, read from the account's object: an editor of the database cannot change it.",
    ),
    unwitnessed: z.int().describe("Rows that were sealed after the newest place that the object knows."),
    firstFault: z
      .object({
        seq: z.int(),
        fault: z.enum(Object.keys(CHAIN_FAULTS) as [ChainFaultName, ...ChainFaultName[]]),
        detail: z.string(),
      })
      .nullable(),
    erased: z
      .int()
      .describe(
        "Rows of this call that lost personal values by an erasure: each is named by an audit.erase row.",
      ),
    quarantined: z
      .int()
      .describe(
        "Staged rows of the last 30 days that this gate did not write. They were never sealed. " +
          "The log has an audit.quarantine row for them.",
      ),
    acceptedRestores: z
      .array(
        z.object({ at: z.iso.datetime(), goesOnAfterSeq: z.int(), lostToSeq: z.int(), lostHash: z.string() }),
      )
      .describe(
        "Older copies of the database that the platform accepted: the chain goes on after their end. " +
          "Rows from there up to lostToSeq are lost.",
      ),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: "ChainVerification" });

const acceptedCard = ({ acceptedAt, database, witness }: Restore) => ({
  at: iso(acceptedAt ?? 0),
  goesOnAfterSeq: database.seq,
  lostToSeq: witness.seq,
  lostHash: witness.hash,
});

/** Readers who see only their own rows must not learn how long the whole chain is. */
function requireWholeLog(call: Call): void {
  const filter = accessFilter(call.principal.grantSet, "audit.view");
  if (filter.kind === "none" || !filter.reach.all)
    throw new Problem("access/denied", { detail: message("accounts.auditViewAll") });
}

export const verifyEndpoint = (ledgersOf: LedgerOutboxesOf) =>
  endpoint(
    {
      method: "GET",
      path: "/v1/audit/verify",
      operationId: "verifyAuditLog",
      tag: "Audit",
      right: "audit.view",
      status: 200,
      summary: "Verify the hash chain of the whole audit log, and name its first fault.",
      query: VerifyQuery,
      answer: VerificationCard,
    },
    (call) => verify(call, ledgersOf),
  );

async function verify(
  call: Call<unknown, z.infer<typeof VerifyQuery>>,
  ledgersOf: LedgerOutboxesOf,
): Promise<Answer> {
  call.requireRight("audit.view");
  const { cursor } = call.query();
  const position = decodeCursor(cursor, WalkPosition);
  await call.read();
  requireWholeLog(call);
  const { accountId } = call.principal;
  await sealPending(call.env, call.db, accountId, ledgersOf);
  const ledger = ledgersOf(call.env)(accountId);
  const witness = await ledger.sealedHead(accountId);
  const [restores, [quarantined]] = await Promise.all([
    ledger.restores(accountId),
    countQuarantined(call.db, accountId),
  ]);
  const { walk, fault, head, isComplete } = await verifyChain(
    call.db,
    ledger,
    accountId,
    position === null ? WALK_START : { ...position, fault: null },
    witness,
  );
  return {
    status: 200,
    body: {
      ok: fault === null,
      complete: isComplete,
      length: walk.head.seq,
      head: head.seq === 0 ? null : { seq: head.seq, hash: head.hash },
      witness: witness === null ? null : { seq: witness.seq, hash: witness.hash },
      unwitnessed: Math.max(0, head.seq - (witness?.seq ?? 0)),
      firstFault: fault === null ? null : { ...fault, detail: CHAIN_FAULTS[fault.fault] },
      erased: walk.erased ?? 0,
      quarantined: quarantined?.count ?? 0,
      acceptedRestores: restores.filter(({ acceptedAt }) => acceptedAt !== null).map(acceptedCard),
      nextCursor: isComplete ? null : encodeCursor({ head: walk.head, hashBefore: walk.hashBefore }),
    },
  };
}
