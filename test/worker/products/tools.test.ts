import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { giveCredits, newMember } from "../../harness/people.ts";
import {
  fetch,
  createPlatform,
  createObject,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

let platform: Api;
beforeAll(async () => {
  platform = await createPlatform();
});

test("a retired tool gets no new task and no charge; existing tasks go on", async () => {
  const owner = await createSubscribedAccount(platform, "agency");
  await giveCredits(platform, owner.accountId, 10);
  const tool = await createObject({ api: platform }, "tools", {
    key: "retired",
    name: "Retired",
    createCost: 3,
    updateCost: 1,
  });
  const create = (key = newIdempotencyKey()) =>
    owner.api.post<{ id: string }>("/v1/tasks", { toolId: tool, name: "Task" }, { idempotencyKey: key });
  const { id } = expectStatus(await create("before"), 201).body;
  expectStatus(await platform.post(`/v1/tools/${tool}/retire`, {}), 200);
  expect(said(await create())).toBe("409 conflict/state");
  // What was paid for under a key is still answered under it.
  expect(expectStatus(await create("before"), 201).body.id).toBe(id);
  expectStatus(
    await owner.api.post(`/v1/tasks/${id}/update`, {}, { idempotencyKey: newIdempotencyKey() }),
    200,
  );
  expect(expectStatus(await owner.api.get("/v1/credits"), 200).body["balance"]).toBe(6);
  expect(said(await platform.del(`/v1/tools/${tool}`))).toBe("409 conflict/not-removable");
  expectStatus(await platform.post(`/v1/tools/${tool}/offer`, {}), 200);
  expectStatus(await create(), 201);
});

test("a tool retired during a call is not worked in: the call is decided again", async () => {
  const owner = await createSubscribedAccount(platform, "agency");
  await giveCredits(platform, owner.accountId, 100);
  const tool = await createObject({ api: platform }, "tools", {
    key: "racing",
    name: "Racing",
    createCost: 1,
    updateCost: 1,
  });
  const attempts = Array.from({ length: 20 }, () =>
    owner.api.post("/v1/tasks", { toolId: tool, name: "Task" }, { idempotencyKey: newIdempotencyKey() }),
  );
  const retired = platform.post(`/v1/tools/${tool}/retire`, {});
  const answers = await Promise.all(attempts);
  expectStatus(await retired, 200);
  const done = answers.filter(({ status }) => status === 201).length;
  expect(answers.filter(({ status }) => ![201, 409, 503].includes(status))).toEqual([]);
  expect(expectStatus(await owner.api.get("/v1/credits"), 200).body["balance"]).toBe(100 - done);
  expect(
    expectStatus(await owner.api.get<{ data: object[] }>("/v1/tasks?limit=100"), 200).body.data,
  ).toHaveLength(done);
});

test("S4.15 K12 a guest is given no right that writes or spends, only rights that view", async () => {
  const owner = await createSubscribedAccount(platform, "agency");
  const tool = await createObject({ api: platform }, "tools", {
    key: newIdempotencyKey(),
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
    email: `${newIdempotencyKey()}@example.com`,
    roles: ["guest"],
    grants,
  });
  const keyed = () => ({ idempotencyKey: newIdempotencyKey() });
  const rights = ["task.create", "credits.spend"];
  const guest = await newMember(fetch, owner, { roles: ["guest"], grants });
  const other = await newMember(fetch, owner, { roles: ["specialist"], rights, grants });
  const path = `/v1/members/${guest.memberId}`;
  const [writer, reader] = [
    await createObject(owner, "roles", { name: "Writer", rights }),
    await createObject(owner, "roles", { name: "Reader", rights: ["audit.view"] }),
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
  const bulk = expectStatus(
    await owner.api.post<{ results: { status: number }[] }>(
      "/v1/invitations/bulk",
      { invitations: [{ ...card(), rights }] },
      keyed(),
    ),
    200,
  );
  expect(bulk.body.results.map(({ status }) => status)).toEqual([422]);
  // What only looks goes with the role, and a role that a guest has stays one that only looks.
  expectStatus(
    await owner.api.patch(path, { roles: ["guest", reader], rights: ["report.download"] }, { ifMatch: "*" }),
    200,
  );
  expect(said(await owner.api.patch(`/v1/roles/${reader}`, { rights }, { ifMatch: "*" }))).toBe(
    "422 validation",
  );
  expectStatus(
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
  expectStatus(await owner.api.patch(path, { firstName: "Gabi" }, { ifMatch: "*" }), 200);
  expect(
    said(await owner.api.post(`/v1/members/${other.memberId}/copy-rights`, { fromMemberId: guest.memberId })),
  ).toBe("422 validation");
});
