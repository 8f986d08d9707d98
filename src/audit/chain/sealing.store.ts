import { now } from "../../kernel/clock.ts";
import type { Db } from "../../kernel/db.ts";
import { appendRows, loadPending, type PendingChain } from "./chain.store.ts";
import {
  consecutiveEntries,
  GENESIS,
  headAfter,
  isBehind,
  mergeByTime,
  seal,
  type SealedRow,
} from "./chain.ts";
import type { AuditEvent, ChainHead } from "./event.ts";
import { entriesOf, type LedgerOutbox, type LedgerOutboxes } from "./ledger.ts";
import { moveSealedCopiesToDeadLetters, moveToDeadLetters } from "./outbox.store.ts";
import { protectPersonalValues } from "./personal-value.ts";
import { stopRestoredAccount } from "./restored-state.store.ts";
import { verifyEnd, verifyRows } from "./chain-verification.ts";

/** Events per D1 batch, and the characters of its one large parameter, far below the 2 MB that D1 takes. */
const ROWS_MAX = 250;
const CHARS_MAX = 500_000;
/** Batches that one call seals; what remains has its own message or waits for the sweep. */
const ROUNDS_MAX = 40;
const LOST_RACES_MAX = 10;

/**
 * What sealing works on: the database, the keys that staged events are signed with, and the objects of the
 * accounts.
 */
export interface SealingContext {
  readonly db: Db;
  readonly signingKeys: string;
  readonly ledgers: LedgerOutboxes;
}

/**
 * What was given is not all: "given" asks the object only for entries that are missing, "object" for all it
 * has.
 */
export type EntrySource = "given" | "object";

/**
 * Seals what is staged in D1 for the account, and its ledger entries, at the end of its chain; afterwards the
 * account's object holds the new head. May run anywhere, any number of times at once: each event is sealed
 * once.
 * @param receivedEntries entries that came with a message, in any order, doubled or old ones among them
 * @throws when the chain contradicts the head that the object keeps, when entries are missing, or when D1 or
 * the object fails
 */
export async function sealAccount(
  trail: SealingContext,
  accountId: string,
  receivedEntries: readonly AuditEvent[],
  source: EntrySource,
): Promise<void> {
  const { db, signingKeys } = trail;
  const ledger = trail.ledgers(accountId);
  let lostRaces = 0;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const witness = await ledger.sealedHead(accountId);
    const pending = await loadPending(db, signingKeys, accountId, witness?.seq ?? 0, ROWS_MAX);
    if (witness !== null && isBehind(witness, pending.head))
      await stopRestoredAccount(db, ledger, accountId, pending.head);
    if (!(await confirmUnreportedRows(ledger, accountId, pending, witness))) continue;
    if (pending.isRestored) throw new Error(`the restored state of ${accountId} waits to be accepted`);
    if (pending.invalidRows.length > 0) await moveToDeadLetters(trail, accountId, pending.invalidRows, now());
    const entries = await entriesToSeal(ledger, accountId, pending.head.ledgerSeq, receivedEntries, source);
    const events = mergeByTime(pending.staged, entries.run);
    if (events.length === 0) {
      if (pending.invalidRows.length > 0) continue;
      if (entries.gap)
        throw new Error(`entries after ${pending.head.ledgerSeq} of the ledger of ${accountId} are missing`);
      return;
    }
    const rows = sealRows(pending.head, events);
    const head = await appendRows(db, accountId, pending.head, rows);
    if (head === "moved" || head === "sealed_before") {
      lostRaces += 1;
      if (lostRaces > LOST_RACES_MAX) throw new Error(`the chain of ${accountId} moved at every attempt`);
      if (head === "sealed_before") await moveSealedCopiesToDeadLetters(trail, accountId, now());
      continue;
    }
    await ledger.sealed(accountId, head);
    const isAll =
      rows.length === events.length &&
      !pending.isFull &&
      pending.invalidRows.length === 0 &&
      !entries.gap &&
      entries.run.length < ROWS_MAX;
    if (isAll) return;
  }
}

/**
 * The next honest row would confirm a chain that an attacker cut, rewrote or lengthened, and the proof would
 * be gone. So nothing is sealed on top: the events stay in their outboxes, and `verify` names the fault. Rows
 * that were not reported to the object, because a confirmation was lost or is on its way, are verified and
 * then reported.
 * @returns false when more of them remain than one round reads
 */
async function confirmUnreportedRows(
  ledger: LedgerOutbox,
  accountId: string,
  { head, recent }: PendingChain,
  witness: ChainHead | null,
): Promise<boolean> {
  const known = witness ?? GENESIS;
  const refuse = (fault: string): Error =>
    new Error(`the chain of ${accountId} contradicts what its object keeps: ${fault}`);
  const [first] = recent;
  if (witness !== null && head.seq < witness.seq) throw refuse(`truncated before ${witness.seq}`);
  if (witness !== null && (first?.seq !== witness.seq || first.hash !== witness.hash))
    throw refuse(`rewritten at ${witness.seq}`);
  const rows = witness === null ? recent : recent.slice(1);
  const entries = await entriesOf(ledger, accountId, known.ledgerSeq, rows);
  const walk = await verifyRows(
    { head: known, hashBefore: null, fault: null },
    rows,
    rows.length,
    null,
    entries,
  );
  const isPart = walk.fault === null && recent.length >= ROWS_MAX && walk.head.seq < head.seq;
  const fault = isPart ? null : verifyEnd(walk, head, null);
  if (fault !== null) throw refuse(`${fault.fault} at ${fault.seq}`);
  if (walk.head.seq > known.seq) await ledger.sealed(accountId, walk.head);
  return !isPart;
}

async function entriesToSeal(
  ledger: LedgerOutbox,
  accountId: string,
  ledgerSeq: number,
  receivedEntries: readonly AuditEvent[],
  source: EntrySource,
): Promise<{ readonly run: AuditEvent[]; readonly gap: boolean }> {
  const known = consecutiveEntries(receivedEntries, ledgerSeq);
  if (known.run.length > 0 || (source === "given" && !known.gap))
    return { ...known, run: known.run.slice(0, ROWS_MAX) };
  const { run } = consecutiveEntries(await ledger.entriesAfter(accountId, ledgerSeq, ROWS_MAX), ledgerSeq);
  return { run, gap: known.gap };
}

/** As many as one D1 batch takes. */
function sealRows(head: ChainHead, events: readonly AuditEvent[]): SealedRow[] {
  const rows: SealedRow[] = [];
  let chars = 0;
  for (const event of events.slice(0, ROWS_MAX)) {
    const body = protectPersonalValues(event, newSalt);
    chars += body.body.length + JSON.stringify(body.personal).length;
    if (rows.length > 0 && chars > CHARS_MAX) break;
    const row = seal(head, event, body);
    rows.push(row);
    head = headAfter(head, row);
  }
  return rows;
}

const newSalt = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
