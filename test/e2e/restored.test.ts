import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Api,
  api,
  newIdempotencyKey,
  expectStatus,
  type Problem,
  type Reply,
} from "../harness/client.ts";
import { giveCredits, newAccount, newMember, type Person, activateSubscription } from "../harness/people.ts";
import { readAllPages } from "../harness/full-list.ts";
import { newServer, type Server } from "../harness/server.ts";

interface State {
  readonly restoredAt: string | null;
  readonly database: { readonly seq: number; readonly hash: string };
  readonly witness: { readonly seq: number; readonly hash: string };
  readonly lost: { readonly fromSeq: number; readonly toSeq: number } | null;
  readonly undone: readonly string[];
}

let server: Server;
let platform: Api;
let putBack: () => void;
let owner: Person;
let member: Person;
let other: Person;

const restart = async () => {
  await server.kill9();
  putBack();
  await server.start();
};
const said = ({ status, body }: Reply<unknown>) => [status, (body as Problem | undefined)?.code ?? null];
const RESTORED = [503, "state/restored"];
const spend = (who: Person, key = newIdempotencyKey()) =>
  who.api.post("/v1/credits/spend", { amount: 1 }, { idempotencyKey: key });
const stateOf = async (accountId: string) =>
  expectStatus(await platform.get<State>(`/v1/accounts/${accountId}/restored-state`), 200).body;
const accept = (accountId: string, { database }: State, more: object = {}) =>
  platform.post<State>(`/v1/accounts/${accountId}/restored-state/accept`, {
    ...database,
    reason: "The disk failed.",
    ...more,
  });

beforeAll(async () => {
  server = await newServer();
  await server.start();
  platform = api(server.fetch, server.platform.apiKey);
  [owner, other] = [
    await newAccount(server.fetch, platform, "team"),
    await newAccount(server.fetch, platform, "team"),
  ];
  await activateSubscription(platform, owner.accountId);
  await giveCredits(platform, owner.accountId, 10);
  member = await newMember(server.fetch, owner, { roles: ["member"] });
  for (const one of [owner, other]) expectStatus(await one.api.get("/v1/audit"), 200);
  await server.kill9();
  putBack = server.copyDatabase();
  await server.start();
  // After the copy: a block, a spend and a refusal, all of them sealed.
  expectStatus(await spend(member), 201);
  const card = expectStatus(await owner.api.get(`/v1/members/${member.memberId}`), 200);
  expectStatus(
    await owner.api.post(`/v1/members/${member.memberId}/block`, undefined, {
      ifMatch: card.headers.get("etag") ?? "",
    }),
    200,
  );
  expect(said(await member.api.get("/v1/me"))).toEqual([401, "auth/blocked"]);
  expectStatus(await owner.api.get("/v1/audit"), 200);
});
afterAll(() => server.close());

test("K9 S1.38 an old database file stops the account until the platform accepts the loss", async () => {
  await restart();
  // What is answered before the mark: the block is undone.
  expect(said(await member.api.get("/v1/me"))).toEqual([200, null]);
  await server.sweep();

  for (const refused of [
    await member.api.get("/v1/me"),
    await owner.api.get("/v1/audit/verify"),
    await spend(owner),
    await owner.api.post("/v1/auth/token"),
  ]) {
    expect(said(refused)).toEqual(RESTORED);
  }
  expect(said(await giveTo(owner.accountId))).toEqual(RESTORED);
  expect(said(await other.api.get("/v1/me"))).toEqual([200, null]);

  const state = await stateOf(owner.accountId);
  expect(state.restoredAt).toEqual(expect.any(String));
  expect(state.lost).toEqual({ fromSeq: state.database.seq + 1, toSeq: state.witness.seq });
  expect(state.witness.seq).toBeGreaterThan(state.database.seq);
  expect(state.undone.join()).toMatch(/Blocks.*Revocations/s);
  expect(
    said(
      await owner.api.post(`/v1/accounts/${owner.accountId}/restored-state/accept`, {
        ...state.database,
        reason: "mine",
      }),
    ),
  ).toEqual(RESTORED);
  expect(
    said(
      await other.api.post(`/v1/accounts/${owner.accountId}/restored-state/accept`, {
        ...state.database,
        reason: "mine",
      }),
    ),
  ).toEqual([403, "access/denied"]);
  expect(said(await accept(owner.accountId, state, { hash: "0".repeat(64) }))).toEqual([
    409,
    "conflict/state",
  ]);
  expect(said(await accept(other.accountId, state))).toEqual([409, "conflict/state"]);
  expect(said(await owner.api.get("/v1/me"))).toEqual(RESTORED);

  expect(expectStatus(await accept(owner.accountId, state), 200).body).toEqual({
    accountId: owner.accountId,
    database: state.database,
    witness: state.witness,
    lost: state.lost,
    undone: state.undone,
  });
  expect(said(await accept(owner.accountId, state))).toEqual([409, "conflict/state"]);
  const rows = await readAllPages<{
    action: string;
    changes: { after: Record<string, unknown> };
    ledgerSeq: number | null;
  }>(owner.api, "/v1/audit?limit=100");
  expect(
    rows
      .filter(({ action }) => action === "account.accept_restored")
      .map(({ changes }) => changes.after["lost"]),
  ).toEqual([state.lost]);
  expect(rows.flatMap(({ ledgerSeq }) => ledgerSeq ?? []).sort()).toEqual([1, 2]);
  expect(
    expectStatus(await owner.api.get<Record<string, unknown>>("/v1/audit/verify"), 200).body,
  ).toMatchObject({
    ok: true,
    firstFault: null,
    acceptedRestores: [
      { goesOnAfterSeq: state.database.seq, lostToSeq: state.witness.seq, lostHash: state.witness.hash },
    ],
  });
  // The block is undone, as the command said; the spend is not: the ledger lies elsewhere.
  expect(said(await member.api.get("/v1/me"))).toEqual([200, null]);
  expect(expectStatus(await owner.api.get<{ balance: number }>("/v1/credits"), 200).body.balance).toBe(9);
  expect(said(await spend(member))).toEqual([201, null]);
});

const giveTo = (accountId: string) =>
  platform.post(
    `/v1/accounts/${accountId}/credits`,
    { kind: "top_up", amount: 1 },
    { idempotencyKey: newIdempotencyKey() },
  );
