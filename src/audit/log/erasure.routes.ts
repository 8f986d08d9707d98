import { z } from "zod";
import { toSealedRow } from "../chain/chain.store.ts";
import type { SealedRow } from "../chain/chain.ts";
import { ERASE_ACTION, erasureDigest, groupByPaths, personalPathsOf } from "../chain/erasure.ts";
import type { PersonalValues } from "../chain/personal-value.ts";
import { parseBody } from "../chain/chain-verification.ts";
import { type Call, endpoint } from "../../gate/calls/call.ts";
import { singleLineText } from "../../kernel/http/body.ts";
import { idSchema } from "../../kernel/id.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { Problem, stateConflict } from "../../kernel/http/problem.ts";
import { sealPending, type LedgerOutboxesOf } from "./pending-seal.store.ts";
import { erasePersonalValues, findAccountId, findMemberId, selectRowsNaming } from "./erasure.store.ts";
import { message, type Message } from "../../kernel/messages/message.ts";

const ROWS_PER_BATCH = 200;

const ErasureBody = z
  .strictObject({
    memberId: idSchema("member").describe("A member who was removed."),
    accountId: idSchema("account")
      .optional()
      .describe("Platform: the account of the log. Your own by default."),
    reason: singleLineText(500).optional(),
  })
  .meta({ id: "NewErasure" });
const ErasureCard = z
  .object({
    memberId: z.string(),
    rows: z.int().describe("Rows that lost personal values now."),
    events: z.array(z.string()).describe("Rows of the log that name them."),
  })
  .meta({ id: "Erasure" });

const accessDenied = (detail: Message): Problem => new Problem("access/denied", { detail });

/**
 * Members with the top role may erase in their account, the platform in any account.
 * @throws Problem access/denied, not-found, conflict/state
 */
async function requireEraser(call: Call, accountId: string, memberId: string): Promise<void> {
  const { principal, db } = call;
  const [[account], [member]] = await call.read(
    findAccountId(db, accountId),
    findMemberId(db, accountId, memberId),
  );
  call.requireRight(accountId === principal.accountId ? "member.delete" : "account.manage");
  const isOwn = accountId === principal.ownAccount.accountId;
  if (isOwn && !principal.member.roles.includes(principal.ownAccount.preset.topRole)) {
    throw accessDenied(message("accounts.topRoleErases", { role: principal.ownAccount.preset.topRole }));
  }
  if (!isOwn && principal.ownAccount.kind !== "platform") throw accessDenied(message("accounts.eraseOwnLog"));
  if (account === undefined) throw new Problem("not-found");
  if (member !== undefined) throw stateConflict(message("accounts.eraseMember"));
}

interface ErasedRow {
  readonly seq: number;
  readonly paths: readonly string[];
  readonly personal: PersonalValues;
}

/** Rows about erasures stay. Rows that were edited and cannot be read stay too: verify reports them. */
function toErasedRows(row: SealedRow, memberId: string): ErasedRow[] {
  const body = row.action === ERASE_ACTION ? null : parseBody(row.body);
  const paths = body === null ? [] : personalPathsOf(memberId, body, row.personal);
  const personal = { ...row.personal, ...Object.fromEntries(paths.map((path) => [path, null])) };
  return paths.length === 0 ? [] : [{ seq: row.seq, paths, personal }];
}

/**
 * Each batch is one event that names its rows. The account's object stores it first: verify accepts no other.
 */
export const erasureEndpoint = (ledgersOf: LedgerOutboxesOf) =>
  endpoint(
    {
      method: "POST",
      path: "/v1/audit/erasures",
      operationId: "eraseFromAuditLog",
      tag: "Audit",
      right: "member.delete",
      status: 200,
      summary: "Erase the personal values of a removed member from the audit log. The chain still verifies.",
      body: ErasureBody,
      answer: ErasureCard,
      problems: ["conflict/state"],
    },
    (call) => erase(call, ledgersOf),
  );

async function erase(call: Call<z.infer<typeof ErasureBody>>, ledgersOf: LedgerOutboxesOf): Promise<Answer> {
  const accountId = call.peekField("accountId") ?? call.principal.accountId;
  await requireEraser(call, accountId, call.peekField("memberId") ?? "");
  const { memberId, reason } = await call.body();
  const isSealed = await sealPending(call.env, call.db, accountId, ledgersOf);
  if (!isSealed) throw stateConflict(message("accounts.unsealedEvents"));
  const events: string[] = [];
  let [after, count] = [0, 0];
  for (;;) {
    const rows = (await selectRowsNaming(call.db, accountId, memberId, after, ROWS_PER_BATCH)).map(
      toSealedRow,
    );
    const erasedRows = rows.flatMap((row) => toErasedRows(row, memberId));
    if (erasedRows.length > 0) {
      events.push(await eraseBatch(call, ledgersOf, { accountId, memberId, reason }, erasedRows));
      count += erasedRows.length;
    }
    if (rows.length < ROWS_PER_BATCH) return { status: 200, body: { memberId, rows: count, events } };
    after = rows.at(-1)?.seq ?? after;
  }
}

/** Erases these rows and returns the id of the event that names them. */
async function eraseBatch(
  call: Call,
  ledgersOf: LedgerOutboxesOf,
  { accountId, memberId, reason }: z.infer<typeof ErasureBody> & { readonly accountId: string },
  erasedRows: readonly ErasedRow[],
): Promise<string> {
  const rowsByPaths = groupByPaths(erasedRows);
  const comments = reason === undefined ? {} : { comments: reason };
  const eventIn = (chain: string, after: Record<string, unknown>) =>
    call.event(
      ERASE_ACTION,
      { type: "audit", id: memberId },
      { accountId: chain, changes: { before: {}, after: { ...after, ...comments } } },
    );
  const event = eventIn(accountId, { rows: rowsByPaths });
  await ledgersOf(call.env)(accountId).erase(accountId, memberId, {
    id: event.id,
    digest: erasureDigest(rowsByPaths),
  });
  const { accountId: ownAccountId } = call.principal;
  const ownEvents =
    accountId === ownAccountId ? [] : [eventIn(ownAccountId, { accountId, rowCount: erasedRows.length })];
  await call.commit(
    { statements: [erasePersonalValues(call.db, accountId, erasedRows)], events: [event, ...ownEvents] },
    { status: 200 },
  );
  return event.id;
}
