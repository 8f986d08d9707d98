import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type Api, type Fetch, newIdempotencyKey, expectStatus, type Reply } from "../../harness/client.ts";
import {
  type Agency,
  fetchCrashingAt,
  CREATE_COST,
  fetchInterruptedAt,
  createAgency,
  createTask,
  readState,
  sweepAllCharges,
  type Task,
  updateTask,
  UPDATE_COST,
} from "./charge-fixture.ts";
import { statusOf } from "../access/operators-fixture.ts";

/** More than any of these calls has. */
const STEPS_MAX = 10;
/** A call that crashes nowhere looks, accepts, pays and writes: no less. */
const STEPS_MIN = 4;

let agency: Agency;
let [created, updated] = [0, 0];
beforeAll(async () => {
  agency = await createAgency(10_000);
  // Each crash is reported to the console, as it should be.
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

const events = async (id: string): Promise<string[]> => {
  const { results } = await env.DB.prepare(`
    SELECT event ->> 'action' AS action FROM audit_outbox WHERE event ->> '$.resource.id' = ?1
    UNION ALL SELECT action FROM audit_event WHERE resource_id = ?1`)
    .bind(id)
    .all<{ action: string }>();
  return results
    .map(({ action }) => action)
    .filter((action) => action !== "task.view")
    .sort();
};

/** One change, made under one key, whether its caller crashes or not. */
interface Kind {
  readonly name: string;
  readonly ask: (who: Api, key: string) => Promise<Reply<Task & { code: string }>>;
  readonly status: number;
  readonly count: () => void;
}

let updatedTask = "";
const KINDS: readonly Kind[] = [
  {
    name: "create",
    ask: (who, key) => createTask(who, agency.toolId, key),
    status: 201,
    count: () => {
      created += 1;
    },
  },
  {
    name: "update",
    ask: (who, key) => updateTask(who, updatedTask, key),
    status: 200,
    count: () => {
      updated += 1;
    },
  },
];

/**
 * No row without its charge, no charge without its row, nothing pending, each change told once in the trail.
 */
async function expectWhole(): Promise<void> {
  const state = await readState(agency);
  expect(state.charges).toEqual({ paid: created + updated });
  expect(state.balance).toBe(10_000 - created * CREATE_COST - updated * UPDATE_COST);
  expect([state.tasks.length, state.updates]).toEqual([created, updated]);
  expect(state.spent.filter((line) => line.startsWith("task.create ")).map((line) => line.slice(12))).toEqual(
    state.tasks,
  );
  expect(await events(updatedTask)).toEqual([
    "task.create",
    ...Array.from({ length: updated }, () => "task.update"),
  ]);
  for (const id of state.tasks.filter((each) => each !== updatedTask))
    expect(await events(id)).toEqual(["task.create"]);
}

/**
 * Runs a call once with each of its steps disturbed; `mend` brings it to its end. What was answered once
 * stays the answer.
 */
async function atEachStep(
  kind: Kind,
  disturbed: (step: number) => Fetch,
  mend: (key: string, first: Reply<Task & { code: string }>) => Promise<void>,
): Promise<void> {
  for (let step = 1; step <= STEPS_MAX; step += 1) {
    const key = newIdempotencyKey();
    const first = await kind.ask(agency.owner.api.via(disturbed(step)), key);
    await mend(key, first);
    if (first.status === kind.status)
      expect(expectStatus(await kind.ask(owner(), key), kind.status).body).toEqual(first.body);
  }
}

const owner = () => agency.owner.api;

describe("a crash at each step of a change that costs credits", () => {
  beforeAll(async () => {
    updatedTask = expectStatus(await createTask(owner(), agency.toolId), 201).body.id;
    created += 1;
  });

  for (const kind of KINDS) {
    for (const effect of [false, true]) {
      const when = effect ? "just after" : "just before";
      test(`${kind.name}, ${when} its effect: the same key resumes it, any number of times`, async () => {
        let whole = 0;
        await atEachStep(
          kind,
          (step) => fetchCrashingAt(step, effect),
          async (key, first) => {
            whole += first.status === kind.status ? 1 : 0;
            const again = expectStatus(await kind.ask(owner(), key), kind.status);
            expect(expectStatus(await kind.ask(owner(), key), kind.status).body).toEqual(again.body);
            kind.count();
          },
        );
        expect(STEPS_MAX - whole).toBeGreaterThanOrEqual(STEPS_MIN);
        await expectWhole();
      });

      test(`${kind.name}, ${when} its effect: the sweep ends it; the key answers the result`, async () => {
        const left = new Set<string>();
        await atEachStep(
          kind,
          (step) => fetchCrashingAt(step, effect),
          async (key) => {
            const before = await readState(agency);
            await sweepAllCharges();
            await sweepAllCharges();
            const after = await readState(agency);
            expect(after.charges["pending"]).toBeUndefined();
            left.add(JSON.stringify([before.charges["pending"] ?? 0, before.balance - after.balance]));
            const again = expectStatus(await kind.ask(owner(), key), kind.status);
            expect(again.headers.get("idempotency-replayed")).toBe(
              after.charges["paid"] === (await readState(agency)).charges["paid"] ? "true" : null,
            );
            kind.count();
          },
        );
        // Nothing left behind; accepted and not paid; paid and not done: each was met.
        const cost = kind.name === "create" ? CREATE_COST : UPDATE_COST;
        expect(left).toEqual(
          new Set([JSON.stringify([0, 0]), JSON.stringify([1, cost]), JSON.stringify([1, 0])]),
        );
        await expectWhole();
      });
    }

    test(`${kind.name}: a sweep and a twin at each step of it change nothing`, async () => {
      for (const disturb of [
        () => sweepAllCharges(),
        async (key: string) => void (await kind.ask(owner(), key)),
      ]) {
        for (let step = 1; step <= STEPS_MAX; step += 1) {
          const key = newIdempotencyKey();
          const first = await kind.ask(owner().via(fetchInterruptedAt(step, () => disturb(key))), key);
          expect(statusOf(first)).toBe(String(kind.status));
          expect(expectStatus(await kind.ask(owner(), key), kind.status).body).toEqual(first.body);
          kind.count();
        }
      }
      await expectWhole();
    });
  }
});
