import type { AuditMessage, CallLogRow } from "./event.ts";

/** Rows per message: forty calls for the price of one message. */
const ROWS_PER_MESSAGE = 40;
/** Milliseconds that a row waits for the company of others. */
const WAIT_MS = 100;
/** A flush that has not come by then died with the request that had promised it. */
const LOST_MS = 2_000;
const BUFFER_MAX = 2_000;
const TEXT_MAX = 500;

/**
 * Rows of the concurrent requests of this isolate: plain values, so any request may send those of the others.
 */
let buffer: CallLogRow[] = [];
let promisedAt: number | null = null;

/**
 * Keeps a call for the call log. Never throws and never waits: a call is answered even if its row is lost.
 * @param send puts one message into the queue
 * @param defer `waitUntil` of this request
 */
export function logCall(
  row: CallLogRow,
  send: (message: AuditMessage) => Promise<unknown>,
  defer: (work: Promise<unknown>) => void,
): void {
  try {
    if (buffer.length >= BUFFER_MAX) buffer = buffer.slice(ROWS_PER_MESSAGE);
    buffer.push({
      ...row,
      path: row.path.slice(0, TEXT_MAX),
      userAgent: row.userAgent?.slice(0, TEXT_MAX) ?? null,
    });
    if (buffer.length >= ROWS_PER_MESSAGE) {
      defer(flush(send));
      return;
    }
    // A clock that was set back does not hold the rows until it has caught up.
    if (promisedAt !== null && Math.abs(row.at - promisedAt) < LOST_MS) return;
    promisedAt = row.at;
    defer(new Promise((resolve) => setTimeout(resolve, WAIT_MS)).then(() => flush(send)));
  } catch (error) {
    console.error({ message: "a row of the call log is lost", error: String(error) });
  }
}

async function flush(send: (message: AuditMessage) => Promise<unknown>): Promise<void> {
  const rows = buffer;
  buffer = [];
  promisedAt = null;
  for (let start = 0; start < rows.length; start += ROWS_PER_MESSAGE) {
    try {
      await send({ kind: "calls", calls: rows.slice(start, start + ROWS_PER_MESSAGE) });
    } catch (error) {
      console.error({ message: "rows of the call log are lost", error: String(error) });
    }
  }
}
