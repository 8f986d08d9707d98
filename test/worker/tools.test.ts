import { beforeAll, expect, test } from "vitest";
import { type Api, newKey, ok } from "../harness/client.ts";
import { giveCredits } from "../harness/people.ts";
import { foundPlatform, made, said, subscribed } from "./operators-world.ts";

let platform: Api;
beforeAll(async () => { platform = await foundPlatform(); });

test("in a tool that is retired no task is created, and nothing is charged; those that exist go on, and it is offered again", async () => {
  const owner = await subscribed(platform, "agency");
  await giveCredits(platform, owner.accountId, 10);
  const tool = await made({ api: platform }, "tools", { key: "retired", name: "Retired", createCost: 3, updateCost: 1 });
  const create = (key = newKey()) => owner.api.post<{ id: string }>("/v1/tasks", { toolId: tool, name: "Task" }, { idempotencyKey: key });
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

test("a tool that is retired in the very moment is not worked in: what was decided is asked again", async () => {
  const owner = await subscribed(platform, "agency");
  await giveCredits(platform, owner.accountId, 100);
  const tool = await made({ api: platform }, "tools", { key: "racing", name: "Racing", createCost: 1, updateCost: 1 });
  const attempts = Array.from({ length: 20 }, () => owner.api.post("/v1/tasks", { toolId: tool, name: "Task" }, { idempotencyKey: newKey() }));
  const retired = platform.post(`/v1/tools/${tool}/retire`, {});
  const answers = await Promise.all(attempts);
  ok(await retired, 200);
  const done = answers.filter(({ status }) => status === 201).length;
  expect(answers.filter(({ status }) => ![201, 409, 503].includes(status))).toEqual([]);
  expect(ok(await owner.api.get("/v1/credits"), 200).body["balance"]).toBe(100 - done);
  expect(ok(await owner.api.get<{ data: object[] }>("/v1/tasks?limit=100"), 200).body.data).toHaveLength(done);
});
