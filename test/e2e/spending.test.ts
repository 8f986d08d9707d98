import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Api,
  api,
  newIdempotencyKey,
  expectStatus,
  type Problem,
  type Reply,
} from "../harness/client.ts";
import { type Edge, startEdge } from "../harness/edge.ts";
import { giveCredits, newAccount, newMember, type Person, activateSubscription } from "../harness/people.ts";

const ISOLATES = 4;
const CALLS = 200;

let edge: Edge;
let platform: Api;

beforeAll(async () => {
  edge = await startEdge({ isolates: ISOLATES });
  platform = api(edge.at(0), edge.platform.apiKey);
});
afterAll(() => edge.close());

async function spender(
  credits: number,
  creditLimit: number | null,
): Promise<{ owner: Person; member: Person }> {
  const owner = await newAccount(edge.at(0), platform, "team");
  await activateSubscription(platform, owner.accountId);
  await giveCredits(platform, owner.accountId, credits);
  return { owner, member: await newMember(edge.at(0), owner, { roles: ["member"], creditLimit }) };
}

interface Spent {
  readonly amount: number;
  readonly remaining: number;
}

const spend = (member: Person, index: number, amount: number, key: string) =>
  member.api
    .via(edge.at(index % ISOLATES))
    .post<Spent & Problem>("/v1/credits/spend", { amount }, { idempotencyKey: key });

/** All at once, over all isolates. */
const storm = (member: Person, keys: readonly string[]) =>
  Promise.all(keys.map((key, index) => spend(member, index, 1, key)));

const keysOf = (count: number) => Array.from({ length: count }, newIdempotencyKey);
const succeeded = (answers: readonly Reply<unknown>[]) =>
  answers.filter(({ status }) => status === 201).length;
/** What stays the same when a call is repeated: all but the id of the call. */
const outcome = ({ status, body }: Reply<Problem>): Record<string, unknown> => {
  const { requestId: _, instance: __, ...rest } = body;
  return { ...rest, status };
};

async function spentOf(member: Person): Promise<number> {
  return expectStatus(await member.api.get<{ spent: number }>("/v1/credits"), 200).body.spent;
}

describe("spending", () => {
  test("S4.21: of 200 spends of 1 at once over several isolates exactly 50 fit a limit of 50", async () => {
    const { owner, member } = await spender(1_000, 50);
    const answers = await storm(member, keysOf(CALLS));
    expect(succeeded(answers)).toBe(50);
    expect(
      new Set(
        answers.filter(({ status }) => status !== 201).map(({ status, body }) => `${status} ${body.code}`),
      ),
    ).toEqual(new Set(["402 credits/member-limit-exceeded"]));
    expect(await spentOf(member)).toBe(50);
    expect(expectStatus(await owner.api.get("/v1/credits"), 200).body).toMatchObject({
      balance: 950,
      available: 950,
    });
  });

  test("S4.18, S4.22, S4.23: without a limit the balance is the limit, and never goes below 0", async () => {
    const { owner, member } = await spender(50, null);
    const answers = await storm(member, keysOf(CALLS));
    expect(succeeded(answers)).toBe(50);
    expect(new Set(answers.filter(({ status }) => status !== 201).map(({ body }) => body.code))).toEqual(
      new Set(["credits/insufficient-balance"]),
    );
    expect(expectStatus(await owner.api.get("/v1/credits"), 200).body).toMatchObject({
      balance: 0,
      available: 0,
    });
  });

  test("two members of one account share the balance, each within the own limit", async () => {
    const { owner, member } = await spender(60, 40);
    const other = await newMember(edge.at(0), owner, { roles: ["member"], creditLimit: 40 });
    const answers = await Promise.all([storm(member, keysOf(100)), storm(other, keysOf(100))]);
    expect(succeeded(answers.flat())).toBe(60);
    for (const one of answers) expect(succeeded(one)).toBeLessThanOrEqual(40);
  });

  test("a repeated command answers its first outcome, refusals too, and charges nothing", async () => {
    const { member } = await spender(1_000, 50);
    const keys = keysOf(CALLS);
    const first = await storm(member, keys);
    const again = await storm(member, keys.toReversed());
    expect(again.toReversed().map(outcome)).toEqual(first.map(outcome));
    expect(await spentOf(member)).toBe(50);
  });

  test("the same key 40 times at once charges once", async () => {
    const { member } = await spender(1_000, null);
    const answers = await storm(
      member,
      Array.from({ length: 40 }, () => "one-key"),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(outcome(answer)))).size).toBe(1);
    expect(await spentOf(member)).toBe(1);
  });

  test("another command under a used key is refused and changes nothing", async () => {
    const { member } = await spender(1_000, 50);
    const key = newIdempotencyKey();
    expectStatus(await spend(member, 0, 5, key), 201);
    const other = await spend(member, 1, 6, key);
    expect([other.status, other.body.code]).toEqual([422, "idempotency/mismatch"]);
    expect(outcome(await spend(member, 2, 5, key))).toMatchObject({ status: 201, amount: 5 });
    expect(await spentOf(member)).toBe(5);
  });

  test("S4.20, S4.38: a raised limit counts at the next call; one below the spending leaves 0", async () => {
    const { owner, member } = await spender(1_000, 10);
    const limit = async (creditLimit: number | null) =>
      expectStatus(
        await owner.api.patch(`/v1/members/${member.memberId}`, { creditLimit }, { ifMatch: "*" }),
        200,
      );
    expectStatus(await spend(member, 0, 10, newIdempotencyKey()), 201);
    expect((await spend(member, 1, 1, newIdempotencyKey())).status).toBe(402);
    await limit(15);
    expectStatus(await spend(member, 2, 5, newIdempotencyKey()), 201);
    await limit(3);
    const refused = await spend(member, 3, 1, newIdempotencyKey());
    expect(refused).toMatchObject({
      status: 402,
      body: { code: "credits/member-limit-exceeded", required: 1, limit: 3, spent: 15, remaining: 0 },
    });
  });

  test("S4.18: without an active subscription no member spends, and nothing is charged", async () => {
    const { owner, member } = await spender(1_000, null);
    const subscription = async (status: string) =>
      expectStatus(
        await platform.put(`/v1/accounts/${owner.accountId}/subscription`, {
          status,
          tier: null,
          currentPeriodEnd: null,
        }),
        200,
      );
    await subscription("canceled");
    expect(await spend(member, 1, 1, newIdempotencyKey())).toMatchObject({
      status: 402,
      body: { code: "credits/subscription-inactive" },
    });
    await subscription("active");
    expectStatus(await spend(member, 2, 1, newIdempotencyKey()), 201);
    expect(await spentOf(member)).toBe(1);
  });
});
