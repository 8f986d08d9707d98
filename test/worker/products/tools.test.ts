import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { type Api, newKey, ok } from "../../harness/client.ts";
import { giveCredits, newMember } from "../../harness/people.ts";
import { fetch, foundPlatform, made, said, subscribed } from "../access/operators-world.ts";

let platform: Api;
beforeAll(async () => {
  platform = await foundPlatform();
});

test("a retired tool gets no new task and no charge; existing tasks go on", async () => {
  const owner = await subscribed(platform, "agency");
  await giveCredits(platform, owner.accountId, 10);
  const tool = await made({ api: platform }, "tools", {
    key: "retired",
    name: "Retired",
    createCost: 3,
    updateCost: 1,
  });
  const create = (key = newKey()) =>
    owner.api.post<{ id: string }>("/v1/tasks", { toolId: tool, name: "Task" }, { idempotencyKey: key });
  const { id } = ok(await create("before"), 201).body;
  ok(await platform.post(`/v1/tools/${tool}/retire`, {}), 200);
  expect(said(await create())).toBe("409 conflict/state");
  // What was paid for under a key is still answered under it.
  expect(ok(await create("before"), 201).body.id).toBe(id);
  ok(await owner.api.post(`/v1/tasks/${id}/update`, {}, { idempotencyKey: newKey() }), 200);
  expect(ok(await owner.api.get("/v1/credits"), 200).body["balance"]).toBe(6);
  expect(said(await platform.del(`/v1/tools/${tool}`))).toBe("409 conflict/not-removable");
  ok(await platform.post(`/v1/tools/${tool}/offer`, {}), 200);
  ok(await create(), 201);
});

test("a tool retired during a call is not worked in: the call is decided again", async () => {
  const owner = await subscribed(platform, "agency");
  await giveCredits(platform, owner.accountId, 100);
  const tool = await made({ api: platform }, "tools", {
    key: "racing",
    name: "Racing",
    createCost: 1,
    updateCost: 1,
  });
  const attempts = Array.from({ length: 20 }, () =>
    owner.api.post("/v1/tasks", { toolId: tool, name: "Task" }, { idempotencyKey: newKey() }),
  );
  const retired = platform.post(`/v1/tools/${tool}/retire`, {});
  const answers = await Promise.all(attempts);
  ok(await retired, 200);
  const done = answers.filter(({ status }) => status === 201).length;
  expect(answers.filter(({ status }) => ![201, 409, 503].includes(status))).toEqual([]);
  expect(ok(await owner.api.get("/v1/credits"), 200).body["balance"]).toBe(100 - done);
  expect(ok(await owner.api.get<{ data: object[] }>("/v1/tasks?limit=100"), 200).body.data).toHaveLength(
    done,
  );
});

test("S4.15 K12 a guest is given no right that writes or spends, only rights that view", async () => {
  const owner = await subscribed(platform, "agency");
  const tool = await made({ api: platform }, "tools", {
    key: newKey(),
    name: "Tool",
    createCost: 1,
    updateCost: 1,
  });
  const grants = [
    { resourceType: "task", resourceId: "0", access: "view" },
    { resourceType: "tool", resourceId: tool, access: "view" },
  ];
  const card = () => ({
    firstName: "G",
    lastName: "Guest",
    email: `${newKey()}@example.com`,
    roles: ["guest"],
    grants,
  });
  const keyed = () => ({ idempotencyKey: newKey() });
  const rights = ["task.create", "credits.spend"];
  const guest = await newMember(fetch, owner, { roles: ["guest"], grants });
  const other = await newMember(fetch, owner, { roles: ["specialist"], rights, grants });
  const path = `/v1/members/${guest.memberId}`;
  const [writer, reader] = [
    await made(owner, "roles", { name: "Writer", rights }),
    await made(owner, "roles", { name: "Reader", rights: ["audit.view"] }),
  ];
  const ways = [
    () => owner.api.patch(path, { rights }, { ifMatch: "*" }),
    () => owner.api.patch(path, { rights: ["billing.edit"] }, { ifMatch: "*" }),
    () => owner.api.patch(path, { roles: ["guest", writer] }, { ifMatch: "*" }),
    () => owner.api.post("/v1/members", { ...card(), rights }, keyed()),
    () => owner.api.post("/v1/invitations", { ...card(), rights }, keyed()),
    () => owner.api.post("/v1/invitations", { ...card(), roles: ["guest", writer] }, keyed()),
    () =>
      owner.api.put(`${path}/grants`, {
        grants: [...grants, { resourceType: "billing", resourceId: "0", access: "edit" }],
      }),
    () => owner.api.patch(`/v1/members/${other.memberId}`, { roles: ["guest"] }, { ifMatch: "*" }),
    () => owner.api.patch(`/v1/members/${other.memberId}`, { accountType: "guest" }, { ifMatch: "*" }),
    () =>
      platform.post(
        `/v1/accounts/${owner.accountId}/members`,
        { ...card(), grants: undefined, rights },
        keyed(),
      ),
  ];
  for (const [index, way] of ways.entries())
    expect([index, said(await way())]).toEqual([index, "422 validation"]);
  const bulk = ok(
    await owner.api.post<{ results: { status: number }[] }>(
      "/v1/invitations/bulk",
      { invitations: [{ ...card(), rights }] },
      keyed(),
    ),
    200,
  );
  expect(bulk.body.results.map(({ status }) => status)).toEqual([422]);
  // What only looks goes with the role, and a role that a guest has stays one that only looks.
  ok(
    await owner.api.patch(path, { roles: ["guest", reader], rights: ["report.download"] }, { ifMatch: "*" }),
    200,
  );
  expect(said(await owner.api.patch(`/v1/roles/${reader}`, { rights }, { ifMatch: "*" }))).toBe(
    "422 validation",
  );
  ok(
    await owner.api.patch(`/v1/roles/${writer}`, { rights: [...rights, "task.edit"] }, { ifMatch: "*" }),
    200,
  );
  expect(said(await guest.api.post("/v1/tasks", { toolId: tool, name: "Task" }, keyed()))).toBe(
    "403 access/denied",
  );
  // Rights from before are no fault of a change that leaves them alone.
  await env.DB.prepare("UPDATE member SET rights = ?, version = version + 1 WHERE id = ?")
    .bind(JSON.stringify(rights), guest.memberId)
    .run();
  ok(await owner.api.patch(path, { firstName: "Gabi" }, { ifMatch: "*" }), 200);
  expect(
    said(await owner.api.post(`/v1/members/${other.memberId}/copy-rights`, { fromMemberId: guest.memberId })),
  ).toBe("422 validation");
});
