import { beforeAll, describe, expect, test } from "vitest";
import { TurnLine } from "../../../src/gate/calls/turn.object.ts";
import { type Api, newIdempotencyKey, expectStatus, type Reply } from "../../harness/client.ts";
import { newMember, type Person } from "../../harness/people.ts";
import {
  type Agency,
  CREATE_COST,
  createAgency,
  createTask,
  readState,
  type Task,
  updateTask,
  UPDATE_COST,
} from "../resources/charge-fixture.ts";
import { fetch, said } from "../access/operators-fixture.ts";

const AT_ONCE = 60;
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const atOnce = <T>(count: number, ask: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(upTo(count).map(ask));
const counted = (answers: readonly Reply<unknown>[]) =>
  Object.fromEntries([...Map.groupBy(answers, said)].map(([answer, all]) => [answer, all.length]));

let agency: Agency;
let owner: Person;
beforeAll(async () => {
  agency = await createAgency(CREATE_COST + UPDATE_COST * 50);
  ({ owner } = agency);
});

describe("K14 changes that meet are done one after the other", () => {
  test("K14 60 updates of a task under 60 keys: 200, or 402 without balance; each charged once", async () => {
    const { id } = expectStatus(await createTask(owner.api, agency.toolId), 201).body;
    const keys = upTo(AT_ONCE).map(() => newIdempotencyKey());
    const answers = await atOnce(AT_ONCE, (index) => updateTask(owner.api, id, keys[index - 1]));
    expect(counted(answers)).toEqual({ 200: 50, "402 credits/insufficient-balance": 10 });
    const done = answers.filter(({ status }) => status === 200);
    expect(done.map(({ body }) => body.updates).sort((a, b) => a - b)).toEqual(upTo(50));
    expect(done.every(({ body, headers }) => headers.get("etag") === `"${body.version}"`)).toBe(true);
    const again = await atOnce(5, (index) => updateTask(owner.api, id, keys[index - 1]));
    expect(again.map(({ status, body }) => [status, body.updates])).toEqual(
      answers.slice(0, 5).map(({ status, body }) => [status, body.updates]),
    );
    expect(await readState(agency)).toMatchObject({
      balance: 0,
      updates: 50,
      charges: { paid: 51, refused: 10 },
    });
  });

  test("K14 60 edits of one member with If-Match *: all 200, and each answers its own", async () => {
    const { memberId } = await newMember(fetch, owner, { roles: ["specialist"] });
    const path = `/v1/members/${memberId}`;
    const answers = await atOnce(AT_ONCE, (index) =>
      owner.api.patch<Task & { position: string }>(path, { position: `${index}` }, { ifMatch: "*" }),
    );
    expect(counted(answers)).toEqual({ 200: AT_ONCE });
    expect(answers.map(({ body }) => body.position)).toEqual(upTo(AT_ONCE).map(String));
    const versions = answers.map(({ body }) => body.version).sort((a, b) => a - b);
    expect(versions.map((version) => version - (versions[0] ?? 0))).toEqual(
      upTo(AT_ONCE).map((index) => index - 1),
    );
  });

  test("K14 a version in If-Match stays a condition: of ten edits at once nine are 412", async () => {
    const { memberId } = await newMember(fetch, owner, { roles: ["specialist"] });
    const { headers } = expectStatus(await owner.api.get(`/v1/members/${memberId}`), 200);
    const ifMatch = headers.get("etag") ?? "";
    const edits = await atOnce(10, (index) =>
      owner.api.patch(`/v1/members/${memberId}`, { position: `${index}` }, { ifMatch }),
    );
    expect(counted(edits)).toEqual({ 200: 1, "412 precondition-failed": 9 });
  });

  const SIBLINGS: readonly [name: string, ask: (index: number) => Promise<Reply<unknown>>][] = [
    [
      "the caller's own card",
      (index) => owner.api.patch(`/v1/members/${owner.memberId}`, { position: `${index}` }, { ifMatch: "*" }),
    ],
    [
      "the account, on which every call rests",
      (index) =>
        owner.api.patch(`/v1/accounts/${owner.accountId}`, { name: `Agency ${index}` }, { ifMatch: "*" }),
    ],
    [
      "a tool of the platform",
      (index) =>
        agency.platform.patch(`/v1/tools/${agency.toolId}`, { name: `Tool ${index}` }, { ifMatch: "*" }),
    ],
  ];
  test.each(SIBLINGS)("K14 20 edits at once of %s", async (_, ask) => {
    expect(counted(await atOnce(20, ask))).toEqual({ 200: 20 });
  });

  test("K14 edits by the platform and by the account itself meet at one account", async () => {
    const { accountId } = owner;
    const plan = (index: number) => ({
      restrictedAccounts: true,
      memberLimit: 100 + index,
      contactUrl: null,
    });
    expect(
      counted(
        await atOnce(20, (index) =>
          index % 2 === 0
            ? owner.api.patch(`/v1/accounts/${accountId}`, { name: `Both ${index}` }, { ifMatch: "*" })
            : agency.platform.put(`/v1/accounts/${accountId}/plan`, plan(index)),
        ),
      ),
    ).toEqual({ 200: 20 });
  });

  test("K14 a block and its end, six times each at once", async () => {
    const { memberId } = await newMember(fetch, owner, { roles: ["specialist"] });
    const turn = (index: number) =>
      owner.api.post(`/v1/members/${memberId}/${index % 2 === 0 ? "block" : "unblock"}`);
    expect(counted(await atOnce(12, turn))).toEqual({ 200: 12 });
  });
});

describe("K14 one key on two routes at once", () => {
  const other = (caller: Api, key: string) => [
    () =>
      caller.post(
        "/v1/members",
        { firstName: "A", lastName: "B", email: `${key}@example.com`, accountType: "specialist" },
        { idempotencyKey: key },
      ),
    () => caller.post("/v1/tasks", { toolId: agency.toolId, name: "Task" }, { idempotencyKey: key }),
    () =>
      caller.post(
        "/v1/invitations",
        { firstName: "A", lastName: "B", email: `i${key}@example.com`, role: "specialist" },
        { idempotencyKey: key },
      ),
  ];
  test.each([
    [0, 1],
    [0, 2],
    [1, 2],
  ])("K14 is one command, whichever was first: routes %i and %i", async (one, two) => {
    const rich = await createAgency(1_000);
    for (const _ of upTo(3)) {
      const routes = other(rich.owner.api, newIdempotencyKey());
      const answers = await atOnce(10, (index) =>
        (routes[index % 2 === 0 ? one : two] as () => Promise<Reply<unknown>>)(),
      );
      expect(counted(answers)).toEqual({ 201: 5, "422 idempotency/mismatch": 5 });
    }
  });

  test("K14 a key of a change in D1 is no key of a spend", async () => {
    const rich = await createAgency(1_000);
    const key = newIdempotencyKey();
    expectStatus(await (other(rich.owner.api, key)[0] as () => Promise<Reply<unknown>>)(), 201);
    expect(said(await rich.owner.api.post("/v1/credits/spend", { amount: 1 }, { idempotencyKey: key }))).toBe(
      "422 idempotency/mismatch",
    );
  });
});

describe("K14 the line", () => {
  const line = () => {
    const [turns, order] = [new TurnLine(), [] as string[]];
    return {
      turns,
      order,
      take: (id: string, object: string | null, patience = 60_000) =>
        void turns.take(id, object, patience).then((isTurn) => order.push(`${id} ${isTurn}`)),
    };
  };
  const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

  test("K14 gives turns at an object one by one, in order; none passes a wait for the account", async () => {
    const { turns, order, take } = line();
    take("a1", "a");
    take("a2", "a");
    take("b1", "b");
    take("all", null);
    take("b2", "b");
    take("c1", "c");
    await settled();
    expect(order).toEqual(["a1 true", "b1 true"]);
    turns.end("a1");
    turns.end("b1");
    await settled();
    expect(order.slice(2)).toEqual(["a2 true"]);
    turns.end("a2");
    await settled();
    expect(order.slice(3)).toEqual(["all true"]);
    turns.end("all");
    turns.end("all");
    await settled();
    expect(order.slice(4)).toEqual(["b2 true", "c1 true"]);
  });

  test("K14 forgets who left or waits no longer, and ends a turn that its holder never ended", async () => {
    const { turns, order, take } = line();
    take("lost", "a");
    take("left", "a");
    take("late", "a", 1);
    take("next", "a");
    turns.end("left");
    await expect
      .poll(() => order, { timeout: 20_000 })
      .toEqual(["lost true", "left false", "late false", "next true"]);
  });
});
