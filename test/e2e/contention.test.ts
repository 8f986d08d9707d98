import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus, type Reply } from "../harness/client.ts";
import { type Edge, startEdge } from "../harness/edge.ts";
import { giveCredits, newAccount, newMember, type Person, activateSubscription } from "../harness/people.ts";
import { readAllPages, findChainFaults } from "../harness/full-list.ts";
import { isSoak } from "../harness/soak.ts";

/** `npm run test:soak` asks for the long form. */
const ROUNDS = isSoak ? 20 : 1;
const ISOLATES = 4;
const AT_ONCE = 60;
const CREATE_COST = 5;
const UPDATE_COST = 2;

let edge: Edge;
let platform: Api;
let toolId = "";
beforeAll(async () => {
  edge = await startEdge({ isolates: ISOLATES });
  platform = api(edge.at(0), edge.platform.apiKey);
  const tool = { key: "positions", name: "Positions", createCost: CREATE_COST, updateCost: UPDATE_COST };
  toolId = expectStatus(
    await platform.post<{ id: string }>("/v1/tools", tool, { idempotencyKey: newIdempotencyKey() }),
    201,
  ).body.id;
});
afterAll(() => edge.close());

interface Card {
  readonly id: string;
  readonly updates: number;
  readonly version: number;
}

const said = ({ status, body }: Reply<unknown>) =>
  status < 400 ? String(status) : `${status} ${(body as { code?: string }).code}`;
const atOnce = <T>(who: Person, ask: (caller: Api, index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(
    Array.from({ length: AT_ONCE }, (_, index) => ask(who.api.via(edge.at(index % ISOLATES)), index)),
  );
const counted = (answers: readonly Reply<unknown>[]) =>
  Object.fromEntries([...Map.groupBy(answers, said)].map(([answer, all]) => [answer, all.length]));
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

async function newAgency(credits: number): Promise<Person> {
  const owner = await newAccount(edge.at(0), platform, "agency");
  await activateSubscription(platform, owner.accountId);
  await giveCredits(platform, owner.accountId, credits);
  return owner;
}

test("K14 60 updates of one task from four isolates are all done, and each is charged once", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const paidFor = round % 2 === 0 ? AT_ONCE : 37;
    const owner = await newAgency(CREATE_COST + UPDATE_COST * paidFor);
    const { id } = expectStatus(
      await owner.api.post<Card>(
        "/v1/tasks",
        { toolId, name: "Task" },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body;
    const keys = upTo(AT_ONCE).map(() => newIdempotencyKey());
    const update = (caller: Api, index: number) =>
      caller.post<Card>(`/v1/tasks/${id}/update`, {}, { idempotencyKey: keys[index] ?? "" });
    const answers = await atOnce(owner, update);
    const refused = paidFor === AT_ONCE ? {} : { "402 credits/insufficient-balance": AT_ONCE - paidFor };
    expect(counted(answers)).toEqual({ 200: paidFor, ...refused });
    const done = answers.filter(({ status }) => status === 200).map(({ body }) => body);
    expect(done.map(({ updates }) => updates).sort((a, b) => a - b)).toEqual(upTo(paidFor));
    const replayed = await atOnce(owner, update);
    expect(replayed.map(({ body }) => body)).toEqual(
      answers.map(({ status, body }) => (status === 200 ? body : expect.anything())),
    );
    expect(expectStatus(await owner.api.get<{ balance: number }>("/v1/credits"), 200).body.balance).toBe(0);
    const spent = (await readAllPages<{ kind: string }>(owner.api, "/v1/credits/ledger?limit=100")).filter(
      ({ kind }) => kind === "spend",
    );
    expect(spent).toHaveLength(1 + paidFor);
  }
}, 3_600_000);

test("K14 60 edits of one member with If-Match * are all done, and each answers its own", async () => {
  const owner = await newAccount(edge.at(0), platform, "team");
  const { memberId } = await newMember(edge.at(0), owner, { roles: ["member"] });
  for (let round = 0; round < ROUNDS; round += 1) {
    const answers = await atOnce(owner, (caller, index) =>
      caller.patch<Card & { position: string }>(
        `/v1/members/${memberId}`,
        { position: `${round} ${index}` },
        { ifMatch: "*" },
      ),
    );
    expect(counted(answers)).toEqual({ 200: AT_ONCE });
    expect(answers.map(({ body }) => body.position)).toEqual(
      upTo(AT_ONCE).map((number) => `${round} ${number - 1}`),
    );
    expect(new Set(answers.map(({ body }) => body.version)).size).toBe(AT_ONCE);
  }
  expect(await findChainFaults(owner.api)).toEqual([]);
}, 3_600_000);
