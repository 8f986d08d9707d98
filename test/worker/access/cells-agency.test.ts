import { beforeAll, describe, expect, test } from "vitest";
import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newApiKey, newMember } from "../../harness/people.ts";
import {
  type AgencyRole,
  createAgency,
  type AgencyFixture,
  type CellCall,
  toCells,
  postTo,
  type MatrixRow,
} from "./agency-fixture.ts";
import { compareCells } from "./policy-matrix.ts";
import { createTask, createTool, updateTask } from "../resources/charge-fixture.ts";
import { fetch, createPlatform, replaceGrants, listIds, said } from "./operators-fixture.ts";

let platform: Api;
let world: AgencyFixture;
let elsewhere: AgencyFixture;
beforeAll(async () => {
  platform = await createPlatform();
  [world, elsewhere] = [await createAgency(platform), await createAgency(platform)];
}, 120_000);

const get =
  (path: string): CellCall =>
  (who) =>
    who.get(`/v1/${path}`);
const patch =
  (path: string, body: object): CellCall =>
  (who) =>
    who.patch(`/v1/${path}`, body, { ifMatch: "*" });
const title = "cells of the agency";

/** A task made for this cell alone, by the colleague or by the caller. */
const removed =
  (toolId: () => string, make: (role: AgencyRole) => Api, share: boolean): CellCall =>
  async (who, role) => {
    const { id } = expectStatus(await createTask(make(role), toolId()), 201).body;
    const person = world.people[role];
    if (share && (role === "specialist" || role === "guest")) {
      const before = expectStatus(
        await world.owner.api.get<{ grants: { resourceType: string; resourceId: string; access: string }[] }>(
          `/v1/members/${person.memberId}`,
        ),
        200,
      ).body.grants;
      await replaceGrants(world.owner, person.memberId, [
        ...before,
        { resourceType: "task", resourceId: id, access: "view" },
      ]);
    }
    return who.del(`/v1/tasks/${id}`);
  };

/** What may be done with one task: to see it, to change it, to let it run again. */
const onTask = (
  name: string,
  cells: readonly [view: string, edit: string],
  id: (role: AgencyRole) => string,
): MatrixRow[] => [
  [`task.view ${name}`, cells[0], (who, role) => who.get(`/v1/tasks/${id(role)}`)],
  [
    `task.edit ${name}`,
    cells[1],
    (who, role) => who.patch(`/v1/tasks/${id(role)}`, { name: "N" }, { ifMatch: "*" }),
  ],
  [`task.update ${name}`, cells[1], (who, role) => updateTask(who, id(role))],
];

describe("every role, right and scope of the agency's table", () => {
  test("S4.3 S4.15 S4.16 S4.19: tasks, own and others', granted or not, and other accounts'", async () => {
    const { own, shared, foreign, tools, colleague } = world;
    await compareCells(
      `${title}: tasks`,
      toCells(world, [
        //                                              owner manager specialist guest
        ...onTask("own, granted tool", ["yes yes yes yes", "yes yes yes 403"], (role) => own[role].granted),
        ...onTask("own, other tool", ["yes yes yes 404", "yes yes 403 404"], (role) => own[role].other),
        ...onTask("other's, granted tool", ["yes yes 404 yes", "yes yes 404 403"], () => foreign.granted),
        ...onTask("other's, other tool", ["yes yes 404 404", "yes yes 404 404"], () => foreign.other),
        ...onTask(
          "other's and granted, granted tool",
          ["yes yes yes yes", "yes yes yes 403"],
          () => shared.granted,
        ),
        ...onTask(
          "other's and granted, other tool",
          ["yes yes yes yes", "yes yes 403 403"],
          () => shared.other,
        ),
        ...onTask(
          "of another account",
          ["404 404 404 404", "404 404 404 404"],
          () => elsewhere.foreign.granted,
        ),
        ...onTask(
          "that is not there",
          ["404 404 404 404", "404 404 404 404"],
          () => "tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV",
        ),
        ["task.view list", "yes yes yes yes", get("tasks")],
        ["task.view list of a granted tool", "yes yes yes yes", get(`tasks?toolId=${tools.granted}`)],
        ["task.view list of another tool", "yes yes 404 404", get(`tasks?toolId=${tools.other}`)],
        ["task.create granted tool", "yes yes yes 403", (who) => createTask(who, tools.granted)],
        ["task.create other tool", "yes yes 403 403", (who) => createTask(who, tools.other)],
        [
          "task.create no such tool",
          "404 404 403 403",
          (who) => createTask(who, "tol_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ],
        [
          "task.delete own",
          "yes 403 403 403",
          removed(
            () => tools.granted,
            (role) => (role === "guest" ? colleague.api : world.people[role].api),
            false,
          ),
        ],
        [
          "task.delete other's and granted",
          "yes 403 403 403",
          removed(
            () => tools.granted,
            () => world.owner.api,
            true,
          ),
        ],
        [
          "task.delete other's, other tool",
          "yes 403 404 404",
          removed(
            () => tools.other,
            () => world.owner.api,
            false,
          ),
        ],
        [
          "task.delete of another account",
          "404 404 404 404",
          (who) => who.del(`/v1/tasks/${elsewhere.foreign.granted}`),
        ],
      ]),
    );
  });

  test("S4.2 S4.24 S4.25: tools, which only the platform changes; reports; credits", async () => {
    const { tools } = world;
    await compareCells(
      `${title}: tools, reports, credits`,
      toCells(world, [
        //                                              owner manager specialist guest
        ["tool.view list", "yes yes yes yes", get("tools")],
        ["tool.view granted", "yes yes yes yes", get(`tools/${tools.granted}`)],
        ["tool.view other", "yes yes 404 404", get(`tools/${tools.other}`)],
        ["tool.edit granted", "403 403 403 403", patch(`tools/${tools.granted}`, { createCost: 0 })],
        ["tool.edit other", "403 403 404 404", patch(`tools/${tools.other}`, { createCost: 0 })],
        ["tool.create", "403 403 403 403", postTo("tools", { key: "own", name: "Own" })],
        ["tool.delete granted", "403 403 403 403", (who) => who.del(`/v1/tools/${tools.granted}`)],
        ["tool.delete other", "403 403 404 404", (who) => who.del(`/v1/tools/${tools.other}`)],
        ["report.download list", "yes yes yes yes", get("reports")],
        ["report.download tasks", "yes yes yes yes", get("reports/tasks")],
        ["credits.view", "yes yes yes 403", get("credits")],
        ["credits.view ledger", "yes yes yes 403", get("credits/ledger")],
        ["credits.spend", "yes yes yes 403", postTo("credits/spend", { amount: 1 })],
        [
          "credits.grant",
          "403 403 403 403",
          postTo(`accounts/${world.owner.accountId}/credits`, { kind: "top_up", amount: 1 }),
        ],
      ]),
    );
  });

  test("S4.1 S4.2: members, grants, limits and keys; the account, audit log, billing and roles", async () => {
    const { owner, people, colleague, tools, key } = world;
    const member = `members/${colleague.memberId}`;
    const someone = async () => (await newMember(fetch, owner, { roles: ["specialist"] })).memberId;
    const unkeyed = async () =>
      expectStatus(
        await owner.api.post<{ id: string }>("/v1/members", newcomer(), {
          idempotencyKey: newIdempotencyKey(),
        }),
        201,
      ).body.id;
    const newcomer = () => ({
      firstName: "N",
      lastName: "N",
      email: `${newIdempotencyKey()}@example.com`,
      roles: ["specialist"],
    });
    const put =
      (path: string, body: object): CellCall =>
      (who) =>
        who.put(`/v1/${path}`, body);
    await compareCells(
      `${title}: members and the account`,
      toCells(world, [
        //                                              owner manager specialist guest
        ["member.view list", "yes 403 403 403", get("members")],
        [
          "member.view own card",
          "yes 404 404 404",
          (who, role) => who.get(`/v1/members/${people[role].memberId}`),
        ],
        ["member.view other's card", "yes 404 404 404", get(member)],
        ["member.view of another account", "404 404 404 404", get(`members/${elsewhere.colleague.memberId}`)],
        [
          "member.create",
          "yes 403 403 403",
          (who) => who.post("/v1/members", newcomer(), { idempotencyKey: newIdempotencyKey() }),
        ],
        ["member.edit", "yes 403 403 403", patch(member, { position: "P" })],
        ["member.edit limit", "yes 403 403 403", patch(member, { creditLimit: 1_000 })],
        [
          "member.edit of another account",
          "404 403 403 403",
          patch(`members/${elsewhere.colleague.memberId}`, { position: "P" }),
        ],
        ["member.block", "yes 403 403 403", async (who) => who.post(`/v1/members/${await someone()}/block`)],
        [
          "grant.edit grants",
          "yes 403 403 403",
          async (who) => who.put(`/v1/members/${await someone()}/grants`, { grants: [] }),
        ],
        ["grant.edit tools", "yes 403 403 403", put(`${member}/tools`, { toolIds: ["0"] })],
        [
          "grant.edit tasks",
          "yes 403 403 403",
          put(`${member}/tasks`, { tasks: [{ toolId: tools.granted, taskId: world.shared.granted }] }),
        ],
        [
          "grant.edit own tools",
          "yes 403 403 403",
          async (who, role) =>
            who.put(`/v1/members/${role === "owner" ? await someone() : people[role].memberId}/tools`, {
              toolIds: ["0"],
            }),
        ],
        [
          "role.edit",
          "yes 403 403 403",
          postTo("roles", { name: newIdempotencyKey(), rights: ["task.view"] }),
        ],
        [
          "api_key.view own",
          "yes yes yes 403",
          (who, role) => who.get(`/v1/members/${people[role].memberId}/api-keys`),
        ],
        ["api_key.view other's", "yes 404 404 403", get(`${member}/api-keys`)],
        [
          "api_key.create own",
          "yes 403 403 403",
          (who, role) =>
            who.post(
              `/v1/members/${people[role].memberId}/api-keys`,
              { name: "k" },
              { idempotencyKey: newIdempotencyKey() },
            ),
        ],
        [
          "api_key.create other's",
          "yes 403 403 403",
          async (who) => who.post(`/v1/members/${await unkeyed()}/api-keys`, { name: "k" }),
        ],
        [
          "api_key.revoke other's",
          "yes 404 404 403",
          async (who) =>
            who.del(
              `/v1/api-keys/${await keyIdOf(await newMember(fetch, owner, { roles: ["specialist"] }))}`,
            ),
        ],
        [
          "api_key.revoke own",
          "yes yes yes 403",
          async (who, role) => who.del(`/v1/api-keys/${await anotherKey(role)}`),
        ],
        ["audit.view", "yes 403 403 403", get("audit")],
        ["account.view", "yes 403 403 403", get(`accounts/${owner.accountId}`)],
        ["account.view of another", "404 403 403 403", get(`accounts/${elsewhere.owner.accountId}`)],
        ["account.edit", "yes 403 403 403", patch(`accounts/${owner.accountId}`, { name: "Agency" })],
        ["billing.view", "yes 403 403 403", get("billing")],
        ["invoice.view", "yes 403 403 403", get("invoices")],
      ]),
    );
    expect(key.owner).toMatch(/^key_/);

    async function keyIdOf({ memberId }: { memberId: string }): Promise<string> {
      return (
        expectStatus(await owner.api.get<{ data: { id: string }[] }>(`/v1/members/${memberId}/api-keys`), 200)
          .body.data[0]?.id ?? ""
      );
    }
    async function anotherKey(role: AgencyRole): Promise<string> {
      await newApiKey(fetch, owner, people[role].memberId);
      return keyIdOf(people[role]);
    }
  });

  test("lists hold exactly what the cells allow", async () => {
    const { own, shared, foreign, tools, people } = world;
    const whole = new Set(await listIds(world.owner.api, "tasks"));
    const mine = new Set(
      [...Object.values(own), shared, foreign].flatMap(({ granted, other }) => [granted, other]),
    );
    expect(mine.isSubsetOf(whole)).toBe(true);
    expect(new Set(await listIds(people.manager.api, "tasks"))).toEqual(whole);
    const seen = async (role: AgencyRole) =>
      new Set(await listIds(people[role].api, "tasks")).intersection(mine);
    expect(await seen("specialist")).toEqual(
      new Set([own.specialist.granted, own.specialist.other, shared.granted, shared.other]),
    );
    expect(await seen("guest")).toEqual(
      new Set([
        ...Object.values(own).map(({ granted }) => granted),
        foreign.granted,
        shared.granted,
        shared.other,
      ]),
    );
    for (const role of ["specialist", "guest"] as const)
      expect(await listIds(people[role].api, "tools")).toEqual([tools.granted]);
    expect(expectStatus(await people.manager.api.get("/v1/credits"), 200).body).not.toHaveProperty("balance");
  });
});

describe("what is granted", () => {
  test("S4.16 S4.24 S4.25: ticking a tool works at once, unticking too; its own tasks stay", async () => {
    const { owner, tools } = world;
    const { memberId, api } = await newMember(fetch, owner, { roles: ["specialist"] });
    const tick = async (...toolIds: string[]) =>
      expectStatus(await owner.api.put(`/v1/members/${memberId}/tools`, { toolIds }), 200);
    expect(said(await createTask(api, tools.granted))).toBe("403 access/denied");
    await tick(tools.granted);
    const { id } = expectStatus(await createTask(api, tools.granted), 201).body;
    expectStatus(await updateTask(api, id), 200);
    await tick(tools.other);
    expect([
      said(await createTask(api, tools.granted)),
      said(await updateTask(api, id)),
      said(await api.get(`/v1/tasks/${id}`)),
    ]).toEqual(["403 access/denied", "403 access/denied", "200"]);
    expectStatus(await createTask(api, tools.other), 201);
    await tick("0");
    expectStatus(await createTask(api, await createTool(platform)), 201);
  });

  test("S4.26 S4.27: existing tasks, each of its tool; a missing or foreign one is named", async () => {
    const { owner, tools, foreign } = world;
    const { memberId, api } = await newMember(fetch, owner, { roles: ["specialist"] });
    const put = (...tasks: { toolId: string; taskId: string }[]) =>
      owner.api.put(`/v1/members/${memberId}/tasks`, { tasks });
    for (const [toolId, taskId] of [
      [tools.other, foreign.granted],
      [tools.granted, "tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV"],
      [elsewhere.tools.granted, elsewhere.foreign.granted],
    ]) {
      expect(said(await put({ toolId: toolId ?? "", taskId: taskId ?? "" }))).toBe("422 validation");
    }
    expect(said(await api.get(`/v1/tasks/${foreign.granted}`))).toBe("404 not-found");
    expectStatus(await put({ toolId: tools.granted, taskId: foreign.granted }), 200);
    expectStatus(await api.get(`/v1/tasks/${foreign.granted}`), 200);
    expectStatus(await put(), 200);
    expect(said(await api.get(`/v1/tasks/${foreign.granted}`))).toBe("404 not-found");
  });

  test("S4.19 S4.32: a manager has every tool and every task, with ticked tools too, and later", async () => {
    const { owner, tools, foreign, colleague } = world;
    const { memberId, api } = await newMember(fetch, owner, { roles: ["manager"], grants: [] });
    expectStatus(await owner.api.put(`/v1/members/${memberId}/tools`, { toolIds: [tools.granted] }), 200);
    for (const id of [
      foreign.other,
      expectStatus(await createTask(owner.api, tools.other), 201).body.id,
      expectStatus(await createTask(owner.api, await createTool(platform)), 201).body.id,
    ]) {
      expectStatus(await updateTask(api, id), 200);
    }
    expectStatus(await createTask(api, tools.other), 201);
    expect(new Set(await listIds(api, "tasks"))).toEqual(new Set(await listIds(owner.api, "tasks")));
    expect(colleague.memberId).not.toBe(memberId);
  });

  test("S4.14 S4.15: the types: guest, specialist and manager; a guest reads what is granted", async () => {
    const { owner, shared, people } = world;
    expect(
      said(
        await owner.api.post(
          "/v1/members",
          { firstName: "A", lastName: "B", email: `${newIdempotencyKey()}@example.com`, roles: ["admin"] },
          { idempotencyKey: newIdempotencyKey() },
        ),
      ),
    ).toBe("422 validation");
    const rows = expectStatus(
      await people.guest.api.get<{ rows: { id: string }[] }>("/v1/reports/tasks"),
      200,
    ).body.rows.map(({ id }) => id);
    expect(rows).toContain(shared.other);
    expect(rows).not.toContain(world.foreign.other);
    expect(rows.length).toBe((await listIds(people.guest.api, "tasks")).length);
    // What others did, and what it cost, is in the reports of the owner and the managers only.
    const usage = async (who: Api) =>
      new Set(
        expectStatus(
          await who.get<{ rows: { memberId: string | null; action: string }[] }>("/v1/reports/usage"),
          200,
        ).body.rows.map(({ action }) => action),
      );
    expect(
      [await usage(people.guest.api), await usage(people.specialist.api)].some((actions) =>
        actions.has("member.create"),
      ),
    ).toBe(false);
    for (const role of ["owner", "manager"] as const)
      expect((await usage(people[role].api)).has("member.create")).toBe(true);
  });
});
