import { sql } from "drizzle-orm";
import type { Db } from "../../kernel/db.ts";
import type { CallLogRow } from "./event.ts";

/** Rows per statement: their JSON is one parameter and stays far below the 2 MB that D1 takes. */
const ROWS_MAX = 500;

/** A row that is there already is left as it is: the queue may deliver twice. */
export async function insertCalls(db: Db, calls: readonly CallLogRow[]): Promise<void> {
  for (let start = 0; start < calls.length; start += ROWS_MAX) {
    await db.run(sql`
      INSERT OR IGNORE INTO call_log (account_id, id, at, member_id, api_key_id, method, path, status, code,
        ip, user_agent, request_id, caller_request_id)
      SELECT value->>'accountId', value->>'id', value->>'at', value->>'memberId', value->>'apiKeyId',
        value->>'method', value->>'path', value->>'status', value->>'code', value->>'ip',
        value->>'userAgent', value->>'requestId', value->>'callerRequestId'
      FROM json_each(${JSON.stringify(calls.slice(start, start + ROWS_MAX))})`);
  }
}
