import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { batch, openDb } from "../../../src/kernel/db.ts";
import {
  selectPendingKeysOn,
  findPendingBefore,
  findPendingOnObject,
  deleteOldCharges,
} from "../../../src/resources/charge.store.ts";
import { newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { giveCredits, newMember } from "../../harness/people.ts";
import {
  type Agency,
  CREATE_COST,
  fetchCrashingAt,
  fetchInterruptedAt,
  createAgency,
  createTask,
  createTool,
  readState,
  createSubAccount,
  sweepAllCharges,
  type Task,
  updateTask,
  UPDATE_COST,
} from "./charge-fixture.ts";
import { fetch, said } from "../access/operators-fixture.ts";

let agency: Agency;
// Each crash is reported to the console, as it should be.
beforeAll(() => void vi.spyOn(console, "error").mockImplementation(() => undefined));
beforeEach(async () => {
  agency = await createAgency(100);
});

const subscription = (status: string) =>
  agency.platform.put(`/v1/accounts/${agency.owner.accountId}/subscription`, {
    status,
    tier: null,
    currentPeriodEnd: null,
  });
const block = (memberId: string) => agency.owner.api.post(`/v1/members/${memberId}/block`);

describe("a change that costs credits", () => {
  test("S4.17, S4.22: create and update cost the tool's price, PATCH nothing; once by key", async () => {
    const { owner, toolId } = agency;
    const key = newIdempotencyKey();
    const first = expectStatus(await createTask(owner.api, toolId, key), 201);
    const again = expectStatus(await createTask(owner.api, toolId, key), 201);
    expect(again.body).toEqual(first.body);
    expect(
      [first, again].map(({ headers }) => [
        headers.get("idempotency-replayed"),
        headers.get("etag"),
        headers.get("location"),
      ]),
    ).toEqual([
      [null, '"1"', `/v1/tasks/${first.body.id}`],
      ["true", null, null],
    ]);
    const patched = expectStatus(
      await owner.api.patch<Task>(`/v1/tasks/${first.body.id}`, { name: "New name" }, { ifMatch: '"1"' }),
      200,
    ).body;
    const updated = expectStatus(await updateTask(owner.api, first.body.id), 200).body;
    expect(updated).toMatchObject({ name: "New name", updates: 1, version: 3, updatedBy: owner.memberId });
    expect(expectStatus(await owner.api.get(`/v1/tasks/${first.body.id}`), 200).body).toEqual({
      ...patched,
      ...updated,
    });
    const { id } = first.body;
    const { data } = expectStatus(
      await owner.api.get<{ data: { kind: string; memberId: string | null; billedTo: string | null }[] }>(
        "/v1/credits/ledger",
      ),
      200,
    ).body;
    expect(data.map(({ kind, billedTo }) => [kind, billedTo])).toEqual([
      ["spend", owner.memberId],
      ["spend", owner.memberId],
      ["grant", null],
    ]);
    expect(await readState(agency)).toEqual({
      balance: 93,
      tasks: [id],
      updates: 1,
      spent: [`task.create ${id}`, `task.update ${id}`],
      charges: { paid: 2 },
    });
  });

  test("two at once under one key are one; two keys on one task are two, one after the other", async () => {
    const { owner, toolId } = agency;
    const key = newIdempotencyKey();
    const twins = await Promise.all(Array.from({ length: 8 }, () => createTask(owner.api, toolId, key)));
    expect(new Set(twins.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
    const id = twins[0]?.body.id ?? "";
    const answers = await Promise.all(Array.from({ length: 6 }, () => updateTask(owner.api, id)));
    expect(answers.map(said)).toEqual(answers.map(() => "200"));
    expect(answers.map(({ body }) => body.updates).sort()).toEqual([1, 2, 3, 4, 5, 6]);
    const { updates, balance, charges } = await readState(agency);
    expect([updates, balance, charges]).toEqual([6, 100 - CREATE_COST - UPDATE_COST * 6, { paid: 7 }]);
  });

  test("a key belongs to one command: another body, route or a spend is refused under it", async () => {
    const { owner, toolId } = agency;
    const key = newIdempotencyKey();
    const { id } = expectStatus(await createTask(owner.api, toolId, key), 201).body;
    expect(said(await createTask(owner.api, toolId, key, "Other"))).toBe("422 idempotency/mismatch");
    expect(said(await updateTask(owner.api, id, key))).toBe("422 idempotency/mismatch");
    expect(
      said(await owner.api.post("/v1/credits/spend", { amount: CREATE_COST }, { idempotencyKey: key })),
    ).toBe("422 idempotency/mismatch");
    // The very words that the ledger would know the update by: what was spent by hand pays for no update.
    const spent = newIdempotencyKey();
    expectStatus(
      await owner.api.post(
        "/v1/credits/spend",
        { amount: UPDATE_COST, description: `task.update ${id}` },
        { idempotencyKey: spent },
      ),
      201,
    );
    expect(said(await updateTask(owner.api, id, spent))).toBe("422 idempotency/mismatch");
    expect(said(await owner.api.post("/v1/tasks", { toolId, name: "No key" }))).toBe(
      "400 idempotency/missing",
    );
    expect(await readState(agency)).toMatchObject({
      balance: 93,
      tasks: [id],
      updates: 0,
      charges: { paid: 1 },
    });
  });

  test("a key that is remembered no more is no free ride: the ledger still knows it", async () => {
    const { owner, toolId } = agency;
    const [created, updated] = [newIdempotencyKey(), newIdempotencyKey()];
    const { id } = expectStatus(await createTask(owner.api, toolId, created), 201).body;
    expectStatus(await updateTask(owner.api, id, updated), 200);
    await env.DB.prepare("DELETE FROM charge WHERE account_id = ?").bind(owner.accountId).run();
    expect(said(await updateTask(owner.api, id, updated))).toBe("422 idempotency/mismatch");
    expect(said(await createTask(owner.api, toolId, created))).toBe("422 idempotency/mismatch");
    expect(await readState(agency)).toMatchObject({ balance: 93, tasks: [id], updates: 1, charges: {} });
  });

  test("what was paid is answered again, after another version, another price, no credits", async () => {
    const { owner, toolId, platform } = agency;
    const { id } = expectStatus(await createTask(owner.api, toolId), 201).body;
    const key = newIdempotencyKey();
    const first = expectStatus(await updateTask(owner.api, id, key, '"1"'), 200).body;
    expectStatus(await owner.api.patch(`/v1/tasks/${id}`, { name: "Later" }, { ifMatch: '"2"' }), 200);
    expectStatus(await platform.patch(`/v1/tools/${toolId}`, { updateCost: 1_000 }, { ifMatch: "*" }), 200);
    expectStatus(await subscription("canceled"), 200);
    expect(expectStatus(await updateTask(owner.api, id, key, '"1"'), 200).body).toEqual(first);
    expect(said(await updateTask(owner.api, id, newIdempotencyKey(), '"1"'))).toBe("412 precondition-failed");
    expectStatus(await owner.api.del(`/v1/tasks/${id}`), 204);
    expect(said(await updateTask(owner.api, id, key))).toBe("404 not-found");
  });

  test("S4.18, S4.21: a refusal leaves only its answer under the key; a new key asks again", async () => {
    const { owner, toolId, platform } = await createAgency(CREATE_COST);
    const poor = { owner };
    const specialist = await createSubAccount(fetch, owner, "specialist", [toolId], {
      creditLimit: CREATE_COST - 1,
    });
    const before = await readState(poor);
    const [limited, broke, lapsed] = [newIdempotencyKey(), newIdempotencyKey(), newIdempotencyKey()];
    expect(await createTask(specialist.api, toolId, limited)).toMatchObject({
      status: 402,
      body: { code: "credits/member-limit-exceeded", required: 5, limit: 4, spent: 0, remaining: 4 },
    });
    const dear = await createTool(platform, { createCost: 6, updateCost: 0 });
    expect(said(await createTask(owner.api, dear, broke))).toBe("402 credits/insufficient-balance");
    expectStatus(
      await platform.put(`/v1/accounts/${owner.accountId}/subscription`, {
        status: "past_due",
        tier: null,
        currentPeriodEnd: null,
      }),
      200,
    );
    expect(said(await createTask(owner.api, toolId, lapsed))).toBe("402 credits/subscription-inactive");
    expect(expectStatus(await owner.api.get("/v1/tasks"), 200).body).toEqual({ data: [], nextCursor: null });
    expect(await readState(poor)).toEqual({ ...before, charges: { refused: 2 } });
    expectStatus(
      await platform.put(`/v1/accounts/${owner.accountId}/subscription`, {
        status: "active",
        tier: null,
        currentPeriodEnd: null,
      }),
      200,
    );
    await giveCredits(platform, owner.accountId, 100);
    const again = await createTask(owner.api, dear, broke);
    expect([said(again), again.headers.get("idempotency-replayed")]).toEqual([
      "402 credits/insufficient-balance",
      "true",
    ]);
    expectStatus(await createTask(owner.api, dear), 201);
    // Nothing was accepted while the subscription was over, so nothing is remembered of it.
    expectStatus(await createTask(owner.api, toolId, lapsed), 201);
  });

  test("S4.21: 100 tasks at once on a limit of 7 tasks and something: exactly 7", async () => {
    const { owner, toolId } = await createAgency(1_000);
    const specialist = await createSubAccount(fetch, owner, "specialist", [toolId], {
      creditLimit: 7 * CREATE_COST + 3,
    });
    const answers = await Promise.all(Array.from({ length: 100 }, () => createTask(specialist.api, toolId)));
    expect(Map.groupBy(answers, said).get("201")?.length).toBe(7);
    expect(new Set(answers.map(said))).toEqual(new Set(["201", "402 credits/member-limit-exceeded"]));
    const made = answers
      .filter(({ status }) => status === 201)
      .map(({ body }) => body.id)
      .sort();
    expect(await readState({ owner })).toEqual({
      balance: 965,
      tasks: made,
      updates: 0,
      spent: made.map((id) => `task.create ${id}`),
      charges: { paid: 7, refused: 93 },
    });
  });

  test("S4.18: 60 tasks at once on credits for 12: exactly 12, and the balance is 0", async () => {
    const { owner, toolId } = await createAgency(12 * CREATE_COST);
    const manager = await createSubAccount(fetch, owner, "manager");
    const answers = await Promise.all(Array.from({ length: 60 }, () => createTask(manager.api, toolId)));
    expect(Map.groupBy(answers, said).get("201")?.length).toBe(12);
    expect(await readState({ owner })).toMatchObject({ balance: 0, charges: { paid: 12, refused: 48 } });
  });

  test("a free one needs the subscription, is done at once, without entry; twins are one", async () => {
    const { owner, platform } = agency;
    const free = await createTool(platform, { createCost: 0, updateCost: 0 });
    const key = newIdempotencyKey();
    const twins = await Promise.all(Array.from({ length: 5 }, () => createTask(owner.api, free, key)));
    expect(new Set(twins.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
    const id = twins[0]?.body.id ?? "";
    expect(expectStatus(await updateTask(owner.api, id), 200).body.updates).toBe(1);
    expectStatus(await subscription("none"), 200);
    expect(said(await updateTask(owner.api, id))).toBe("402 credits/subscription-inactive");
    expect(await readState(agency)).toEqual({
      balance: 100,
      tasks: [id],
      updates: 1,
      spent: [],
      charges: { paid: 2 },
    });
  });

  test("a price that changes before the acceptance counts; after the acceptance it does not", async () => {
    const { owner, toolId, platform } = agency;
    const price = async (createCost: number) =>
      void expectStatus(await platform.patch(`/v1/tools/${toolId}`, { createCost }, { ifMatch: "*" }), 200);
    const accepted = await acceptance(agency);
    const steps: number[] = [];
    for (let step = 1; step <= 7; step += 1) {
      await price(1);
      const before = (await readState(agency)).balance;
      expectStatus(await createTask(owner.api.via(fetchInterruptedAt(step, () => price(10))), toolId), 201);
      steps.push(before - (await readState(agency)).balance);
    }
    expect(steps).toEqual(Array.from({ length: 7 }, (_, index) => (index < accepted ? 10 : 1)));
  });
});

describe("what a crash left behind", () => {
  test("is kept until it is settled, however old; what is settled is forgotten with its key", async () => {
    const { owner, toolId } = agency;
    const db = openDb(env.DB);
    const manager = await newMember(fetch, owner, { roles: ["manager"] });
    await createTask(manager.api.via(fetchCrashingAt(await acceptance(agency), true)), toolId);
    expectStatus(await createTask(owner.api, toolId), 201);
    await batch(db, [deleteOldCharges(db, 1)]);
    expect((await readState(agency)).charges).toEqual({ paid: 1, pending: 1 });
    await batch(db, [deleteOldCharges(db, Date.now() + 1)]);
    expect((await readState(agency)).charges).toEqual({ pending: 1 });
    await sweepAllCharges();
    expect(await readState(agency)).toMatchObject({ balance: 90, charges: { paid: 1 } });
  });

  test("is found by indexes that hold nothing else", async () => {
    const db = openDb(env.DB);
    const plans = await Promise.all(
      [findPendingBefore(db, 1, 1), findPendingOnObject(db, "x"), selectPendingKeysOn(db, "x")].map(
        async (query) => {
          const { sql, params } = query.toSQL();
          const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
            .bind(...params)
            .all<{ detail: string }>();
          return results[0]?.detail;
        },
      ),
    );
    expect(plans).toEqual([
      expect.stringContaining("charge_pending"),
      expect.stringContaining("charge_resource"),
      expect.stringContaining("charge_resource"),
    ]);
  });

  test("is refused by the sweep, for ever, when rights or subscription have ended since", async () => {
    for (const end of ["block", "lapse"]) {
      const world = await createAgency(100);
      const specialist = await newMember(fetch, world.owner, { roles: ["manager"] });
      const key = newIdempotencyKey();
      // Accepted, and nothing more.
      expect(
        (
          await createTask(
            specialist.api.via(fetchCrashingAt(await acceptance(world), true)),
            world.toolId,
            key,
          )
        ).status,
      ).toBe(500);
      expect(await readState(world)).toMatchObject({ balance: 100, tasks: [], charges: { pending: 1 } });
      const lapse = (status: string) =>
        world.platform.put(`/v1/accounts/${world.owner.accountId}/subscription`, {
          status,
          tier: null,
          currentPeriodEnd: null,
        });
      expectStatus(
        end === "block"
          ? await world.owner.api.post(`/v1/members/${specialist.memberId}/block`)
          : await lapse("canceled"),
        200,
      );
      await sweepAllCharges();
      expect(await readState(world)).toEqual({
        balance: 100,
        tasks: [],
        updates: 0,
        spent: [],
        charges: { refused: 1 },
      });
      expectStatus(
        end === "block"
          ? await world.owner.api.post(`/v1/members/${specialist.memberId}/unblock`)
          : await lapse("active"),
        200,
      );
      expect(said(await createTask(specialist.api, world.toolId, key))).toBe(
        "402 credits/subscription-inactive",
      );
      expect(await readState(world)).toMatchObject({ balance: 100, tasks: [], charges: { refused: 1 } });
    }
  });

  test("is done by the sweep when it is paid: for a blocked member, or the owner if removed", async () => {
    const manager = await newMember(fetch, agency.owner, { roles: ["manager"] });
    const paid = (await acceptance(agency)) + 1;
    expect((await createTask(manager.api.via(fetchCrashingAt(paid, true)), agency.toolId)).status).toBe(500);
    expect(await readState(agency)).toMatchObject({ balance: 95, tasks: [], charges: { pending: 1 } });
    expectStatus(await block(manager.memberId), 200);
    for (const table of ["api_key", "access_grant"])
      await env.DB.prepare(`DELETE FROM ${table} WHERE member_id = ?`).bind(manager.memberId).run();
    await env.DB.prepare("DELETE FROM member WHERE id = ?").bind(manager.memberId).run();
    await sweepAllCharges();
    const owners = (
      await env.DB.prepare("SELECT owner_id FROM resource WHERE account_id = ? AND created_by = ?")
        .bind(agency.owner.accountId, manager.memberId)
        .all()
    ).results;
    expect(owners).toEqual([{ owner_id: agency.owner.memberId }]);
    expect(await readState(agency)).toMatchObject({ balance: 95, charges: { paid: 1 } });
  });

  test("keeps the tool of a task that is not there yet from being removed", async () => {
    const { owner, toolId, platform } = agency;
    const manager = await newMember(fetch, owner, { roles: ["manager"] });
    expect(
      (await createTask(manager.api.via(fetchCrashingAt(await acceptance(agency), true)), toolId)).status,
    ).toBe(500);
    expect(said(await platform.del(`/v1/tools/${toolId}`))).toBe("409 conflict/not-removable");
    await sweepAllCharges();
    expect((await readState(agency)).tasks.length).toBe(1);
  });

  test("keeps its object and its tool from removal, and is finished by the task's next update", async () => {
    const { owner, toolId, platform } = agency;
    const { id } = expectStatus(await createTask(owner.api, toolId), 201).body;
    const key = newIdempotencyKey();
    const statuses: string[] = [];
    for (let step = 1; statuses.at(-1) !== "accepted"; step += 1) {
      await updateTask(owner.api.via(fetchCrashingAt(step, true)), id, key);
      statuses.push((await readState(agency)).charges["pending"] === 1 ? "accepted" : "nothing");
    }
    expect(said(await owner.api.del(`/v1/tasks/${id}`))).toBe("409 conflict/not-removable");
    expect(said(await platform.del(`/v1/tools/${toolId}`))).toBe("409 conflict/not-removable");
    expectStatus(
      await owner.api.patch(`/v1/tasks/${id}`, { description: "Meanwhile" }, { ifMatch: '"1"' }),
      200,
    );
    expect(expectStatus(await updateTask(owner.api, id), 200).body).toMatchObject({
      updates: 2,
      description: "Meanwhile",
    });
    expect(expectStatus(await updateTask(owner.api, id, key), 200).body.updates).toBe(1);
    expect(await readState(agency)).toMatchObject({
      balance: 100 - CREATE_COST - 2 * UPDATE_COST,
      updates: 2,
      charges: { paid: 3 },
    });
  });
});

/**
 * The step of a creation in which it is accepted: the one after which, and not before, a crash leaves a
 * charge.
 */
async function acceptance({ owner, toolId }: Agency): Promise<number> {
  const count = async () =>
    env.DB.prepare("SELECT count(*) AS n FROM charge WHERE account_id = ?")
      .bind(owner.accountId)
      .first<number>("n");
  const manager = await newMember(fetch, owner, { roles: ["manager"] });
  for (let step = 1; ; step += 1) {
    await createTask(manager.api.via(fetchCrashingAt(step, true)), toolId);
    if ((await count()) === 0) continue;
    await env.DB.prepare("DELETE FROM charge WHERE account_id = ?").bind(owner.accountId).run();
    return step;
  }
}
