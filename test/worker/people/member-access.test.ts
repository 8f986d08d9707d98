import { beforeAll, describe, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { giveCredits, newApiKey, newMember, type Person } from "../../harness/people.ts";
import {
  fetch,
  createPlatform,
  replaceGrants,
  createObject,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

let platform: Api;

beforeAll(async () => {
  platform = await createPlatform();
});

interface Card {
  readonly roles: string[];
  readonly rights: string[];
  readonly grants: { resourceType: string; resourceId: string }[];
  readonly objectGroupIds: string[];
  readonly creditLimit: number | null;
}
interface Reason {
  readonly right: string;
  readonly where: { readonly kind: string; readonly ids?: string[]; readonly under?: string[] };
  readonly source: string;
}
interface Effective {
  readonly rights: Reason[];
  readonly objectGroups: { ids: string[]; types: string[] };
  readonly below: { by: string; rights: string[] } | null;
  readonly gates: { status: string; refusals: string[] };
}

const NO = "403 access/denied";
const GONE = "404 not-found";
const add = (owner: Person, roles: readonly string[], more: object = {}) =>
  newMember(fetch, owner, { roles, ...more });
const path = (whom: Person, rest = "") => `/v1/members/${whom.memberId}${rest}`;
const card = async (owner: Person, whom: Person) =>
  expectStatus(await owner.api.get<Card>(path(whom)), 200).body;
const effective = async (who: Person, whom: Person = who) =>
  expectStatus(await who.api.get<Effective>(path(whom, "/effective")), 200).body;
const patch = (owner: Person, whom: Person, body: object) =>
  owner.api.patch<Card>(path(whom), body, { ifMatch: "*" });
const copy = (who: Person, to: Person, from: Person, ask: object = {}) =>
  who.api.post<Card>(path(to, "/copy-rights"), { fromMemberId: from.memberId }, ask);
const reasons = ({ rights }: Effective, right: string) =>
  rights.filter((reason) => reason.right === right).map(({ where, source }) => ({ where, source }));

describe("effective rights", () => {
  test("S3.3 S3.26 a member has roles and further rights: both are on the card, both hold", async () => {
    const manager = await createSubscribedAccount(platform, "dealer");
    const client = await add(manager, ["client"]);
    expectStatus(await patch(manager, client, { rights: ["request.view"] }), 200);
    expect(await card(manager, client)).toMatchObject({ roles: ["client"], rights: ["request.view"] });
    const told = await effective(manager, client);
    expect(
      [reasons(told, "object.view"), reasons(told, "request.view")].map(([first]) => first?.source),
    ).toEqual(["role:client", "right"]);
    expect([
      said(await client.api.get("/v1/requests")),
      said(await client.api.get("/v1/objects")),
      said(await client.api.get("/v1/corporations")),
    ]).toEqual(["200", "200", NO]);
    expectStatus(await patch(manager, client, { rights: [] }), 200);
    expect(said(await client.api.get("/v1/requests"))).toBe(NO);
  });

  test("S0.14 a grant's derived rights are shown with the grant, and end with it", async () => {
    const owner = await createSubscribedAccount(platform, "vendor");
    const product = await createObject(owner, "products", { name: "Editor" });
    const operator = await add(owner, ["operator"], { rights: ["analytics.view"] });
    await replaceGrants(owner, operator.memberId, [
      { resourceType: "product", access: "edit" },
      { resourceType: "product", resourceId: product, access: "owner" },
    ]);
    const told = await effective(owner, operator);
    expect(reasons(told, "license_key.create")).toEqual([
      { where: { kind: "all" }, source: "derived:product:edit:0" },
      { where: { kind: "root", under: [product] }, source: `derived:product:owner:${product}` },
    ]);
    expect(reasons(told, "product.delete")).toEqual([
      { where: { kind: "id", ids: [product] }, source: `grant:product:owner:${product}` },
    ]);
    expect(reasons(told, "product.create")).toEqual([]);
    expect(reasons(told, "analytics.view")).toEqual([{ where: { kind: "all" }, source: "right" }]);
    expect(reasons(await effective(owner), "product.delete")).toEqual([
      { where: { kind: "all" }, source: "role:owner" },
    ]);
    await replaceGrants(owner, operator.memberId, []);
    expect((await effective(owner, operator)).rights.map(({ source }) => source)).toEqual(["right"]);
  });

  test("all may ask about themselves with any key, about others only who may see them", async () => {
    const [owner, stranger] = [
      await createSubscribedAccount(platform, "team"),
      await createSubscribedAccount(platform, "team"),
    ];
    const [viewer, member] = [await add(owner, ["viewer"]), await add(owner, ["member"])];
    expect((await effective(viewer)).rights.map(({ right, where }) => [right, where.kind])).toEqual([
      ["catalog.view", "all"],
      ["license.view", "active"],
      ["report.download", "all"],
    ]);
    expect(await effective(member)).toEqual(await effective(owner, member));
    const narrow = api(fetch, await newApiKey(fetch, owner, member.memberId, { scopes: [] }));
    expect(expectStatus(await narrow.get(path(member, "/effective")), 200).body).toEqual(
      await effective(member),
    );
    for (const [who, whom] of [
      [viewer, owner],
      [viewer, member],
      [owner, stranger],
      [viewer, { ...viewer, memberId: "mem_none" }],
    ] as const) {
      expect(said(await who.api.get(path(whom, "/effective")))).toBe(GONE);
    }
  });

  test("gates say what stops a member now, the rights stay what they are", async () => {
    const owner = await createSubscribedAccount(platform, "vendor");
    const operator = await add(owner, ["operator"], {
      grants: [{ resourceType: "customer", access: "view" }],
    });
    const { rights, gates } = await effective(owner, operator);
    expect(gates).toEqual({ status: "active", refusals: [] });
    expectStatus(
      await platform.put(`/v1/accounts/${owner.accountId}/plan`, { restrictedAccounts: false }),
      200,
    );
    expect(await effective(owner, operator)).toMatchObject({
      rights,
      gates: { status: "active", refusals: ["plan/feature-required"] },
    });
    expectStatus(await owner.api.post(path(operator, "/block")), 200);
    expect(await effective(owner, operator)).toMatchObject({
      rights,
      gates: { status: "blocked", refusals: ["auth/blocked", "plan/feature-required"] },
    });
    expect((await effective(owner)).gates).toEqual({ status: "active", refusals: [] });
  });

  test("S3.51 K12 object groups, and what holds in the accounts below", async () => {
    const dealer = await createSubscribedAccount(platform, "dealer");
    const user = await add(dealer, ["dealer_user"]);
    expect(await effective(dealer)).toMatchObject({
      objectGroups: { ids: ["all"] },
      below: {
        by: "subdealer.view_entities",
        rights: expect.arrayContaining(["object.view", "member.view"]),
      },
    });
    const told = await effective(dealer, user);
    expect(told.objectGroups).toEqual({
      ids: [],
      types: expect.arrayContaining(["object", "key", "request"]),
    });
    expect(told.below?.rights).toEqual([]);
    expectStatus(await patch(dealer, user, { rights: ["subdealer.view_entities"] }), 200);
    expect((await effective(dealer, user)).below?.rights).toEqual([
      "member.view",
      "object.view",
      "request.view",
    ]);
  });
});

describe("copy rights", () => {
  test("roles, rights, grants and groups are replaced at once; the trail names the source", async () => {
    const dealer = await createSubscribedAccount(platform, "dealer");
    const group = await createObject(dealer, "object-groups", { name: "North" });
    const [from, to] = [
      await add(dealer, ["dealer_user"], { rights: ["subdealer.view_entities"] }),
      await add(dealer, ["client"], { rights: ["request.view"] }),
    ];
    expectStatus(await dealer.api.put(path(from, "/object-groups"), { groupIds: [group] }), 200);
    const before = await to.api.get("/v1/corporations");
    expect(said(before)).toBe(NO);
    const answer = expectStatus(await copy(dealer, to, from), 200);
    expect(answer.body).toMatchObject({
      roles: ["dealer_user"],
      rights: ["subdealer.view_entities"],
      objectGroupIds: [group],
    });
    expect(said(await to.api.get("/v1/corporations"))).toBe("200");
    expect((await effective(to)).rights).toEqual((await effective(from)).rights);
    expect(said(await copy(dealer, to, from, { ifMatch: '"1"' }))).toBe("412 precondition-failed");
    expectStatus(await copy(dealer, to, from, { ifMatch: answer.headers.get("etag") ?? "" }), 200);
    const [row] = expectStatus(
      await dealer.api.get<{ data: { changes: { after: object } }[] }>(
        `/v1/audit?action=member.edit&limit=1`,
      ),
      200,
    ).body.data;
    expect(row?.changes.after).toMatchObject({ copiedFrom: from.memberId });
  });

  test("grants go along with the right to give them only, and a limit leaves with its role", async () => {
    const owner = await createSubscribedAccount(platform, "vendor");
    const product = await createObject(owner, "products", { name: "Editor" });
    const [from, to] = [
      await add(owner, ["operator"], { creditLimit: 7 }),
      await add(owner, ["operator"], { creditLimit: 5 }),
    ];
    await replaceGrants(owner, from.memberId, [
      { resourceType: "product", resourceId: product, access: "view" },
    ]);
    // All that the grant gives, and power over both, but no right to give grants, or to take them.
    const scopes = [
      "member.view",
      "member.edit",
      "product.view",
      "license_key.view",
      "machine_code.view",
      "data_object.view",
    ];
    const narrow = { ...owner, api: api(fetch, await newApiKey(fetch, owner, owner.memberId, { scopes })) };
    for (const [whom, other] of [
      [to, from],
      [from, to],
    ] as const)
      expect(said(await copy(narrow, whom, other))).toBe(NO);
    expectStatus(await copy(narrow, to, await add(owner, ["operator"])), 200);
    expect(expectStatus(await copy(owner, to, from), 200).body).toMatchObject({
      grants: [{ resourceType: "product", resourceId: product }],
      creditLimit: 5,
    });
    expect(said(await to.api.get(`/v1/products/${product}`))).toBe("200");
    expect(expectStatus(await copy(owner, to, owner), 200).body).toMatchObject({
      roles: ["owner"],
      grants: [],
      creditLimit: null,
    });
  });

  test("not for an unknown member, oneself, the owner, or a member who may not be managed", async () => {
    const [owner, stranger] = [
      await createSubscribedAccount(platform, "team"),
      await createSubscribedAccount(platform, "team"),
    ];
    const [admin, viewer] = [await add(owner, ["admin"]), await add(owner, ["viewer"])];
    expect(said(await copy(owner, viewer, stranger))).toBe(GONE);
    expect(said(await copy(owner, stranger, viewer))).toBe(GONE);
    expect(said(await copy(owner, viewer, viewer))).toBe("422 validation");
    expect(said(await owner.api.post(path(viewer, "/copy-rights"), {}))).toBe("422 validation");
    expect(said(await copy(admin, owner, viewer))).toBe("409 conflict/last-admin");
    expect(said(await copy(viewer, viewer, owner))).toBe(NO);
    const dealer = await createSubscribedAccount(platform, "dealer");
    const client = await add(dealer, ["client"]);
    for (const [to, from] of [
      [client, dealer],
      [dealer, client],
    ] as const)
      expect(said(await copy(dealer, to, from))).toBe(NO);
  });
});

describe("tools, tasks and object groups of a member", () => {
  const task = (owner: Person, toolId: string) =>
    owner.api
      .post<{ id: string }>("/v1/tasks", { toolId, name: "Plan" }, { idempotencyKey: newIdempotencyKey() })
      .then((answer) => expectStatus(answer, 201).body.id);
  const tools = (owner: Person, whom: Person, toolIds: readonly string[]) =>
    owner.api.put<Card>(path(whom, "/tools"), { toolIds });
  const tasks = (owner: Person, whom: Person, list: readonly (readonly [string, string])[]) =>
    owner.api.put<Card>(path(whom, "/tasks"), {
      tasks: list.map(([toolId, taskId]) => ({ toolId, taskId })),
    });
  const granted = ({ grants: list }: Card) =>
    list.map(({ resourceType, resourceId }) => `${resourceType} ${resourceId}`).sort();

  async function agency() {
    const owner = await createSubscribedAccount(platform, "agency");
    await giveCredits(platform, owner.accountId, 100);
    const platformApi = { api: platform };
    const toolIds = [
      await createObject(platformApi, "tools", { key: `a-${newIdempotencyKey()}`, name: "Audit" }),
      await createObject(platformApi, "tools", { key: `b-${newIdempotencyKey()}`, name: "Rank" }),
    ];
    return { owner, one: toolIds[0] ?? "", two: toolIds[1] ?? "" };
  }

  test("S4.24, S4.25 ticked tools can be used at once, unticked ones no more; the tasks stay", async () => {
    const { owner, one, two } = await agency();
    const specialist = await add(owner, ["specialist"]);
    const create = async (toolId: string) =>
      said(
        await specialist.api.post(
          "/v1/tasks",
          { toolId, name: "Mine" },
          { idempotencyKey: newIdempotencyKey() },
        ),
      );
    expect([await create(one), await create(two)]).toEqual([NO, NO]);
    const taskId = await task(owner, two);
    expectStatus(await tasks(owner, specialist, [[two, taskId]]), 200);
    expect(granted(expectStatus(await tools(owner, specialist, [one]), 200).body)).toEqual([
      `task ${taskId}`,
      `tool ${one}`,
    ]);
    expect([await create(one), await create(two)]).toEqual(["201", NO]);
    expectStatus(await tools(owner, specialist, [two]), 200);
    expect([await create(one), await create(two)]).toEqual([NO, "201"]);
    expect(said(await tools(owner, specialist, [one, one]))).toBe("422 validation");
    for (const unknown of ["tol_none", taskId, owner.accountId])
      expect(said(await tools(owner, specialist, [unknown]))).toBe("422 validation");
    expect(said(await specialist.api.put(path(specialist, "/tools"), { toolIds: [one] }))).toBe(NO);
  });

  test("S4.26, S4.27 tasks are granted by tool and task: another tool's or account's are 422", async () => {
    const { owner, one, two } = await agency();
    const other = await agency();
    const specialist = await add(owner, ["specialist"]);
    const [first, second, foreign] = [
      await task(owner, one),
      await task(owner, two),
      await task(other.owner, one),
    ];
    const shown = async (taskId: string) => said(await specialist.api.get(`/v1/tasks/${taskId}`));
    expect(await shown(first)).toBe(GONE);
    expectStatus(
      await tasks(owner, specialist, [
        [one, first],
        [two, second],
      ]),
      200,
    );
    expect([await shown(first), await shown(second)]).toEqual(["200", "200"]);
    for (const wrong of [
      [two, first],
      [one, foreign],
      [one, "tsk_none"],
      [one, "0"],
      ["", first],
    ] as const) {
      expect(said(await tasks(owner, specialist, [wrong])), wrong.join(" ")).toBe("422 validation");
    }
    expect(granted(expectStatus(await tasks(owner, specialist, [[two, second]]), 200).body)).toEqual([
      `task ${second}`,
    ]);
    expect([await shown(first), await shown(second)]).toEqual([GONE, "200"]);
  });

  test("a guest keeps a task in every edit of the card; a member needs one to become a guest", async () => {
    const { owner, one } = await agency();
    const taskId = await task(owner, one);
    const [guest, specialist] = [
      await add(owner, ["guest"], { grants: [{ resourceType: "task", resourceId: taskId, access: "view" }] }),
      await add(owner, ["specialist"]),
    ];
    expect(said(await tasks(owner, guest, []))).toBe("422 validation");
    expect(
      said(
        await owner.api.put(path(guest, "/grants"), { grants: [{ resourceType: "tool", access: "view" }] }),
      ),
    ).toBe("422 validation");
    expect(said(await patch(owner, specialist, { roles: ["guest"] }))).toBe("422 validation");
    expectStatus(await tools(owner, guest, [one]), 200);
    expectStatus(await patch(owner, guest, { firstName: "Gwen" }), 200);
    expectStatus(await tasks(owner, specialist, [[one, taskId]]), 200);
    expectStatus(await patch(owner, specialist, { roles: ["guest"] }), 200);
  });

  test("S4.32 a manager's ticked tools are kept and narrow nothing", async () => {
    const { owner, one, two } = await agency();
    const manager = await add(owner, ["manager"]);
    const taskId = await task(owner, two);
    expect(granted(expectStatus(await tools(owner, manager, [one]), 200).body)).toEqual([`tool ${one}`]);
    expect(granted(await card(owner, manager))).toEqual([`tool ${one}`]);
    expect(said(await manager.api.get(`/v1/tasks/${taskId}`))).toBe("200");
    expect(
      said(
        await manager.api.post(
          "/v1/tasks",
          { toolId: two, name: "More" },
          { idempotencyKey: newIdempotencyKey() },
        ),
      ),
    ).toBe("201");
  });

  test("object groups: those of the account, by members with the right, none beyond their own", async () => {
    const [dealer, other] = [
      await createSubscribedAccount(platform, "dealer"),
      await createSubscribedAccount(platform, "dealer"),
    ];
    const [north, south, foreign] = [
      await createObject(dealer, "object-groups", { name: "North" }),
      await createObject(dealer, "object-groups", { name: "South" }),
      await createObject(other, "object-groups", { name: "East" }),
    ];
    const [user, helper] = [
      await add(dealer, ["dealer_user"]),
      await add(dealer, [], { rights: ["object_group.edit", "member.view"] }),
    ];
    const put = (who: Person, whom: Person, groupIds: readonly string[]) =>
      who.api.put<Card>(path(whom, "/object-groups"), { groupIds });
    for (const groupIds of [[north], [north, south], ["all"], []])
      expect(expectStatus(await put(dealer, user, groupIds), 200).body.objectGroupIds).toEqual(groupIds);
    for (const groupIds of [[foreign], ["ogr_none"], [north, north]])
      expect(said(await put(dealer, user, groupIds))).toBe("422 validation");
    expect(said(await put(user, user, ["all"]))).toBe(NO);
    // A member who may choose groups, but holds only one, and may manage members without a role.
    const plain = await add(dealer, []);
    expectStatus(await put(dealer, helper, [north]), 200);
    expectStatus(await put(helper, plain, [north]), 200);
    for (const groupIds of [[south], ["all"], [north, south]])
      expect(said(await put(helper, plain, groupIds))).toBe(NO);
    expect(said(await put(helper, helper, ["all"]))).toBe(NO);
    expect(said(await put(helper, user, [north]))).toBe(NO);
    const team = await createSubscribedAccount(platform, "team");
    expect(said(await put(team, await add(team, ["viewer"]), []))).toBe(NO);
    expect(said(await tools(team, team, []))).toBe(NO);
  });
});
