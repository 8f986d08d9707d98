import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { expectStatus } from "../../harness/client.ts";
import { newMember } from "../../harness/people.ts";
import { createAgency, createTask, createTool, createSubAccount } from "../resources/charge-fixture.ts";
import { fetch, listIds, said, createSubscribedAccount } from "./operators-fixture.ts";

test("S4.39: tools and tasks are replaced as separate sets, and the next call obeys", async () => {
  const { platform, owner, toolId } = await createAgency(1_000);
  const other = await createTool(platform);
  const [one, two] = [
    expectStatus(await createTask(owner.api, toolId), 201).body.id,
    expectStatus(await createTask(owner.api, other), 201).body.id,
  ];
  const specialist = await createSubAccount(fetch, owner, "specialist");
  const path = `/v1/members/${specialist.memberId}`;
  const tools = (toolIds: readonly string[]) => owner.api.put(`${path}/tools`, { toolIds });
  const tasks = (list: readonly (readonly [toolId: string, taskId: string])[]) =>
    owner.api.put(`${path}/tasks`, { tasks: list.map(([tool, taskId]) => ({ toolId: tool, taskId })) });
  const seen = async () => [await listIds(specialist.api, "tools"), await listIds(specialist.api, "tasks")];
  expect(await seen()).toEqual([[], []]);

  expectStatus(await tools([toolId]), 200);
  expectStatus(
    await tasks([
      [toolId, one],
      [other, two],
    ]),
    200,
  );
  expect(await seen()).toEqual([[toolId], [two, one]]);
  expectStatus(await createTask(specialist.api, toolId), 201);
  expectStatus(await tools([other]), 200);
  expect(said(await createTask(specialist.api, toolId))).toBe("403 access/denied");
  expectStatus(await tasks([[other, two]]), 200);
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
  expectStatus(await tools([]), 200);
  expectStatus(await tasks([]), 200);
  expect([(await seen())[0], said(await specialist.api.get(`/v1/tasks/${two}`))]).toEqual([
    [],
    "404 not-found",
  ]);
});

test("what changes the version of a card changes the time of its last change with it", async () => {
  const { platform, owner, toolId } = await createAgency(1_000);
  const dealer = await createSubscribedAccount(platform, "dealer");
  const [specialist, manager] = [
    await createSubAccount(fetch, owner, "specialist"),
    await newMember(fetch, dealer, { roles: ["dealer_user"] }),
  ];
  const taskId = expectStatus(await createTask(owner.api, toolId), 201).body.id;
  for (const [who, { memberId }, name, body] of [
    [owner, specialist, "tasks", { tasks: [{ toolId, taskId }] }],
    [owner, specialist, "tools", { toolIds: [toolId] }],
    [owner, specialist, "grants", { grants: [] }],
    [dealer, manager, "object-groups", { groupIds: ["all"] }],
  ] as const) {
    await env.DB.prepare("UPDATE member SET updated_at = 1 WHERE id = ?").bind(memberId).run();
    const answer = expectStatus(
      await who.api.put<{ updatedAt: string }>(`/v1/members/${memberId}/${name}`, body),
      200,
    ).body;
    expect(answer.updatedAt > "2026", name).toBe(true);
    expect(expectStatus(await who.api.get(`/v1/members/${memberId}`), 200).body).toMatchObject(answer);
    // The same again changes neither.
    expect(expectStatus(await who.api.put(`/v1/members/${memberId}/${name}`, body), 200).body, name).toEqual(
      answer,
    );
  }
});
