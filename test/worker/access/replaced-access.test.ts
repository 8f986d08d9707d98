import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { ok } from "../../harness/client.ts";
import { newMember } from "../../harness/people.ts";
import { newAgency, newTask, newTool, subAccount } from "../resources/charge-world.ts";
import { fetch, listed, said, subscribed } from "./operators-world.ts";

test("S4.39: tools and tasks are replaced as separate sets, and the next call obeys", async () => {
  const { platform, owner, toolId } = await newAgency(1_000);
  const other = await newTool(platform);
  const [one, two] = [
    ok(await newTask(owner.api, toolId), 201).body.id,
    ok(await newTask(owner.api, other), 201).body.id,
  ];
  const specialist = await subAccount(fetch, owner, "specialist");
  const path = `/v1/members/${specialist.memberId}`;
  const tools = (toolIds: readonly string[]) => owner.api.put(`${path}/tools`, { toolIds });
  const tasks = (list: readonly (readonly [toolId: string, taskId: string])[]) =>
    owner.api.put(`${path}/tasks`, { tasks: list.map(([tool, taskId]) => ({ toolId: tool, taskId })) });
  const seen = async () => [await listed(specialist.api, "tools"), await listed(specialist.api, "tasks")];
  expect(await seen()).toEqual([[], []]);

  ok(await tools([toolId]), 200);
  ok(
    await tasks([
      [toolId, one],
      [other, two],
    ]),
    200,
  );
  expect(await seen()).toEqual([[toolId], [two, one]]);
  ok(await newTask(specialist.api, toolId), 201);
  ok(await tools([other]), 200);
  expect(said(await newTask(specialist.api, toolId))).toBe("403 access/denied");
  ok(await tasks([[other, two]]), 200);
  expect([
    (await seen())[0],
    said(await specialist.api.get(`/v1/tasks/${one}`)),
    said(await specialist.api.get(`/v1/tasks/${two}`)),
  ]).toEqual([[other], "404 not-found", "200"]);

  // What names nothing, or a task of another tool, changes nothing.
  for (const refused of [
    await tools([other, "tol_none"]),
    await tools([other, other]),
    await tasks([[toolId, two]]),
    await tasks([[other, "tsk_none"]]),
  ])
    expect(said(refused)).toBe("422 validation");
  expect((await seen())[0]).toEqual([other]);
  ok(await tools([]), 200);
  ok(await tasks([]), 200);
  expect([(await seen())[0], said(await specialist.api.get(`/v1/tasks/${two}`))]).toEqual([
    [],
    "404 not-found",
  ]);
});

test("what changes the version of a card changes the time of its last change with it", async () => {
  const { platform, owner, toolId } = await newAgency(1_000);
  const dealer = await subscribed(platform, "dealer");
  const [specialist, manager] = [
    await subAccount(fetch, owner, "specialist"),
    await newMember(fetch, dealer, { roles: ["dealer_user"] }),
  ];
  const taskId = ok(await newTask(owner.api, toolId), 201).body.id;
  for (const [who, { memberId }, name, body] of [
    [owner, specialist, "tasks", { tasks: [{ toolId, taskId }] }],
    [owner, specialist, "tools", { toolIds: [toolId] }],
    [owner, specialist, "grants", { grants: [] }],
    [dealer, manager, "object-groups", { groupIds: ["all"] }],
  ] as const) {
    await env.DB.prepare("UPDATE member SET updated_at = 1 WHERE id = ?").bind(memberId).run();
    const answer = ok(
      await who.api.put<{ updatedAt: string }>(`/v1/members/${memberId}/${name}`, body),
      200,
    ).body;
    expect(answer.updatedAt > "2026", name).toBe(true);
    expect(ok(await who.api.get(`/v1/members/${memberId}`), 200).body).toMatchObject(answer);
    // The same again changes neither.
    expect(ok(await who.api.put(`/v1/members/${memberId}/${name}`, body), 200).body, name).toEqual(answer);
  }
});
