import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { SYSTEM_CONTEXT } from "../../../src/credits/ledger-entry.ts";
import { accountObjectOf } from "../../../src/credits/account-stub.object.ts";
import { sweepCredits } from "../../../src/channels/webhooks/credit.change.ts";
import { type Api, type Fetch, expectStatus } from "../../harness/client.ts";
import { newAccount, newMember, type Person } from "../../harness/people.ts";
import { outcomeOf, type Hook, newHook, newMessageId, postSigned } from "../../harness/webhook.ts";
import { fetchCrashingAt, fetchInterruptedAt } from "../resources/charge-fixture.ts";
import { fetch, createPlatform } from "../access/operators-fixture.ts";

let platform: Api;
let home: string;
beforeAll(async () => {
  platform = await createPlatform();
  home = expectStatus(await platform.get<{ account: { id: string } }>("/v1/me"), 200).body.account.id;
  // Each crash is reported to the console, as it should be.
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

/** More than a delivery has: the hook, its owner, the question, the acceptance, the ledger, the end. */
const STEPS = [1, 2, 3, 4, 5, 6, 7, 8];

interface Paying {
  readonly tenant: Person;
  readonly maker: Person;
  readonly hook: Hook;
}

/** A hook of another member of the platform, which gives a new account seven credits. */
async function paying(): Promise<Paying> {
  const tenant = await newAccount(fetch, platform, "team");
  const maker = await newMember(
    fetch,
    { accountId: home, memberId: "", apiKey: "", api: platform },
    { roles: ["owner"] },
  );
  const then = {
    action: "grant_credits",
    accountId: { value: tenant.accountId },
    kind: "top_up",
    amount: { value: 7 },
  };
  return {
    tenant,
    maker,
    hook: await newHook(maker.api, "standard", { typeAt: "/type", rules: [{ when: { type: "pay" }, then }] }),
  };
}

/** Credits, how often the platform's trail tells of them, and what the delivery says. */
async function stateOf({ tenant, hook }: Paying): Promise<unknown[]> {
  const balance = Number(
    expectStatus(await platform.get(`/v1/accounts/${tenant.accountId}/credits`), 200).body["balance"],
  );
  const { data } = expectStatus(
    await platform.get<{ data: { action: string; resource: { id: string } }[] }>("/v1/audit?limit=50"),
    200,
  ).body;
  const told = (action: string, id: string) =>
    data.filter((event) => event.action === action && event.resource.id === id).length;
  const { results } = await env.DB.prepare("SELECT outcome FROM delivery WHERE hook_id = ?")
    .bind(hook.id)
    .all<{ outcome: string }>();
  const waiting = await env.DB.prepare("SELECT count(*) AS n FROM hook_credit WHERE hook_id = ?")
    .bind(hook.id)
    .first("n");
  return [
    balance,
    told("credits.grant", tenant.accountId),
    told("hook.deliver", hook.id),
    results.map(({ outcome }) => outcome),
    waiting,
  ];
}

const NOTHING = [0, 0, 0, [], 0];
const GIVEN = [7, 1, 1, ["credited"], 0];
const send = (through: Fetch, { hook }: Paying, id = newMessageId()) =>
  postSigned(through, hook, { type: "pay" }, { id });

describe("credits of a hook are given and told, or not given", () => {
  test.each(STEPS)("when its owner is blocked before step %i", async (step) => {
    const world = await paying();
    const answer = outcomeOf(
      await send(
        fetchInterruptedAt(
          step,
          async () =>
            void expectStatus(await platform.post(`/v1/members/${world.maker.memberId}/block`), 200),
        ),
        world,
      ),
    );
    expect(await stateOf(world)).toEqual(answer === "credited" ? GIVEN : NOTHING);
    expect(["credited", "401 auth/invalid-credential"]).toContain(answer);
  });

  test.each(
    STEPS.flatMap(
      (step) =>
        [
          [step, true],
          [step, false],
        ] as const,
    ),
  )(
    "when the process ends at step %i (with its effect: %s): the sweep finishes it, and so does a repeat",
    async (step, withEffect) => {
      const [swept, repeated] = [await paying(), await paying()];
      const id = newMessageId();
      await send(fetchCrashingAt(step, withEffect), swept).catch(() => undefined);
      await sweepCredits(env, 0);
      expect([NOTHING, GIVEN]).toContainEqual(await stateOf(swept));
      await send(fetchCrashingAt(step, withEffect), repeated, id).catch(() => undefined);
      expect(outcomeOf(await send(fetch, repeated, id))).toMatch(/^credited( again)?$/);
      expect(await stateOf(repeated)).toEqual(GIVEN);
      await Promise.all([sweepCredits(env, 0), sweepCredits(env, 0), send(fetch, repeated, id)]);
      expect(await stateOf(repeated)).toEqual(GIVEN);
    },
  );

  test("when the hook is removed in between: they are told all the same", async () => {
    const world = await paying();
    const removal = async () => {
      const row = await env.DB.prepare("SELECT count(*) AS n FROM hook_credit WHERE hook_id = ?")
        .bind(world.hook.id)
        .first("n");
      if (row === 1) await env.DB.prepare("DELETE FROM hook WHERE id = ?").bind(world.hook.id).run();
    };
    const answers: string[] = [];
    for (const step of STEPS) answers.push(outcomeOf(await send(fetchInterruptedAt(step, removal), world)));
    const given = answers.indexOf("401 auth/invalid-credential");
    expect(given).toBeGreaterThan(0);
    expect(await stateOf(world)).toEqual([7 * given, given, given, [], 0]);
  });

  test("K17 a payment that finds no room waits, is reported once, and is given later", async () => {
    const world = await paying();
    const {
      tenant: { accountId },
      hook,
    } = world;
    const fill = {
      op: "grant" as const,
      kind: "promo" as const,
      amount: 1,
      effectiveAt: null,
      expiresAt: null,
    };
    await runInDurableObject(accountObjectOf(env, accountId), (object) => {
      for (let priority = 0; priority < 1_000; priority += 1)
        object.grant(accountId, { ...fill, key: `g${priority}`, priority }, SYSTEM_CONTEXT);
    });
    const [one, other] = [newMessageId(), newMessageId()];
    expect([outcomeOf(await send(fetch, world, one)), outcomeOf(await send(fetch, world, other))]).toEqual([
      "pending conflict/state",
      "pending conflict/state",
    ]);
    expect(outcomeOf(await send(fetch, world, one))).toBe("pending conflict/state again");
    await sweepCredits(env, 0);
    expect(await stateOf(world)).toEqual([1_000, 0, 2, ["pending", "pending"], 2]);
    const { data } = expectStatus(
      await platform.get<{ data: object[] }>(`/v1/hooks/${hook.id}/deliveries`),
      200,
    ).body;
    expect(data).toMatchObject([
      { outcome: "pending", code: "conflict/state", detail: expect.stringContaining("1000 lots") },
      { outcome: "pending" },
    ]);
    const audit = expectStatus(
      await platform.get<{ data: { action: string; resource: { id: string } }[] }>("/v1/audit?limit=50"),
      200,
    ).body.data;
    expect(
      audit.find(({ action, resource }) => action === "hook.deliver" && resource.id === hook.id),
    ).toMatchObject({ outcome: "failed", reason: "conflict/state" });
    // The first lot is spent: there is room for one more, and both payments are of equal terms.
    const spend = {
      op: "spend" as const,
      key: "mem_1:k",
      memberId: "mem_1",
      amount: 1,
      description: null,
      limit: null,
      limitPeriod: "lifetime" as const,
    };
    await accountObjectOf(env, accountId).spend(
      accountId,
      { ...spend, subscriptionActive: true, settles: false },
      SYSTEM_CONTEXT,
    );
    await sweepCredits(env, 0);
    expect((await stateOf(world))[0]).toBe(999);
    await env.DB.prepare("UPDATE hook_credit SET retry_at = 1").run();
    await sweepCredits(env, 0);
    expect(await stateOf(world)).toEqual([1_013, 2, 4, ["credited", "credited"], 0]);
    expect(outcomeOf(await send(fetch, world, one))).toBe("credited again");
  });
});
