import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus, type Reply } from "../harness/client.ts";
import { giveCredits, newAccount, newMember, type Person, activateSubscription } from "../harness/people.ts";
import { readAllPages, printFigure, findChainFaults } from "../harness/full-list.ts";
import { newServer, type Server } from "../harness/server.ts";
import { isSoak } from "../harness/soak.ts";

/** `npm run test:soak` asks for the long form. */
const CRASHES = isSoak ? 30 : 1;
/** The sweep leaves calls alone that may still be at it. */
const LEFT_ALONE_MS = 5_500;

interface Row {
  readonly id: string;
  readonly updates?: number;
}

/** A command as its caller knows it: the answer is null when the crash came first. */
interface Try {
  readonly kind: Kind;
  readonly key: string;
  readonly path: string;
  readonly body: object;
  readonly answer: Reply<Row> | null;
}

type Kind = "license" | "task" | "update";
const STATUS = { license: 201, task: 201, update: 200 } as const;

let server: Server;
let platform: Api;
let team: Person;
let agency: Person;
let member: Person;
let specialist: Person;
let [themeId, toolId] = ["", ""];
/** Updated by one caller each, so that none has to wait for another. */
let updated: readonly string[] = [];

beforeAll(async () => {
  server = await newServer();
  platform = api(server.fetch, server.platform.apiKey);
  await server.start();
  const made = async (path: string, body: object) =>
    expectStatus(await platform.post<Row>(`/v1/${path}`, body, { idempotencyKey: newIdempotencyKey() }), 201)
      .body.id;
  themeId = await made("catalog", { name: "Aurora", vendor: "Nordlys", priceCredits: 3 });
  toolId = await made("tools", { key: "positions", name: "Positions", createCost: 5, updateCost: 2 });
  [team, agency] = [
    await newAccount(server.fetch, platform, "team"),
    await newAccount(server.fetch, platform, "agency"),
  ];
  for (const { accountId } of [team, agency]) {
    await activateSubscription(platform, accountId);
    await giveCredits(platform, accountId, 10_000_000);
  }
  member = await newMember(server.fetch, team, { roles: ["member"] });
  specialist = await newMember(server.fetch, agency, {
    roles: ["specialist"],
    grants: [{ resourceType: "tool", resourceId: toolId, access: "view" }],
  });
  const first = await Promise.all(
    [1, 2].map(() =>
      ask({ kind: "task", key: newIdempotencyKey(), path: "tasks", body: { toolId, name: "Updated" } }),
    ),
  );
  updated = first.map((answer) => expectStatus(answer, 201).body.id);
});
afterAll(() => server.close());

const ask = ({ kind, path, key, body }: Omit<Try, "answer">) =>
  (kind === "license" ? member : specialist).api.post<Row>(`/v1/${path}`, body, { idempotencyKey: key });

const callers = (): (() => Omit<Try, "answer">)[] => [
  ...Array.from({ length: 8 }, () => () => ({
    kind: "license" as const,
    key: newIdempotencyKey(),
    path: "licenses",
    body: { themeId },
  })),
  ...Array.from({ length: 8 }, () => () => ({
    kind: "task" as const,
    key: newIdempotencyKey(),
    path: "tasks",
    body: { toolId, name: "Task" },
  })),
  ...updated.map((id) => () => ({
    kind: "update" as const,
    key: newIdempotencyKey(),
    path: `tasks/${id}/update`,
    body: {},
  })),
];

/**
 * Callers go on without a pause until the server is gone; it is killed a moment after `enough` commands were
 * acknowledged.
 */
async function stormUntilKilled(enough: number, moment: number): Promise<Try[]> {
  const tries: Try[] = [];
  let [acknowledged, killing] = [0, null as Promise<void> | null];
  await Promise.all(
    callers().map(async (next) => {
      for (;;) {
        const command = next();
        const answer = await ask(command).catch(() => null);
        tries.push({ ...command, answer });
        if (answer === null) return;
        if ((acknowledged += 1) === enough) killing = sleep(moment).then(() => server.kill9());
      }
    }),
  );
  await killing;
  return tries;
}

/** In the words of the ledger: what was paid for, and what is there. Both must say the same. */
async function expectEachPaid(): Promise<Record<string, number>> {
  const [licenses, tasks] = [
    await readAllPages<Row>(team.api, "/v1/licenses?limit=100"),
    await readAllPages<Row>(agency.api, "/v1/tasks?limit=100"),
  ];
  const there = [
    ...licenses.map(({ id }) => `license.provision ${id}`),
    ...tasks.flatMap(({ id, updates = 0 }) => [
      `task.create ${id}`,
      ...Array.from({ length: updates }, () => `task.update ${id}`),
    ]),
  ];
  const ledgers = [
    ...(await readAllPages<Entry>(team.api, "/v1/credits/ledger?limit=100")),
    ...(await readAllPages<Entry>(agency.api, "/v1/credits/ledger?limit=100")),
  ];
  const paid = ledgers.filter(({ kind }) => kind === "spend");
  expect(paid.map(({ description }) => description).sort()).toEqual(there.sort());
  const price = (line: string) => (line.startsWith("license") ? 3 : line.startsWith("task.create") ? 5 : 2);
  expect(paid.filter(({ amount, description }) => amount !== -price(description))).toEqual([]);
  return Object.fromEntries(
    Map.groupBy(there, (line) => line.split(" ")[0] ?? "")
      .entries()
      .map(([action, lines]) => [action, lines.length]),
  );
}

interface Entry {
  readonly kind: string;
  readonly amount: number;
  readonly description: string;
}

const pending = () =>
  server.rows<{ n: number }>("SELECT count(*) AS n FROM charge WHERE status = 'pending'")[0]?.n ?? -1;

async function replayAll(tries: readonly Try[]): Promise<Reply<Row>[]> {
  const answers: Reply<Row>[] = [];
  // Those on one task one after the other: two at once would tell one of them to wait.
  for (const one of tries) answers.push(expectStatus(await ask(one), STATUS[one.kind]));
  return answers;
}

describe("kill -9 of the whole server while licenses are provisioned, and tasks created and updated", () => {
  test(`S1.8 S4.17 S4.18 ${CRASHES} times: each row has its charge, each charge its row`, async () => {
    let left = 0;
    for (let crash = 0; crash < CRASHES; crash += 1) {
      const tries = await stormUntilKilled(15 + ((crash * 37) % 60), (crash * 7) % 29);
      expect(
        new Set(
          tries.flatMap(({ answer, kind }) =>
            answer === null || answer.status === STATUS[kind] ? [] : [`${kind} ${answer.status}`],
          ),
        ),
      ).toEqual(new Set());
      left += pending();
      await Promise.all([server.start(), sleep(LEFT_ALONE_MS)]);
      await server.sweep();
      await expectEachPaid();
      const first = await replayAll(tries);
      tries.forEach(({ answer }, index) => {
        if (answer !== null) expect(first[index]?.body).toEqual(answer.body);
      });
      expect((await replayAll(tries)).map(({ body }) => body)).toEqual(first.map(({ body }) => body));
      await expectEachPaid();
    }
    printFigure(`${CRASHES} crashes left ${left} charges between acceptance and payment`);

    const counts = await expectEachPaid();
    await server.sweep();
    const told = [
      ...(await readAllPages<{ action: string }>(team.api, "/v1/audit?limit=100&action=license.*")),
      ...(await readAllPages<{ action: string }>(agency.api, "/v1/audit?limit=100&action=task.*")),
    ];
    expect(
      Object.fromEntries(
        Map.groupBy(told, ({ action }) => action)
          .entries()
          .map(([action, rows]) => [action, rows.length]),
      ),
    ).toEqual(counts);
    expect([await findChainFaults(team.api), await findChainFaults(agency.api)]).toEqual([[], []]);
    await server.kill9();
    expect(pending()).toBe(0);
  }, 3_600_000);
});
