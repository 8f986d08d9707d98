import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type Api, newIdempotencyKey, expectStatus, type Reply } from "../../harness/client.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { findChainFaults } from "../../harness/full-list.ts";
import {
  type Agency,
  fetchCrashingAt,
  CREATE_COST,
  fetchInterruptedAt,
  createAgency,
  createTask,
  createTool,
  readState,
  createSubAccount,
  updateTask,
} from "../resources/charge-fixture.ts";
import { listActions } from "../products/dealer-fixture.ts";
import {
  fetch,
  replaceGrants,
  listIds,
  statusOf,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

let agency: Agency;
let owner: Person;
beforeAll(async () => {
  agency = await createAgency(1_000_000);
  owner = agency.owner;
  // Each crash writes to the console, as it should.
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

const remove = (who: Api, memberId: string, tasks?: string) =>
  who.del(`/v1/members/${memberId}${tasks === undefined ? "" : `?tasks=${tasks}`}`);
const blocking = ({ body }: Reply<unknown>) => (body as { blocking?: string[] }).blocking;
const specialist = () => createSubAccount(fetch, owner, "specialist", [agency.toolId]);
const tasksOf = async (who: Person, count: number) => {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1)
    ids.push(expectStatus(await createTask(who.api, agency.toolId), 201).body.id);
  return ids;
};
const ownerOf = async (id: string) =>
  (await env.DB.prepare("SELECT owner_id AS id FROM resource WHERE id = ?").bind(id).first<{ id: string }>())
    ?.id;
const aTask = (resourceId: string) => ({ resourceType: "task", resourceId, access: "view" });

describe("S4.40 an agency", () => {
  test("removes a member without tasks in one step", async () => {
    const member = await specialist();
    expectStatus(await remove(owner.api, member.memberId), 204);
    expect(statusOf(await member.api.get("/v1/me"))).toBe("401 auth/invalid-credential");
  });

  test("S4.41: with tasks, says what is missing; any other word or model is 422", async () => {
    const member = await specialist();
    const ids = await tasksOf(member, 2);
    expect(blocking(expectStatus(await remove(owner.api, member.memberId), 409))).toEqual(["tasks"]);
    for (const word of ["keep", "DELETE", "delete,transfer", "", "1"])
      expect(statusOf(await remove(owner.api, member.memberId, word))).toBe("422 validation");
    expect(statusOf(await owner.api.del(`/v1/members/${member.memberId}?tasks=delete&tasks=transfer`))).toBe(
      "422 validation",
    );
    for (const kind of ["vendor", "team", "seller", "dealer"]) {
      const other = await createSubscribedAccount(agency.platform, kind);
      const { memberId } = await newMember(fetch, other, {});
      for (const word of ["delete", "transfer"])
        expect(statusOf(await remove(other.api, memberId, word)), kind).toBe("422 validation");
    }
    expect(await Promise.all(ids.map(ownerOf))).toEqual([member.memberId, member.memberId]);
    expectStatus(await member.api.get("/v1/me"), 200);
  });

  test("tasks=transfer: all pass to the account owner at once, each with an event", async () => {
    const member = await specialist();
    const ids = await tasksOf(member, 3);
    const colleague = await specialist();
    await replaceGrants(owner, colleague.memberId, [
      { resourceType: "tool", resourceId: agency.toolId, access: "view" },
      aTask(ids[0] ?? ""),
    ]);
    const before = await readState(agency);
    expectStatus(await remove(owner.api, member.memberId, "transfer"), 204);
    expect(await Promise.all(ids.map(ownerOf))).toEqual(ids.map(() => owner.memberId));
    const shown = expectStatus(
      await owner.api.get<{ ownerId: string; createdBy: string }>(`/v1/tasks/${ids[0]}`),
      200,
    ).body;
    expect(shown).toMatchObject({ ownerId: owner.memberId, createdBy: member.memberId });
    expect(statusOf(await owner.api.put(`/v1/tasks/${ids[0]}/owner`, { memberId: colleague.memberId }))).toBe(
      "404 not-found",
    );
    expect(await readState(agency)).toEqual(before);
    // A member who was granted one has it still, and can work on it.
    expectStatus(await updateTask(colleague.api, ids[0] ?? ""), 200);
    const told = (await listActions(owner.api, "task.edit")).filter(({ resource }) =>
      ids.includes(resource.id),
    );
    expect(told.map(({ resource }) => resource.id).sort()).toEqual(ids);
    expect(told[0]?.changes).toEqual({
      before: { ownerId: member.memberId },
      after: { ownerId: owner.memberId },
    });
  });

  test("tasks=delete: they go with the member and their grants; spent credits stay spent", async () => {
    const member = await specialist();
    const [first = "", second = ""] = await tasksOf(member, 2);
    const guest = await createSubAccount(fetch, owner, "guest", [], { grants: [aTask(first)] });
    const colleague = await createSubAccount(fetch, owner, "specialist", [], {
      grants: [aTask(second), aTask("0")],
    });
    expect(await listIds(guest.api, "tasks")).toEqual([first]);
    const before = await readState(agency);
    expectStatus(await remove(owner.api, member.memberId, "delete"), 204);
    expect([await ownerOf(first), await ownerOf(second)]).toEqual([undefined, undefined]);
    expect(await listIds(guest.api, "tasks")).toEqual([]);
    expect(statusOf(await guest.api.get(`/v1/tasks/${first}`))).toBe("404 not-found");
    const { results } = await env.DB.prepare(
      "SELECT member_id, resource_id FROM access_grant WHERE member_id IN (?, ?)",
    )
      .bind(guest.memberId, colleague.memberId)
      .all();
    expect(results).toEqual([{ member_id: colleague.memberId, resource_id: "0" }]);
    const after = await readState(agency);
    expect([after.balance, after.spent]).toEqual([before.balance, before.spent]);
    const told = (await listActions(owner.api, "task.delete")).filter(({ resource }) =>
      [first, second].includes(resource.id),
    );
    expect(told.map(({ changes }) => changes)).toEqual(
      [0, 1].map(() => ({
        before: { name: "Task", toolId: agency.toolId, ownerId: member.memberId },
        after: {},
      })),
    );
    expect(await findChainFaults(owner.api)).toEqual([]);
  });

  test("a member who may remove members, but not tasks, removes none who has tasks", async () => {
    const [member, clerk] = [
      await specialist(),
      await newMember(fetch, owner, { roles: ["manager"], rights: ["member.view", "member.delete"] }),
    ];
    await tasksOf(member, 1);
    const bare = await specialist();
    await replaceGrants(owner, bare.memberId, []);
    // A manager gives no roles, so has power over those without any.
    for (const word of ["delete", "transfer"])
      expect(statusOf(await remove(clerk.api, member.memberId, word))).toBe("403 access/denied");
    await env.DB.prepare("UPDATE member SET roles = '[]', version = version + 1 WHERE id IN (?, ?)")
      .bind(member.memberId, bare.memberId)
      .run();
    await replaceGrants(owner, member.memberId, []);
    expect(statusOf(await remove(clerk.api, member.memberId, "delete"))).toBe("403 access/denied");
    expectStatus(await remove(clerk.api, bare.memberId), 204);
    expectStatus(await remove(clerk.api, member.memberId, "transfer"), 204);
  });

  test("thousands of tasks are one step too, with events of hundreds; the object log has them", async () => {
    const COUNT = 9_000;
    for (const fate of ["transfer", "delete"]) {
      const member = await specialist();
      await env.DB.prepare(`
        INSERT INTO resource (
          account_id, type, id, parent_id, root_id, owner_id, attributes,
          created_by, created_at, updated_at, name)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${COUNT})
        SELECT ?1, 'task', 'tsk_' || ?3 || printf('%04d', i), ?2, ?2, ?3, '{"updates":0}',
          ?3, 1, 1, 'T'
        FROM n`)
        .bind(owner.accountId, agency.toolId, member.memberId)
        .run();
      const before =
        (await env.DB.prepare("SELECT count(*) AS n FROM resource WHERE owner_id = ?")
          .bind(owner.memberId)
          .first<number>("n")) ?? 0;
      expectStatus(await remove(owner.api, member.memberId, fate), 204);
      expect(
        await env.DB.prepare("SELECT count(*) AS n FROM resource WHERE owner_id = ?")
          .bind(member.memberId)
          .first("n"),
      ).toBe(0);
      expect(
        await env.DB.prepare("SELECT count(*) AS n FROM resource WHERE owner_id = ?")
          .bind(owner.memberId)
          .first("n"),
      ).toBe(before + (fate === "transfer" ? COUNT : 0));
      const told = (await listActions(owner.api, fate === "transfer" ? "task.edit" : "task.delete")).filter(
        ({ resource }) => resource.id === null,
      );
      expect(told.map(({ changes }) => (changes as { before: { ids: string[] } }).before.ids.length)).toEqual(
        Array.from({ length: COUNT / 500 }, () => 500),
      );
      await env.DB.prepare("DELETE FROM resource WHERE created_by = ?").bind(member.memberId).run();
    }
  });
});

describe("at each step of a removal", () => {
  const STEPS = 7;
  /** Every object has an owner in the account, and no payment is open. */
  const expectOwned = async () => {
    const { results } = await env.DB.prepare(
      `SELECT id FROM resource r WHERE account_id = ?
        AND NOT EXISTS (SELECT 1 FROM member m WHERE m.id = r.owner_id)`,
    )
      .bind(owner.accountId)
      .all();
    expect(results).toEqual([]);
    expect((await readState(agency)).charges["pending"]).toBeUndefined();
  };

  test.each(["transfer", "delete"])(
    "tasks=%s: a task more, free or paid for, or one less, is where it belongs",
    async (fate) => {
      const free = await createTool(agency.platform, { createCost: 0, updateCost: 0 });
      const met = new Set<number>();
      const all: string[] = [];
      for (const toolId of [free, agency.toolId, null]) {
        for (let step = 1; step <= STEPS; step += 1) {
          const member = await createSubAccount(fetch, owner, "specialist", [free, agency.toolId]);
          const [id = ""] = await tasksOf(member, 1);
          const disturb = async () => {
            const answer =
              toolId === null ? await owner.api.del(`/v1/tasks/${id}`) : await createTask(member.api, toolId);
            met.add(answer.status);
            if (answer.status === 201) all.push((answer.body as { id: string }).id);
          };
          expectStatus(
            await remove(owner.api.via(fetchInterruptedAt(step, disturb)), member.memberId, fate),
            204,
          );
          await expectOwned();
          expect(
            await env.DB.prepare("SELECT count(*) AS n FROM resource WHERE created_by = ? AND owner_id <> ?")
              .bind(member.memberId, owner.memberId)
              .first("n"),
          ).toBe(0);
        }
      }
      expect(met.has(201) && met.has(204)).toBe(true);
      const told = (await listActions(owner.api, fate === "transfer" ? "task.edit" : "task.delete")).map(
        ({ resource }) => resource.id,
      );
      expect(all.filter((id) => told.filter((each) => each === id).length !== 1)).toEqual([]);
    },
  );

  test("a member who is edited meanwhile is removed in the new state; a removed one is missing", async () => {
    for (let step = 1; step <= STEPS; step += 1) {
      const [edited, gone] = [await specialist(), await specialist()];
      await tasksOf(edited, 1);
      expectStatus(
        await remove(
          owner.api.via(
            fetchInterruptedAt(
              step,
              async () =>
                void expectStatus(await owner.api.post(`/v1/members/${edited.memberId}/block`), 200),
            ),
          ),
          edited.memberId,
          "delete",
        ),
        204,
      );
      const late = await remove(
        owner.api.via(
          fetchInterruptedAt(
            step,
            async () => void expectStatus(await remove(owner.api, gone.memberId), 204),
          ),
        ),
        gone.memberId,
      );
      expect(["204", "404 not-found"]).toContain(statusOf(late));
      await expectOwned();
    }
    const told = (await listActions(owner.api, "member.delete&outcome=success")).map(
      ({ resource }) => resource.id,
    );
    expect(new Set(told).size).toBe(told.length);
  });
});

describe("a change that is accepted and not paid", () => {
  test.each([
    ["transfer", 2],
    ["delete", 1],
  ] as const)(
    "tasks=%s: is brought to its end first, and its task goes the same way",
    async (fate, others) => {
      const member = await specialist();
      const ids = await tasksOf(member, 1);
      const before = await readState(agency);
      // The process ends after the change was accepted and before it is paid.
      const key = newIdempotencyKey();
      const cut = await createTask(member.api.via(fetchCrashingAt(4, false)), agency.toolId, key);
      expect(cut.status).toBe(500);
      expect((await readState(agency)).charges["pending"]).toBe(1);
      expectStatus(await remove(owner.api, member.memberId, fate), 204);
      const after = await readState(agency);
      expect([after.charges["pending"], after.balance]).toEqual([undefined, before.balance - CREATE_COST]);
      expect(after.tasks.length).toBe(before.tasks.length + (fate === "transfer" ? 1 : -1));
      if (fate === "transfer")
        expect(
          await env.DB.prepare("SELECT count(*) AS n FROM resource WHERE created_by = ? AND owner_id = ?")
            .bind(member.memberId, owner.memberId)
            .first("n"),
        ).toBe(others);
      expect(
        await env.DB.prepare("SELECT count(*) AS n FROM resource WHERE owner_id = ?")
          .bind(member.memberId)
          .first("n"),
      ).toBe(0);
      expect(statusOf(await createTask(member.api, agency.toolId, key))).toBe("401 auth/invalid-credential");
      expect(ids).toHaveLength(1);
    },
  );

  test("a colleague's unpaid update of the member's task is brought to its end too", async () => {
    const [member, colleague] = [await specialist(), await createSubAccount(fetch, owner, "manager")];
    const [id = ""] = await tasksOf(member, 1);
    const before = await readState(agency);
    expect((await updateTask(colleague.api.via(fetchCrashingAt(4, false)), id)).status).toBe(500);
    expect((await readState(agency)).charges["pending"]).toBe(1);
    expectStatus(await remove(owner.api, member.memberId, "delete"), 204);
    const after = await readState(agency);
    expect([after.charges["pending"], after.balance, await ownerOf(id)]).toEqual([
      undefined,
      before.balance - 2,
      undefined,
    ]);
  });
});
