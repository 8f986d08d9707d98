import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { app } from "../../../src/app.ts";
import type { Env } from "../../../src/env.ts";
import { sweepCharges } from "../../../src/resources/charge-sweep.change.ts";
import { type Api, type Fetch, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { giveCredits, newMember, type Person } from "../../harness/people.ts";
import { readAllPages } from "../../harness/full-list.ts";
import { createPlatform, HOME_IP, createSubscribedAccount } from "../access/operators-fixture.ts";

/**
 * What happens around one step of a call: a batch of D1, or a command of the ledger. Steps are counted from
 * 1.
 */
export interface StepHooks {
  readonly before?: (step: number) => Promise<void>;
  readonly after?: (step: number) => Promise<void>;
}

/** The Worker in this test's own process, with a hand on each of its steps. */
export const fetchInSteps =
  (around: StepHooks): Fetch =>
  async (path, init) => {
    const headers = new Headers(init?.headers);
    if (!headers.has("cf-connecting-ip")) headers.set("cf-connecting-ip", HOME_IP);
    let step = 0;
    const during = async <T>(work: () => Promise<T>): Promise<T> => {
      const here = (step += 1);
      await around.before?.(here);
      const result = await work();
      await around.after?.(here);
      return result;
    };
    const context = createExecutionContext();
    const answer = await app.fetch(
      new Request(`http://127.0.0.1:8787${path}`, { ...init, headers } as never),
      stepped(during),
      context,
    );
    await waitOnExecutionContext(context);
    return answer as unknown as Response;
  };

/** Binds what it does not replace: bindings are native objects. */
const over = <T extends object>(target: T, replaced: Partial<Record<string, unknown>>): T =>
  new Proxy(target, {
    get: (_, name) => {
      if (typeof name === "string" && Object.hasOwn(replaced, name)) return replaced[name];
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

type During = <T>(work: () => Promise<T>) => Promise<T>;

function stepped(during: During): Env {
  const ledger = env.ACCOUNTS as unknown as {
    getByName(
      name: string,
    ): Record<"spend" | "grant" | "takeTurn" | "endTurn", (...args: unknown[]) => Promise<unknown>>;
  };
  return {
    ...env,
    DB: over(env.DB, {
      batch: (statements: D1PreparedStatement[]) => during(() => env.DB.batch(statements)),
    }),
    ACCOUNTS: over(env.ACCOUNTS, {
      getByName: (name: string) =>
        over(ledger.getByName(name), {
          takeTurn: (...args: unknown[]) => ledger.getByName(name).takeTurn(...args),
          endTurn: (...args: unknown[]) => ledger.getByName(name).endTurn(...args),
          spend: (...args: unknown[]) => during(() => ledger.getByName(name).spend(...args)),
          grant: (...args: unknown[]) => during(() => ledger.getByName(name).grant(...args)),
        }),
    }),
  };
}

/** The end of the process in the middle of a call, as far as its steps can tell. */
export class Crash extends Error {}
const crash = async (): Promise<void> => {
  throw new Crash("the process is gone");
};
const at = (wanted: number, what: () => Promise<void>) => async (step: number) =>
  step === wanted ? what() : undefined;
/** From that step on nothing works any more: with its effect, or without. */
export const fetchCrashingAt = (wanted: number, withEffect: boolean): Fetch =>
  fetchInSteps({
    before: async (step) => (step > wanted || (step === wanted && !withEffect) ? crash() : undefined),
    after: at(wanted, withEffect ? crash : async () => undefined),
  });
export const fetchInterruptedAt = (wanted: number, what: () => Promise<void>): Fetch =>
  fetchInSteps({ before: at(wanted, what) });

export const sweepAllCharges = () => sweepCharges(env, 0);

/** An agency with one tool of the platform. */
export interface Agency {
  readonly platform: Api;
  readonly owner: Person;
  readonly toolId: string;
}

export const CREATE_COST = 5;
export const UPDATE_COST = 2;

/** Platforms by test file: files share this module, and not the database. */
const founded = new Map<string | undefined, Promise<Api>>();

function platformOfFile(): Promise<Api> {
  const { testPath } = expect.getState();
  const platform = founded.get(testPath) ?? createPlatform();
  founded.set(testPath, platform);
  return platform;
}

export async function createAgency(credits: number): Promise<Agency> {
  const platform = await platformOfFile();
  const owner = await createSubscribedAccount(platform, "agency");
  if (credits > 0) await giveCredits(platform, owner.accountId, credits);
  return { platform, owner, toolId: await createTool(platform) };
}

let tools = 0;
export const createTool = async (
  platform: Api,
  costs = { createCost: CREATE_COST, updateCost: UPDATE_COST },
): Promise<string> =>
  expectStatus(
    await platform.post<{ id: string }>("/v1/tools", {
      key: `tool-${(tools += 1)}`,
      name: "Positions",
      ...costs,
    }),
    201,
  ).body.id;

/** A sub-account with these tools; "0" is all. */
export async function createSubAccount(
  fetch: Fetch,
  owner: Person,
  role: string,
  toolIds: readonly string[] = [],
  more: object = {},
): Promise<Person> {
  return newMember(fetch, owner, {
    roles: [role],
    grants: toolIds.map((resourceId) => ({ resourceType: "tool", resourceId, access: "view" })),
    ...more,
  });
}

export interface Task {
  readonly id: string;
  readonly name: string;
  readonly updates: number;
  readonly version: number;
  readonly createdBy: string;
}

export const createTask = (who: Api, toolId: string, key: string = newIdempotencyKey(), name = "Task") =>
  who.post<Task & { code: string }>("/v1/tasks", { toolId, name }, { idempotencyKey: key });
export const updateTask = (who: Api, id: string, key: string = newIdempotencyKey(), ifMatch?: string) =>
  who.post<Task & { code: string }>(
    `/v1/tasks/${id}/update`,
    {},
    { idempotencyKey: key, ...(ifMatch === undefined ? {} : { ifMatch }) },
  );

/** All that an account has of what these tests are about. */
export async function readState({ owner }: Pick<Agency, "owner">) {
  const tasks = await readAllPages<Task>(owner.api, "/v1/tasks?limit=100");
  const ledger = await readAllPages<{ kind: string; amount: number; description: string | null }>(
    owner.api,
    "/v1/credits/ledger?limit=100",
  );
  const { balance } = expectStatus(await owner.api.get<{ balance: number }>("/v1/credits"), 200).body;
  const charges = (
    await env.DB.prepare("SELECT status, count(*) AS n FROM charge WHERE account_id = ? GROUP BY status")
      .bind(owner.accountId)
      .all<{ status: string; n: number }>()
  ).results;
  return {
    balance,
    tasks: tasks.map(({ id }) => id).sort(),
    updates: tasks.reduce((sum, { updates }) => sum + updates, 0),
    spent: ledger
      .filter(({ kind }) => kind === "spend")
      .map(({ description }) => description ?? "")
      .sort(),
    charges: Object.fromEntries(charges.map(({ status, n }) => [status, n])),
  };
}
