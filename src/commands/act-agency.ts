import { as } from "./cast.ts";
import { ask, textAt } from "./client.ts";
import { equip, joined, make, opened, peopleOf, type Stage } from "./stage.ts";

/** Agency: ticked tools, tasks for credits, a limit, and a manager who sees it all. */
export const AGENCY = {
  title:
    "An agency: Sam creates tasks in the tool that is ticked for him, up to his limit; Gus may look, Mona sees everything",
  async play({ platform, now }: Stage): Promise<void> {
    const run = now.toString(36);
    const person = peopleOf("agency", now);
    const owner = await opened(platform, "Rosa Reef", {
      kind: "agency",
      name: `Tour agency ${run}`,
      owner: person("Rosa", "Reef"),
    });
    await equip(platform, owner.accountId, { restrictedAccounts: false, credits: 100, now });
    const [finder, checker] = [
      await make(platform, "/v1/tools", {
        key: `finder-${run}`,
        name: "Keyword finder",
        createCost: 10,
        updateCost: 4,
      }),
      await make(platform, "/v1/tools", {
        key: `checker-${run}`,
        name: "Backlink check",
        createCost: 20,
        updateCost: 5,
      }),
    ];
    const rosa = as(platform, owner);
    const joins = (who: string, role: string, limit: object = {}) =>
      joined(platform, owner, who, {
        ...person(who.split(" ")[0] ?? "", who.split(" ")[1] ?? ""),
        roles: [role],
        ...limit,
      });
    const specialist = await joins("Sam Specialist", "specialist", { creditLimit: 25 });
    const [sam, mona] = [as(platform, specialist), as(platform, await joins("Mona Manager", "manager"))];

    const create = (key: string, toolId: string) => ({
      method: "POST",
      path: "/v1/tasks",
      headers: { "idempotency-key": key },
      body: { toolId, name: `Task ${key}` },
    });
    await ask(sam, { ...create("first", finder), expect: 403, code: "access/denied" });
    await ask(rosa, {
      method: "PUT",
      path: `/v1/members/${specialist.memberId}/tools`,
      body: { toolIds: [finder] },
      expect: 200,
    });
    const task = textAt(await ask(sam, { ...create("first", finder), expect: 201 }), "id");
    await ask(sam, { ...create("other", checker), expect: 403, code: "access/denied" });
    await ask(sam, {
      method: "POST",
      path: `/v1/tasks/${task}/update`,
      headers: { "idempotency-key": "update" },
      body: {},
      expect: 200,
    });
    const second = textAt(await ask(sam, { ...create("second", finder), expect: 201 }), "id");
    await ask(sam, { ...create("third", finder), expect: 402, code: "credits/member-limit-exceeded" });
    const guest = await joins("Gus Guest", "guest", {
      grants: [{ resourceType: "task", resourceId: task, access: "view" }],
    });
    const gus = as(platform, guest);
    await ask(gus, { method: "GET", path: `/v1/tasks/${second}`, expect: 404 });
    await ask(rosa, {
      method: "PUT",
      path: `/v1/members/${guest.memberId}/tasks`,
      body: { tasks: [task, second].map((taskId) => ({ toolId: finder, taskId })) },
      expect: 200,
    });
    await ask(gus, { method: "GET", path: `/v1/tasks/${second}`, expect: 200 });
    await ask(gus, {
      method: "POST",
      path: `/v1/tasks/${task}/update`,
      headers: { "idempotency-key": "guest" },
      body: {},
      expect: 403,
      code: "access/denied",
    });
    await ask(mona, { method: "GET", path: "/v1/tasks", expect: 200 });
    await ask(rosa, { method: "GET", path: `/v1/members/${specialist.memberId}/effective`, expect: 200 });
  },
};
