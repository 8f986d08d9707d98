import { callerAs } from "./demo-people.ts";
import { expectCall, type Caller, textAt } from "./gate-client.ts";
import type { Login } from "./local-state.ts";
import {
  setUpAccount,
  addDemoMember,
  createObject,
  createDemoAccount,
  newPersonFactory,
  type DemoContext,
} from "./demo-setup.ts";

/** An agency with two tools, and what lets another member in. */
interface Agency {
  readonly rosa: Caller;
  /** The ids of the two tools. */
  readonly finder: string;
  readonly checker: string;
  readonly addMember: (who: string, role: string, limit?: object) => Promise<Login>;
}

async function openAgency({ platform, now }: DemoContext): Promise<Agency> {
  const run = now.toString(36);
  const person = newPersonFactory("agency", now);
  const owner = await createDemoAccount(platform, "Rosa Reef", {
    kind: "agency",
    name: `Tour agency ${run}`,
    owner: person("Rosa", "Reef"),
  });
  await setUpAccount(platform, owner.accountId, { restrictedAccounts: false, credits: 100, now });
  return {
    rosa: callerAs(platform, owner),
    finder: await createObject(platform, "/v1/tools", {
      key: `finder-${run}`,
      name: "Keyword finder",
      createCost: 10,
      updateCost: 4,
    }),
    checker: await createObject(platform, "/v1/tools", {
      key: `checker-${run}`,
      name: "Backlink check",
      createCost: 20,
      updateCost: 5,
    }),
    addMember: (who, role, limit = {}) =>
      addDemoMember(platform, owner, who, {
        ...person(who.split(" ")[0] ?? "", who.split(" ")[1] ?? ""),
        roles: [role],
        ...limit,
      }),
  };
}

const createTaskCall = (key: string, toolId: string) => ({
  method: "POST",
  path: "/v1/tasks",
  headers: { "idempotency-key": key },
  body: { toolId, name: `Task ${key}` },
});

const updateTaskCall = (key: string, taskId: string) => ({
  method: "POST",
  path: `/v1/tasks/${taskId}/update`,
  headers: { "idempotency-key": key },
  body: {},
});

/** Sam works with the tool that is ticked for him, up to his limit. @returns the ids of his two tasks */
async function spendToLimit({ rosa, finder, checker }: Agency, sam: Caller, samId: string) {
  await expectCall(sam, { ...createTaskCall("first", finder), expect: 403, code: "access/denied" });
  await expectCall(rosa, {
    method: "PUT",
    path: `/v1/members/${samId}/tools`,
    body: { toolIds: [finder] },
    expect: 200,
  });
  const task = textAt(await expectCall(sam, { ...createTaskCall("first", finder), expect: 201 }), "id");
  await expectCall(sam, { ...createTaskCall("other", checker), expect: 403, code: "access/denied" });
  await expectCall(sam, { ...updateTaskCall("update", task), expect: 200 });
  const second = textAt(await expectCall(sam, { ...createTaskCall("second", finder), expect: 201 }), "id");
  await expectCall(sam, {
    ...createTaskCall("third", finder),
    expect: 402,
    code: "credits/member-limit-exceeded",
  });
  return [task, second] as const;
}

/** Gus sees one task, then two, and changes none. */
async function viewTasks(
  { rosa, finder }: Agency,
  [task, second]: readonly [string, string],
  guest: Login,
  gus: Caller,
) {
  await expectCall(gus, { method: "GET", path: `/v1/tasks/${second}`, expect: 404 });
  await expectCall(rosa, {
    method: "PUT",
    path: `/v1/members/${guest.memberId}/tasks`,
    body: { tasks: [task, second].map((taskId) => ({ toolId: finder, taskId })) },
    expect: 200,
  });
  await expectCall(gus, { method: "GET", path: `/v1/tasks/${second}`, expect: 200 });
  await expectCall(gus, { ...updateTaskCall("guest", task), expect: 403, code: "access/denied" });
}

/** Agency: ticked tools, tasks for credits, a limit, and a manager who sees every task. */
export const AGENCY_TOUR = {
  title:
    "An agency: Sam creates tasks in the tool that is ticked for him, up to his limit; " +
    "Gus may look, Mona sees everything",
  async play(stage: DemoContext): Promise<void> {
    const { platform } = stage;
    const agency = await openAgency(stage);
    const specialist = await agency.addMember("Sam Specialist", "specialist", { creditLimit: 25 });
    const mona = callerAs(platform, await agency.addMember("Mona Manager", "manager"));
    const tasks = await spendToLimit(agency, callerAs(platform, specialist), specialist.memberId);
    const guest = await agency.addMember("Gus Guest", "guest", {
      grants: [{ resourceType: "task", resourceId: tasks[0], access: "view" }],
    });
    await viewTasks(agency, tasks, guest, callerAs(platform, guest));
    await expectCall(mona, { method: "GET", path: "/v1/tasks", expect: 200 });
    const path = `/v1/members/${specialist.memberId}/effective`;
    await expectCall(agency.rosa, { method: "GET", path, expect: 200 });
  },
};
