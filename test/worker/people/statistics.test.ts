import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { listMemberEvents } from "../../../src/people/directory/member-event.store.ts";
import { openDb } from "../../../src/kernel/db.ts";
import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { giveCredits, newAccount, newMember, type Person } from "../../harness/people.ts";
import { readAllPages } from "../../harness/full-list.ts";
import {
  type Agency,
  fetchCrashingAt,
  CREATE_COST,
  createAgency,
  createTask,
  createTool,
  createSubAccount,
  sweepAllCharges,
  updateTask,
  UPDATE_COST,
} from "../resources/charge-fixture.ts";
import {
  fetch,
  replaceGrants,
  createObject,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

interface Event {
  readonly id: string;
  readonly seq: number;
  readonly at: string;
  readonly action: string;
  readonly outcome: string;
  readonly cost: number;
  readonly resource: { readonly type: string; readonly id: string | null };
}
interface Statistics {
  readonly spent: number;
  readonly remaining: number;
  readonly budget: object;
  readonly createdAt: string;
  readonly roles: string[];
}

let agency: Agency;
let owner: Person;
beforeAll(async () => {
  agency = await createAgency(1_000);
  owner = agency.owner;
});

const statisticsOf = (who: Api, { memberId }: Person) =>
  who.get<Statistics>(`/v1/members/${memberId}/statistics`);
const eventsOf = (who: Api, { memberId }: Person, limit = 100) =>
  readAllPages<Event>(who, `/v1/members/${memberId}/events?limit=${limit}`);
const costOf = (events: readonly Event[]) => events.reduce((sum, { cost }) => sum + cost, 0);
const spend = (who: Api, amount: number) =>
  who.post(
    "/v1/credits/spend",
    { amount, description: "task.create tsk_1" },
    { idempotencyKey: newIdempotencyKey() },
  );
const specialist = (more: object = {}) => createSubAccount(fetch, owner, "specialist", [agency.toolId], more);

describe("S4.42 S4.43 a member's statistics", () => {
  test("are account type, budget, creation, what was spent and what remains, and nothing else", async () => {
    const member = await specialist({ creditLimit: 20, limitPeriod: "month" });
    expectStatus(await createTask(member.api, agency.toolId), 201);
    const card = expectStatus(
      await owner.api.get<{ createdAt: string }>(`/v1/members/${member.memberId}`),
      200,
    ).body;
    const expected = {
      memberId: member.memberId,
      accountType: "specialist",
      roles: ["specialist"],
      budget: { limit: 20, limitPeriod: "month" },
      createdAt: card.createdAt,
      spent: CREATE_COST,
      remaining: 20 - CREATE_COST,
    };
    expect(expectStatus(await statisticsOf(owner.api, member), 200).body).toEqual(expected);
    expect(expectStatus(await statisticsOf(member.api, member), 200).body).toEqual(expected);
    const own = expectStatus(await member.api.get<Statistics>("/v1/credits"), 200).body;
    expect([own.spent, own.remaining]).toEqual([expected.spent, expected.remaining]);
  });

  test("remaining is the account's balance where that is less or no limit is set; at least 0", async () => {
    const poor = await createAgency(12);
    const of = (more: object) => createSubAccount(fetch, poor.owner, "specialist", [poor.toolId], more);
    const [limited, free] = [await of({ creditLimit: 100 }), await of({})];
    const remaining = async (who: Person) =>
      expectStatus(await statisticsOf(poor.owner.api, who), 200).body.remaining;
    expect([await remaining(limited), await remaining(free), await remaining(poor.owner)]).toEqual([
      12, 12, 12,
    ]);
    expectStatus(await createTask(limited.api, poor.toolId), 201);
    expect([await remaining(limited), await remaining(free)]).toEqual([7, 7]);
    expectStatus(
      await poor.owner.api.patch(`/v1/members/${limited.memberId}`, { creditLimit: 3 }, { ifMatch: "*" }),
      200,
    );
    expect([await remaining(limited), await remaining(free)]).toEqual([0, 7]);
    expect(expectStatus(await statisticsOf(poor.owner.api, free), 200).body).toMatchObject({
      spent: 0,
      budget: { limit: null, limitPeriod: "lifetime" },
    });
  });

  test("are shown to the member and to callers who see the member and all credits, to no other", async () => {
    const [member, manager, guest] = [
      await specialist(),
      await createSubAccount(fetch, owner, "manager"),
      await createSubAccount(fetch, owner, "guest", [], {
        grants: [{ resourceType: "task", resourceId: "0", access: "view" }],
      }),
    ];
    const stranger = await createSubscribedAccount(agency.platform, "agency");
    const reader = await newMember(fetch, owner, { roles: ["specialist"], rights: ["member.view"] });
    const auditor = await newMember(fetch, owner, {
      roles: ["specialist"],
      rights: ["member.view", "credits.view"],
    });
    for (const what of ["statistics", "events"]) {
      const ask = async (who: Person, { memberId }: Person) =>
        said(await who.api.get(`/v1/members/${memberId}/${what}`));
      expect([await ask(manager, manager), await ask(member, member), await ask(owner, guest)], what).toEqual(
        ["200", "200", "200"],
      );
      expect([await ask(guest, guest), await ask(reader, member)], what).toEqual([
        "403 access/denied",
        "403 access/denied",
      ]);
      for (const who of [manager, member, guest, stranger])
        expect(await ask(who, owner), what).toBe("404 not-found");
      // What others did is in the log, which is a right of its own.
      expect(await ask(auditor, member)).toBe(what === "statistics" ? "200" : "403 access/denied");
    }
  });
});

describe("S4.44 a member's events", () => {
  test("add up to what was spent, each change once, in pages of any size, the newest first", async () => {
    const member = await specialist({ creditLimit: 2 * CREATE_COST + UPDATE_COST + 4 });
    const free = await createTool(agency.platform, { createCost: 0, updateCost: 0 });
    await replaceGrants(
      owner,
      member.memberId,
      [agency.toolId, free].map((resourceId) => ({ resourceType: "tool", resourceId, access: "view" })),
    );
    const first = expectStatus(await createTask(member.api, agency.toolId), 201).body.id;
    const second = expectStatus(await createTask(member.api, agency.toolId), 201).body.id;
    expectStatus(await updateTask(member.api, first), 200);
    const third = expectStatus(await createTask(member.api, free), 201).body.id;
    expectStatus(await member.api.patch(`/v1/tasks/${first}`, { name: "Renamed" }, { ifMatch: "*" }), 200);
    // A free text in the words of a paid change hides nothing.
    expectStatus(await spend(member.api, 3), 201);
    expectStatus(await spend(member.api, 100), 402);
    expectStatus(await createTask(member.api, agency.toolId), 402);
    expectStatus(await member.api.get(`/v1/members/${owner.memberId}`), 404);
    const events = await eventsOf(owner.api, member);
    const done = events
      .filter(({ outcome }) => outcome === "success")
      .map(
        ({ action, cost, resource }) => `${action} ${cost} ${action.startsWith("task.") ? resource.id : ""}`,
      );
    expect(done.sort()).toEqual([
      "api_key.claim 0 ",
      "credits.spend 3 ",
      `task.create 0 ${third}`,
      `task.create ${CREATE_COST} ${first}`,
      `task.create ${CREATE_COST} ${second}`,
      `task.edit 0 ${first}`,
      `task.update ${UPDATE_COST} ${first}`,
    ]);
    expect(
      events
        .filter(({ outcome }) => outcome === "denied")
        .map(({ action, cost }) => [action, cost])
        .sort(),
    ).toEqual([
      ["credits.spend", 0],
      ["member.view", 0],
    ]);
    // K8: a refused change is shown as that change.
    expect(
      events.filter(({ outcome }) => outcome === "failed").map(({ action, cost }) => [action, cost]),
    ).toEqual([["task.create", 0]]);
    expect(costOf(events)).toBe(expectStatus(await statisticsOf(owner.api, member), 200).body.spent);
    expect(events.map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq).sort((one, two) => two - one));
    for (const limit of [1, 2, 7]) expect(await eventsOf(owner.api, member, limit)).toEqual(events);
    expect(await eventsOf(member.api, member)).toEqual(events);
  });

  test("hold to what was spent through crashes between payment and change", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const member = await specialist();
    for (let step = 1; step <= 8; step += 1) {
      for (const effect of [false, true])
        await createTask(member.api.via(fetchCrashingAt(step, effect)), agency.toolId);
    }
    await sweepAllCharges();
    const events = await eventsOf(owner.api, member);
    const spent = expectStatus(await statisticsOf(owner.api, member), 200).body.spent;
    expect(spent).toBeGreaterThan(0);
    expect([
      costOf(events),
      events.filter(({ action }) => action === "task.create").length * CREATE_COST,
    ]).toEqual([spent, spent]);
  });

  test("the same for licenses of a team, where a member sees own events only", async () => {
    const admin = await createSubscribedAccount(agency.platform, "team");
    await giveCredits(agency.platform, admin.accountId, 100);
    const themeId = await createObject({ api: agency.platform }, "catalog", {
      name: "Aurora",
      vendor: "Nordlys",
      priceCredits: 7,
    });
    const [one, two] = [
      await newMember(fetch, admin, { roles: ["member"] }),
      await newMember(fetch, admin, { roles: ["member"] }),
    ];
    const license = await createObject(one, "licenses", { themeId });
    expect((await eventsOf(one.api, one)).find(({ cost }) => cost > 0)).toMatchObject({
      action: "license.provision",
      cost: 7,
      resource: { type: "license", id: license },
    });
    expect(said(await two.api.get(`/v1/members/${one.memberId}/events`))).toBe("404 not-found");
    expect(costOf(await eventsOf(admin.api, one))).toBe(7);
    // The log of the account counts it once, too.
    const log = await readAllPages<{ cost: number | null }>(
      admin.api,
      `/v1/audit?limit=100&actor=${one.memberId}`,
    );
    expect(log.reduce((sum, { cost }) => sum + (cost ?? 0), 0)).toBe(7);
  });

  test("tell other callers only of objects that they see", async () => {
    const manager = await newAccount(fetch, agency.platform, "dealer");
    const groups = {
      G: await createObject(manager, "object-groups", { name: "G" }),
      H: await createObject(manager, "object-groups", { name: "H" }),
    };
    const group = (person: Person, ids: string[]) =>
      manager.api.put(`/v1/members/${person.memberId}/object-groups`, { groupIds: ids });
    const [user, auditor] = [
      await newMember(fetch, manager, { roles: ["dealer_user"] }),
      await newMember(fetch, manager, {
        roles: ["dealer_user"],
        rights: ["member.view", "credits.view", "audit.view"],
      }),
    ];
    expectStatus(await group(user, [groups.G, groups.H]), 200);
    expectStatus(await group(auditor, [groups.G]), 200);
    const objects = [
      await createObject(user, "objects", { name: "In G", groupId: groups.G }),
      await createObject(user, "objects", { name: "In H", groupId: groups.H }),
    ];
    const told = async (who: Api) =>
      (await eventsOf(who, user))
        .flatMap(({ action, resource }) => (action === "object.create" ? [resource.id] : []))
        .sort();
    expect(await told(manager.api)).toEqual(objects);
    expect(await told(auditor.api)).toEqual(objects.slice(0, 1));
  });

  test("are found by their index, and a cursor leads nowhere but on", async () => {
    const { sql, params } = listMemberEvents(openDb(env.DB), "acc", "mem", null, 9, 26).toSQL();
    const plan = (
      await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .bind(...params)
        .all<{ detail: string }>()
    ).results;
    expect(plan.map(({ detail }) => detail).filter((line) => /audit_event/.test(line))).toEqual([
      "SEARCH audit_event USING PRIMARY KEY (account_id=? AND seq=?)",
      "SEARCH audit_event USING INDEX audit_event_member (account_id=? AND member_id=? AND seq<?)",
    ]);
    const member = await specialist();
    for (const query of ["cursor=x", "cursor=MA", "limit=0", "limit=101", "unknown=1"])
      expect(said(await owner.api.get(`/v1/members/${member.memberId}/events?${query}`)), query).toBe(
        "422 validation",
      );
  });
});
