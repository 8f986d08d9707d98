import { z } from "zod";
import type { ChainHead } from "../audit/chain/event.ts";
import type { Restore } from "../audit/chain/ledger.ts";
import { accountObjectOf } from "../credits/account-stub.object.ts";
import { findAccount } from "../gate/credentials/account.store.ts";
import { type Call, endpoint, type Endpoint } from "../gate/calls/call.ts";
import { singleLineText } from "../kernel/http/body.ts";
import { iso, isoOrNull } from "../kernel/clock.ts";
import { Problem, stateConflict } from "../kernel/http/problem.ts";
import type { AccountRow } from "./account.card.ts";
import { acceptRestoredState, findHead } from "./restored-state.store.ts";
import { message } from "../kernel/messages/message.ts";
import { ruleText } from "../kernel/messages/rule-text.ts";

const Place = z.object({ seq: z.int(), hash: z.string() }).meta({ id: "ChainPlace" });
const LostRows = z
  .object({ fromSeq: z.int(), toSeq: z.int() })
  .nullable()
  .describe("Places of the audit log that were sealed and are gone, with every change that they tell of.");

const RestoredState = z
  .object({
    accountId: z.string(),
    restoredAt: z.iso
      .datetime()
      .nullable()
      .describe(
        "Since when every call of the account answers 503; null: it was not put back, or that was accepted.",
      ),
    database: Place.describe("Where the audit log ends in the database."),
    witness: Place.nullable().describe(
      "The newest place that was reported to the account's object, which no editor of the database reaches.",
    ),
    lost: LostRows,
    undone: z.array(z.string()).describe("What goes with them."),
    accepted: z
      .array(z.object({ acceptedAt: z.iso.datetime(), database: Place, witness: Place, lost: LostRows }))
      .describe("What was accepted before."),
  })
  .meta({ id: "RestoredState" });

/** What an older copy of the database undoes of all that the account did since. */
const UNDONE = [
  "Blocks and removals of members since the copy: they can call again. Block or remove them once more.",
  "Revocations of keys and ended sessions since the copy: they work again. Revoke them once more.",
  "Erasures of personal data since the copy: the values are there again. Erase them once more.",
  "Changes of roles, rights, grants, limits, address rules and settings since the copy.",
  "Members, keys, objects and files since the copy: they are gone. Credits are not: " +
    "the ledger lies elsewhere.",
];

const toPlace = ({ seq, hash }: ChainHead) => ({ seq, hash });

/** What the witness had beyond the database. A chain that is another one at its end has lost its last row. */
const lostBetween = (database: ChainHead, witness: ChainHead) => ({
  fromSeq: Math.min(database.seq + 1, witness.seq),
  toSeq: witness.seq,
});

const acceptedCard = ({ acceptedAt, database, witness }: Restore) => ({
  acceptedAt: iso(acceptedAt ?? 0),
  database: toPlace(database),
  witness: toPlace(witness),
  lost: lostBetween(database, witness),
});

/** Any account, the platform's own too. @throws Problem access/denied, not-found */
async function loadAccountAndHead(call: Call): Promise<{ row: AccountRow; head: ChainHead }> {
  const id = call.params["id"] ?? "";
  const [[row], [head]] = await call.read(findAccount(call.db, id), findHead(call.db, id));
  call.requireRight("account.manage");
  if (row === undefined) throw new Problem("not-found");
  return { row, head: head ?? { seq: 0, hash: "0".repeat(64), ledgerSeq: 0 } };
}

const show = endpoint(
  {
    method: "GET",
    path: "/v1/accounts/:id/restored-state",
    operationId: "getRestoredState",
    tag: "Accounts",
    right: "account.manage",
    status: 200,
    summary: "Platform: whether the database is behind what was sealed of an account, and what is lost.",
    answer: RestoredState,
  },
  async (call) => {
    const { row, head } = await loadAccountAndHead(call);
    const object = accountObjectOf(call.env, row.id);
    const [witness, restores] = await Promise.all([object.sealedHead(row.id), object.restores(row.id)]);
    const waits = restores.some(({ acceptedAt }) => acceptedAt === null);
    const isBehind = row.restoredAt !== null && witness !== null && waits;
    return {
      status: 200,
      body: {
        accountId: row.id,
        restoredAt: isoOrNull(row.restoredAt),
        database: toPlace(head),
        witness: witness === null ? null : toPlace(witness),
        lost: isBehind ? lostBetween(head, witness) : null,
        undone: isBehind ? UNDONE : [],
        accepted: restores.filter(({ acceptedAt }) => acceptedAt !== null).map(acceptedCard),
      },
    };
  },
);

const AcceptanceBody = z
  .strictObject({
    seq: z.int().min(0).describe("`database.seq` of GET …/restored-state: what is accepted."),
    hash: z.string().regex(/^[0-9a-f]{64}$/, ruleText("accounts.databaseHash")),
    reason: singleLineText(500).describe("Why the database was put back. Both audit logs show it."),
  })
  .meta({ id: "RestoredStateAcceptance" });

const AcceptedCard = RestoredState.pick({
  accountId: true,
  database: true,
  witness: true,
  lost: true,
  undone: true,
}).meta({ id: "AcceptedRestoredState" });

/**
 * The object first: it keeps what was given up, so the command can be repeated after a crash. Nothing is
 * sealed before the database says so too, in the batch that puts the event into both chains.
 */
const accept = endpoint(
  {
    method: "POST",
    path: "/v1/accounts/:id/restored-state/accept",
    operationId: "acceptRestoredState",
    tag: "Accounts",
    right: "account.manage",
    status: 200,
    summary:
      "Platform: accept that the database was put back to an earlier state. " +
      "The account's calls are answered again.",
    body: AcceptanceBody,
    answer: AcceptedCard,
    allowedWhileRestored: true,
    problems: ["conflict/state"],
  },
  async (call) => {
    const { row, head } = await loadAccountAndHead(call);
    const { seq, hash, reason } = await call.body();
    if (row.restoredAt === null) throw stateConflict(message("accounts.notPutBack"));
    if (head.seq !== seq || head.hash !== hash) {
      throw stateConflict(message("accounts.otherPlace"));
    }
    const restore = (await accountObjectOf(call.env, row.id).acceptRestored(row.id, head)) as Restore | null;
    const lost = restore === null ? null : lostBetween(restore.database, restore.witness);
    const witness = restore === null ? null : toPlace(restore.witness);
    const before = { witness, restoredAt: iso(row.restoredAt) };
    const changes = { before, after: { database: toPlace(head), lost, comments: reason } };
    const events = [...new Set([row.id, call.principal.accountId])].map((accountId) =>
      call.event("account.accept_restored", { type: "account", id: row.id }, { accountId, changes }),
    );
    const undone = restore === null ? [] : UNDONE;
    return call.commit(
      { statements: acceptRestoredState(call.db, row, call.now), events },
      { status: 200, body: { accountId: row.id, database: toPlace(head), witness, lost, undone } },
    );
  },
);

export const restoredStateEndpoints: readonly Endpoint[] = [show, accept];
