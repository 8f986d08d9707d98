import { sql } from "drizzle-orm";
import { batch, type Db, type Statement } from "../../kernel/db.ts";
import { sha256Hex } from "../../kernel/digest.ts";
import { newId } from "../../kernel/id.ts";
import { canonicalJson } from "../../kernel/canonical-json.ts";
import type { AuditEvent } from "./event.ts";
import { macOf } from "./staged-row.ts";

/** Refusals of one kind within this time of the first are counted, and become one row. */
const GATHER_MS = 60_000;

const refusalKind = ({ actor, action, resource, outcome, reason }: AuditEvent): string =>
  sha256Hex(canonicalJson([actor.memberId, actor.accountId, action, resource, outcome, reason]));

/**
 * A refusal: the first of its kind (member, action, object, reason) is staged at once. Repeats within a
 * minute are counted beside the trail, in the row of which the sweep makes one event: signed here, with the
 * count left out.
 */
export function gatherRefusal(db: Db, signingKeys: string, event: AuditEvent): Statement[] {
  const { accountId, id, at } = event;
  const kind = refusalKind(event);
  const text = JSON.stringify(event);
  const later = { ...event, id: newId("event", at), changes: null };
  const laterText = JSON.stringify(later);
  const [mac, laterMac] = [
    macOf(signingKeys, { accountId, id, open: null, text }),
    macOf(signingKeys, { accountId, id: later.id, open: "repeated", text: laterText }),
  ];
  const isOpen = sql`account_id = ${accountId} AND kind = ${kind} AND since > ${at - GATHER_MS}`;
  const none = sql`NOT EXISTS (SELECT 1 FROM refusal WHERE ${isOpen})`;
  return [
    db.run(sql`INSERT INTO audit_outbox (account_id, id, event, mac)
      SELECT ${accountId}, ${id}, ${text}, ${mac} WHERE ${none}`),
    db.run(sql`UPDATE refusal SET repeated = repeated + 1 WHERE ${isOpen}`),
    db.run(sql`INSERT INTO refusal (account_id, kind, since, id, event, mac, repeated)
      SELECT ${accountId}, ${kind}, ${at}, ${later.id}, ${laterText}, ${laterMac}, 0 WHERE ${none}`),
  ];
}

/**
 * What was counted until a minute ago becomes one staged event for each kind.
 * @param at ms since the epoch
 */
export async function stageGatheredRefusals(db: Db, at: number): Promise<void> {
  await batch(db, [
    db.run(sql`INSERT OR IGNORE INTO audit_outbox (account_id, id, event, open, given, mac)
      SELECT account_id, id, event, 'repeated', CAST(repeated AS TEXT), mac
      FROM refusal WHERE since <= ${at - GATHER_MS} AND repeated > 0`),
    db.run(sql`DELETE FROM refusal WHERE since <= ${at - GATHER_MS}`),
  ]);
}
