import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus, type Reply } from "../harness/client.ts";
import { type Edge, startEdge } from "../harness/edge.ts";
import {
  giveCredits,
  newAccount,
  newMember,
  newToken,
  type Person,
  activateSubscription,
} from "../harness/people.ts";
import { readAllPages, printFigure, findChainFaults } from "../harness/full-list.ts";
import { isSoak } from "../harness/soak.ts";

/** `npm run test:soak` asks for the long form. */
const ROUNDS = isSoak ? 100 : 2;
const CALLERS = 6;
const CREATE_COST = 5;
const UPDATE_COST = 2;

let edge: Edge;
let platform: Api;
let toolId = "";
beforeAll(async () => {
  edge = await startEdge({ isolates: 2 });
  platform = api(edge.at(0), edge.platform.apiKey);
  const tool = { key: "positions", name: "Positions", createCost: CREATE_COST, updateCost: UPDATE_COST };
  toolId = expectStatus(
    await platform.post<{ id: string }>("/v1/tools", tool, { idempotencyKey: newIdempotencyKey() }),
    201,
  ).body.id;
});
afterAll(() => edge.close());

async function newAgency(): Promise<Person> {
  const owner = await newAccount(edge.at(0), platform, "agency");
  await activateSubscription(platform, owner.accountId);
  await giveCredits(platform, owner.accountId, 1_000_000);
  return owner;
}

const rows = async <Row>(sql: string, ...values: unknown[]): Promise<Row[]> =>
  (
    await (
      await edge.env()
    ).DB.prepare(sql)
      .bind(...values)
      .all<Row>()
  ).results;
const said = ({ status, body }: Reply<unknown>) =>
  status < 400 ? String(status) : `${status} ${(body as { code?: string }).code}`;

test("S1.13: a removed member is refused on every isolate at the next call, by key and token", async () => {
  for (let round = 0; round < ROUNDS * 2; round += 1) {
    const admin = await newAccount(edge.at(0), platform, "team");
    const member = await newMember(edge.at(0), admin, { roles: ["member"] });
    const token = await newToken(edge.at(0), member.apiKey);
    const callers = [0, 1].flatMap((isolate) =>
      [member.apiKey, token].map((credential) => api(edge.at(isolate), credential)),
    );
    for (const caller of callers) expectStatus(await caller.get("/v1/me"), 200);
    expectStatus(await admin.api.via(edge.at(round % 2)).del(`/v1/members/${member.memberId}`), 204);
    expect(await Promise.all(callers.map(async (caller) => said(await caller.get("/v1/me"))))).toEqual(
      callers.map(() => "401 auth/invalid-credential"),
    );
  }
}, 3_600_000);

/** A task that was answered: it was there at that moment, and was paid for. */
interface Made {
  readonly id: string;
}

/**
 * Creates and updates tasks without a pause until the gate knows the member no more; `enough` is called at
 * that many tasks.
 */
async function work(member: Person, isolate: number, made: Made[], enough: () => void): Promise<string> {
  const caller = member.api.via(edge.at(isolate));
  for (let turn = 0; ; turn += 1) {
    const last = made.at(-1);
    const answer: Reply<Made> =
      turn % 3 === 2 && last !== undefined
        ? await caller.post<Made>(`/v1/tasks/${last.id}/update`, {}, { idempotencyKey: newIdempotencyKey() })
        : await caller.post<Made>(
            "/v1/tasks",
            { toolId, name: "Task" },
            { idempotencyKey: newIdempotencyKey() },
          );
    if (answer.status === 201) made.push(answer.body);
    enough();
    if (answer.status === 401) return said(answer);
    if (![200, 201, 404, 503].includes(answer.status)) return `${said(answer)} in the middle`;
  }
}

interface Entry {
  readonly kind: string;
  readonly amount: number;
  readonly description: string | null;
}
interface Told {
  readonly action: string;
  readonly cost: number | null;
  readonly outcome: string;
  readonly resource: { readonly id: string | null };
  readonly changes: { readonly before: { readonly ids?: string[] } };
}

/**
 * Every task has an owner, each entry has its task or the event that removed it, nothing is paid twice or
 * open, and ledger, balance and trail say the same.
 */
async function expectWhole(owner: Person, made: readonly Made[]): Promise<void> {
  expect(
    await rows(
      `SELECT r.id FROM resource r WHERE r.account_id = ? AND NOT EXISTS
        (SELECT 1 FROM member m WHERE m.id = r.owner_id AND m.account_id = r.account_id)`,
      owner.accountId,
    ),
  ).toEqual([]);
  expect(
    await rows("SELECT key FROM charge WHERE account_id = ? AND status = 'pending'", owner.accountId),
  ).toEqual([]);
  const tasks = await readAllPages<{ id: string; updates: number }>(owner.api, "/v1/tasks?limit=100");
  const ledger = await readAllPages<Entry>(owner.api, "/v1/credits/ledger?limit=100");
  const events = (await readAllPages<Told>(owner.api, "/v1/audit?limit=100")).filter(
    ({ outcome }) => outcome === "success",
  );
  const paid = ledger.filter(({ kind }) => kind === "spend");
  const created = paid.flatMap(
    ({ description }) => /^task\.create (\S+)$/.exec(description ?? "")?.[1] ?? [],
  );
  const gone = events
    .filter(({ action }) => action === "task.delete")
    .flatMap(({ resource, changes }) => changes.before.ids ?? [resource.id]);
  expect(new Set(created).size).toBe(created.length);
  expect([...tasks.map(({ id }) => id), ...gone].sort()).toEqual(created.sort());
  expect(made.filter(({ id }) => !created.includes(id))).toEqual([]);
  const ofAction = (action: string) => events.filter((event) => event.action === action);
  expect(
    ofAction("task.create")
      .map(({ resource }) => resource.id)
      .sort(),
  ).toEqual(created.sort());
  const updates = paid.length - created.length;
  expect(ofAction("task.update")).toHaveLength(updates);
  const spent = created.length * CREATE_COST + updates * UPDATE_COST;
  expect(paid.reduce((sum, { amount }) => sum - amount, 0)).toBe(spent);
  expect(events.reduce((sum, { cost }) => sum + (cost ?? 0), 0)).toBe(spent);
  const { balance } = expectStatus(await owner.api.get<{ balance: number }>("/v1/credits"), 200).body;
  expect([balance, ledger.reduce((sum, { amount }) => sum + amount, 0)]).toEqual([
    1_000_000 - spent,
    1_000_000 - spent,
  ]);
}

describe("S4.40: a member is removed while they create and update tasks", () => {
  test.each(["transfer", "delete"])(
    `tasks=%s, ${ROUNDS} times: all has an owner, nothing is paid twice or in vain`,
    async (fate) => {
      let [again, total] = [0, 0];
      for (let round = 0; round < ROUNDS; round += 1) {
        const owner = await newAgency();
        const member = await newMember(edge.at(0), owner, {
          roles: ["specialist"],
          grants: [{ resourceType: "tool", resourceId: toolId, access: "view" }],
        });
        const made: Made[] = [];
        let removal: Promise<Reply> | null = null;
        const remove = async (): Promise<Reply> => {
          for (;;) {
            const answer = await owner.api
              .via(edge.at(round % 2))
              .del(`/v1/members/${member.memberId}?tasks=${fate}`);
            if (answer.status !== 503) return answer;
            again += 1;
          }
        };
        const enough = () => {
          if (made.length >= 1 + ((round * 7) % 23)) removal ??= remove();
        };
        const ends = await Promise.all(
          Array.from({ length: CALLERS }, (_, index) => work(member, index % 2, made, enough)),
        );
        expect(said(expectStatus(await (removal as unknown as Promise<Reply>), 204))).toBe("204");
        expect(ends.filter((end) => !/^401 auth\/(invalid-credential|blocked)$/.test(end))).toEqual([]);
        await expectWhole(owner, made);
        const tasks = await readAllPages<{ id: string }>(owner.api, "/v1/tasks?limit=100");
        expect(tasks.length > 0).toBe(fate === "transfer");
        if (round === 0) expect(await findChainFaults(owner.api)).toEqual([]);
        total += made.length;
      }
      printFigure(`tasks=${fate}: ${total} tasks in ${ROUNDS} rounds, ${again} removals were asked again`);
    },
    3_600_000,
  );
});
