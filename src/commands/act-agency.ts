import { as } from "./cast.ts";
import { ask, type Caller, textAt } from "./client.ts";
import type { Login } from "./local.ts";
import { equip, joined, make, opened, peopleOf, type Stage } from "./stage.ts";

/** An agency with two tools, and what lets another member in. */
interface Agency {
  readonly rosa: Caller;
  /** The ids of the two tools. */
  readonly finder: string;
  readonly checker: string;
  readonly join: (who: string, role: string, limit?: object) => Promise<Login>;
}

async function openAgency({ platform, now }: Stage): Promise<Agency> {
  const run = now.toString(36);
  const person = peopleOf("agency", now);
  const owner = await opened(platform, "Rosa Reef", {
    kind: "agency",
    name: `Tour agency ${run}`,
    owner: person("Rosa", "Reef"),
  });
  await equip(platform, owner.accountId, { restrictedAccounts: false, credits: 100, now });
  return {
    rosa: as(platform, owner),
    finder: await make(platform, "/v1/tools", {
      key: `finder-${run}`,
      name: "Keyword finder",
      createCost: 10,
      updateCost: 4,
    }),
    checker: await make(platform, "/v1/tools", {
      key: `checker-${run}`,
      name: "Backlink check",
      createCost: 20,
      updateCost: 5,
    }),
    join: (who, role, limit = {}) =>
      joined(platform, owner, who, {
        ...person(who.split(" ")[0] ?? "", who.split(" ")[1] ?? ""),
        roles: [role],
        ...limit,
      }),
  };
}

const create = (key: string, toolId: string) => ({
  method: "POST",
  path: "/v1/tasks",
  headers: { "idempotency-key": key },
  body: { toolId, name: `Task ${key}` },
});

const update = (key: string, taskId: string) => ({
  method: "POST",
  path: `/v1/tasks/${taskId}/update`,
  headers: { "idempotency-key": key },
  body: {},
});

/** Sam works with the tool that is ticked for him, up to his limit. @returns the ids of his two tasks */
async function spendToLimit({ rosa, finder, checker }: Agency, sam: Caller, samId: string) {
  await ask(sam, { ...create("first", finder), expect: 403, code: "access/denied" });
  await ask(rosa, {
    method: "PUT",
    path: `/v1/members/${samId}/tools`,
    body: { toolIds: [finder] },
    expect: 200,
  });
  const task = textAt(await ask(sam, { ...create("first", finder), expect: 201 }), "id");
  await ask(sam, { ...create("other", checker), expect: 403, code: "access/denied" });
  await ask(sam, { ...update("update", task), expect: 200 });
  const second = textAt(await ask(sam, { ...create("second", finder), expect: 201 }), "id");
  await ask(sam, { ...create("third", finder), expect: 402, code: "credits/member-limit-exceeded" });
  return [task, second] as const;
}

/** Gus sees one task, then two, and changes none. */
async function lookOn(
  { rosa, finder }: Agency,
  [task, second]: readonly [string, string],
  guest: Login,
  gus: Caller,
) {
  await ask(gus, { method: "GET", path: `/v1/tasks/${second}`, expect: 404 });
  await ask(rosa, {
    method: "PUT",
    path: `/v1/members/${guest.memberId}/tasks`,
    body: { tasks: [task, second].map((taskId) => ({ toolId: finder, taskId })) },
    expect: 200,
  });
  await ask(gus, { method: "GET", path: `/v1/tasks/${second}`, expect: 200 });
  await ask(gus, { ...update("guest", task), expect: 403, code: "access/denied" });
}

/** Agency: ticked tools, tasks for credits, a limit, and a manager who sees every task. */
export const AGENCY = {
  title:
    "An agency: Sam creates tasks in the tool that is ticked for him, up to his limit; " +
    "Gus may look, Mona sees everything",
  async play(stage: Stage): Promise<void> {
    const { platform } = stage;
    const agency = await openAgency(stage);
    const specialist = await agency.join("Sam Specialist", "specialist", { creditLimit: 25 });
    const mona = as(platform, await agency.join("Mona Manager", "manager"));
    const tasks = await spendToLimit(agency, as(platform, specialist), specialist.memberId);
    const guest = await agency.join("Gus Guest", "guest", {
      grants: [{ resourceType: "task", resourceId: tasks[0], access: "view" }],
    });
    await lookOn(agency, tasks, guest, as(platform, guest));
    await ask(mona, { method: "GET", path: "/v1/tasks", expect: 200 });
    const path = `/v1/members/${specialist.memberId}/effective`;
    await ask(agency.rosa, { method: "GET", path, expect: 200 });
  },
};
