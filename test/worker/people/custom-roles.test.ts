import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type Api,
  api,
  newIdempotencyKey,
  expectStatus,
  type Problem,
  type Reply,
} from "../../harness/client.ts";
import { newApiKey, newMember, newToken, type Person } from "../../harness/people.ts";
import {
  fetch,
  createPlatform,
  createObject,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

let platform: Api;
let owner: Person;

beforeAll(async () => {
  platform = await createPlatform();
});
beforeEach(async () => {
  owner = await createSubscribedAccount(platform, "team");
});

interface Card {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly rights: string[];
  readonly grants: object[];
  readonly version: number;
}
interface Given {
  readonly name?: string;
  readonly rights?: readonly string[];
  readonly grants?: readonly object[];
  readonly description?: string;
}
const ANY = { ifMatch: "*" };
const NO = "403 access/denied";
const make = (who: { readonly api: Api }, body: Given): Promise<Reply<Card>> =>
  who.api.post<Card>(
    "/v1/roles",
    { name: `Role ${newIdempotencyKey()}`, ...body },
    { idempotencyKey: newIdempotencyKey() },
  );
const role = async (body: Given, who: { readonly api: Api } = owner): Promise<Card> =>
  expectStatus(await make(who, body), 201).body;
const edit = (who: { readonly api: Api }, { id }: { readonly id: string }, body: object, ask: object = ANY) =>
  who.api.patch<Card & Partial<Problem>>(`/v1/roles/${id}`, body, ask);
const give = (who: { readonly api: Api }, whom: Person, roles: readonly string[]) =>
  who.api.patch(`/v1/members/${whom.memberId}`, { roles }, ANY);
const add = (roles: readonly string[], more: object = {}) => newMember(fetch, owner, { roles, ...more });
const rightsOf = async (who: { readonly api: Api }) =>
  expectStatus(await who.api.get<{ rights: string[] }>("/v1/me"), 200).body.rights;
const narrowed = async (scopes: readonly string[], whom = owner) => ({
  api: api(fetch, await newApiKey(fetch, owner, whom.memberId, { scopes })),
});

describe("a role of the account's own", () => {
  test("is made, read, changed, removed and listed with the model's; the trail has each change", async () => {
    const first = expectStatus(
      await make(owner, {
        name: "Support",
        description: "Answers mails",
        rights: ["member.view", "audit.view", "member.view"],
        grants: [{ resourceType: "customer", access: "view" }],
      }),
      201,
    );
    const { body: card, headers } = first;
    expect(card).toMatchObject({
      name: "Support",
      rights: ["member.view", "audit.view"],
      grants: [{ resourceType: "customer", resourceId: "0", access: "view" }],
      version: 1,
    });
    expect([headers.get("location"), headers.get("etag")]).toEqual([`/v1/roles/${card.id}`, '"1"']);
    expect(expectStatus(await owner.api.get(`/v1/roles/${card.id}`), 200).body).toEqual(card);
    const { data } = expectStatus(
      await owner.api.get<{ data: { key: string; preset: boolean; name: string }[] }>("/v1/roles"),
      200,
    ).body;
    expect(data.map(({ key, preset }) => [key, preset])).toEqual([
      ["admin", true],
      ["member", true],
      ["viewer", true],
      [card.id, false],
    ]);
    expect(said(await edit(owner, card, { name: "Desk" }, {}))).toBe("428 precondition-required");
    expect(said(await edit(owner, card, { name: "Desk" }, { ifMatch: '"7"' }))).toBe(
      "412 precondition-failed",
    );
    expect(
      expectStatus(await edit(owner, card, { name: "Desk", rights: [] }, { ifMatch: '"1"' }), 200).body,
    ).toMatchObject({ name: "Desk", rights: [], description: "Answers mails", version: 2 });
    expectStatus(await owner.api.del(`/v1/roles/${card.id}`), 204);
    for (const answer of [
      await owner.api.get(`/v1/roles/${card.id}`),
      await edit(owner, card, {}),
      await owner.api.del(`/v1/roles/${card.id}`),
    ])
      expect(said(answer)).toBe("404 not-found");
    const { data: events } = expectStatus(
      await owner.api.get<{
        data: { action: string; resource: { id: string }; changes: { before: object; after: object } }[];
      }>("/v1/audit?limit=100&outcome=success"),
      200,
    ).body;
    const told = events
      .filter(({ action, resource }) => action === "role.edit" && resource.id === card.id)
      .map(({ changes }) => changes);
    expect(
      told.map(({ before, after }) => [Object.keys(before).length > 0, Object.keys(after).length > 0]),
    ).toEqual([
      [true, false],
      [true, true],
      [false, true],
    ]);
    expect(told[1]).toEqual({
      before: { name: "Support", rights: ["member.view", "audit.view"] },
      after: { name: "Desk", rights: [] },
    });
  });

  test("needs the right role.edit, is hidden without sight of members, and in other accounts", async () => {
    const card = await role({ rights: ["catalog.view"] });
    const stranger = await createSubscribedAccount(platform, "team");
    for (const who of [await add(["member"]), await add(["viewer"])]) {
      expect(said(await make(who, {}))).toBe(NO);
      for (const answer of [
        await who.api.get(`/v1/roles/${card.id}`),
        await edit(who, card, {}),
        await who.api.del(`/v1/roles/${card.id}`),
      ])
        expect(said(answer)).toBe("404 not-found");
      expect(expectStatus(await who.api.get<{ data: object[] }>("/v1/roles"), 200).body.data.length).toBe(3);
    }
    const reader = await add([], { rights: ["member.view"] });
    expectStatus(await reader.api.get(`/v1/roles/${card.id}`), 200);
    for (const each of [card, await role({})]) {
      for (const answer of [
        await edit(reader, each, {}),
        await reader.api.del(`/v1/roles/${each.id}`),
        await make(reader, {}),
      ])
        expect(said(answer)).toBe(NO);
    }
    for (const answer of [
      await stranger.api.get(`/v1/roles/${card.id}`),
      await edit(stranger, card, { name: "Mine" }),
      await stranger.api.del(`/v1/roles/${card.id}`),
      await stranger.api.get("/v1/roles/admin"),
    ]) {
      expect(said(answer)).toBe("404 not-found");
    }
    expect(said(await give(stranger, stranger, ["admin", card.id]))).toBe("422 validation");
    expect((await make(stranger, { name: card.name })).status).toBe(201);
  });

  test("is refused with rights of other models, unknown grants, names twice, nonsense", async () => {
    const bad: Given[] = [
      { rights: ["sos_license.generate"] },
      { rights: ["account.manage"] },
      { rights: ["nonsense"] },
      { name: "" },
      { name: "a\u0000b" },
      { description: "\u0007" },
      { grants: [{ resourceType: "tool", access: "view" }] },
      { grants: [{ resourceType: "license_key", access: "view" }] },
      { grants: [{ resourceType: "product", resourceId: "prd_01ARZ3NDEKTSV4RRFFQ69G5FAV", access: "view" }] },
      { grants: [{ resourceType: "billing", resourceId: "x", access: "view" }] },
      {
        grants: [
          { resourceType: "product", access: "view" },
          { resourceType: "product", access: "edit" },
        ],
      },
    ];
    for (const body of bad)
      expect(said(await make(owner, body)), JSON.stringify(body)).toBe("422 validation");
    const card = await role({ name: "Support" });
    expect(said(await make(owner, { name: "Support" }))).toBe("409 conflict/duplicate");
    expect(said(await edit(owner, await role({}), { name: "Support" }))).toBe("409 conflict/duplicate");
    expect(said(await edit(owner, card, { rights: ["sos_license.generate"] }))).toBe("422 validation");
    for (const body of bad)
      expect(said(await edit(owner, card, body)), JSON.stringify(body)).toBe("422 validation");
    const twins = await Promise.all([1, 2].map(() => make(owner, { name: "Twin" })));
    expect(twins.map(said).sort()).toEqual(["201", "409 conflict/duplicate"]);
  });

  test("is kept while a member has it, also one who just gets it; an account has a hundred", async () => {
    const card = await role({ rights: ["catalog.view"] });
    const member = await add(["viewer", card.id]);
    expect(said(await owner.api.del(`/v1/roles/${card.id}`))).toBe("409 conflict/not-removable");
    expectStatus(await give(owner, member, ["viewer"]), 200);
    const [removal, giving] = await Promise.all([
      owner.api.del(`/v1/roles/${card.id}`),
      give(owner, member, [card.id]),
    ]);
    expect([
      [204, 422],
      [409, 200],
    ]).toContainEqual([removal.status, giving.status]);
    const roles = Array.from({ length: 100 }, (_, index) =>
      env.DB.prepare(
        `INSERT INTO role
           (id, account_id, name, description, rights, grants, created_by, created_at, updated_at)
         VALUES (?, ?, ?, '', '[]', '[]', 'mem', 0, 0)`,
      ).bind(`rol_${newIdempotencyKey()}`, owner.accountId, `R${index}`),
    );
    await env.DB.batch(roles);
    expect(said(await make(owner, {}))).toBe("409 conflict/state");
  });
});

describe("a member who has it", () => {
  test("obeys its change with the next call, by key and by token, up and down", async () => {
    const card = await role({ rights: ["member.view"] });
    const member = await add([card.id]);
    const callers = [member.api, api(fetch, await newToken(fetch, member.apiKey))];
    const status = async (path: string) =>
      Promise.all(callers.map(async (who) => said(await who.get(`/v1/${path}`))));
    for (let round = 0; round < 3; round += 1) {
      expect([await status("members"), await status("catalog")]).toEqual([
        ["200", "200"],
        [NO, NO],
      ]);
      expectStatus(await edit(owner, card, { rights: ["catalog.view"] }), 200);
      expect([await status("members"), await status("catalog")]).toEqual([
        [NO, NO],
        ["200", "200"],
      ]);
      expectStatus(
        await edit(owner, card, { rights: [], grants: [{ resourceType: "product", access: "edit" }] }),
        200,
      );
      expect([await status("members"), await status("catalog"), await status("products")]).toEqual([
        [NO, NO],
        [NO, NO],
        ["200", "200"],
      ]);
      expectStatus(await edit(owner, card, { rights: ["member.view"], grants: [] }), 200);
    }
  });

  test("has its grants on single objects too, with what they derive; the card says where from", async () => {
    const [mine, other] = [
      await createObject(owner, "products", { name: "Mine" }),
      await createObject(owner, "products", { name: "Other" }),
    ];
    const card = await role({ grants: [{ resourceType: "product", resourceId: mine, access: "edit" }] });
    const member = await add([card.id]);
    expectStatus(
      await member.api.post("/v1/license-keys", { productId: mine }, { idempotencyKey: newIdempotencyKey() }),
      201,
    );
    expect([
      said(await member.api.get(`/v1/products/${other}`)),
      said(await member.api.del(`/v1/products/${mine}`)),
    ]).toEqual(["404 not-found", NO]);
    const { rights } = expectStatus(
      await owner.api.get<{ rights: { right: string; source: string }[] }>(
        `/v1/members/${member.memberId}/effective`,
      ),
      200,
    ).body;
    expect(rights.find(({ right }) => right === "license_key.view")?.source).toBe(
      `role:${card.id} derived:product:edit:${mine}`,
    );
  });
});

describe("no escalation through a role", () => {
  const HELD = ["member.view", "member.edit", "member.create", "role.edit", "catalog.view"];
  /** Holds role.edit as a custom role only, beside power over members without preset roles. */
  const clerk = async () => {
    const held = await role({ rights: HELD });
    return { held, person: await add([held.id]) };
  };

  test("no member makes or widens a role beyond the own rights, with role.edit from a role too", async () => {
    const { person, held } = await clerk();
    const within = await role({ rights: ["member.view", "catalog.view"] }, person);
    const beyond: Given[] = [
      { rights: ["audit.view"] },
      { rights: [...HELD, "license.purchase"] },
      { grants: [{ resourceType: "product", access: "view" }] },
      { grants: [{ resourceType: "billing", access: "owner" }] },
    ];
    for (const body of beyond) {
      expect(said(await make(person, body)), JSON.stringify(body)).toBe(NO);
      expect(said(await edit(person, within, body)), JSON.stringify(body)).toBe(NO);
      expect(said(await edit(person, held, body)), JSON.stringify(body)).toBe(NO);
    }
    expect((await rightsOf(person)).sort()).toEqual([...HELD].sort());
    expect(expectStatus(await owner.api.get<Card>(`/v1/roles/${within.id}`), 200).body.version).toBe(1);
  });

  test("no member changes, removes, renames or gives a role beyond the own rights", async () => {
    const { person } = await clerk();
    const big = await role({ rights: ["audit.view", "catalog.view"] });
    for (const body of [{ name: "Small" }, { rights: [] }, { rights: ["catalog.view"] }])
      expect(said(await edit(person, big, body)), JSON.stringify(body)).toBe(NO);
    expect(said(await person.api.del(`/v1/roles/${big.id}`))).toBe(NO);
    const other = await add([]);
    for (const whom of [other, person])
      expect(said(await give(person, whom, [big.id])), whom.memberId).toBe(NO);
    expect(
      said(
        await person.api.post(
          "/v1/members",
          { firstName: "A", lastName: "B", email: `${newIdempotencyKey()}@example.com`, roles: [big.id] },
          { idempotencyKey: newIdempotencyKey() },
        ),
      ),
    ).toBe(NO);
    const small = await role({ rights: ["catalog.view"] }, person);
    expectStatus(await give(person, other, [small.id]), 200);
    expect(await rightsOf(other)).toEqual(["catalog.view"]);
    // A member to whom another gave more is out of reach from then on.
    expectStatus(await edit(owner, small, { rights: ["catalog.view", "audit.view"] }), 200);
    expect([
      said(await give(person, other, [])),
      said(await edit(person, small, { rights: ["catalog.view"] })),
    ]).toEqual([NO, NO]);
  });

  test("what one holds of some objects only does not become a role for all", async () => {
    const [mine, other] = [
      await createObject(owner, "products", { name: "Mine" }),
      await createObject(owner, "products", { name: "Other" }),
    ];
    const person = await add(["member"], {
      rights: ["role.edit"],
      grants: [{ resourceType: "product", resourceId: mine, access: "edit" }],
    });
    expectStatus(
      await make(person, { grants: [{ resourceType: "product", resourceId: mine, access: "edit" }] }),
      201,
    );
    for (const body of [
      { grants: [{ resourceType: "product", access: "view" }] },
      { grants: [{ resourceType: "product", resourceId: other, access: "view" }] },
      { grants: [{ resourceType: "product", resourceId: mine, access: "owner" }] },
      { rights: ["product.view"] },
      { rights: ["license.view"] },
      { rights: ["audit.view"] },
      { rights: ["api_key.view"] },
    ])
      expect(said(await make(person, body)), JSON.stringify(body)).toBe(NO);
  });

  test("a narrowed key makes, widens and gives nothing wider than itself", async () => {
    const narrow = await narrowed(["role.edit", "catalog.view", "member.view", "member.edit"]);
    const small = await role({ rights: ["catalog.view"] }, narrow);
    const big = await role({ rights: ["audit.view"] });
    const member = await add([]);
    for (const answer of [
      await make(narrow, { rights: ["audit.view"] }),
      await edit(narrow, small, { rights: ["audit.view"] }),
      await edit(narrow, big, { rights: [] }),
      await narrow.api.del(`/v1/roles/${big.id}`),
      await make(narrow, { grants: [{ resourceType: "product", access: "view" }] }),
      await give(narrow, member, [big.id]),
    ])
      expect(said(answer)).toBe(NO);
    expectStatus(await give(narrow, member, [small.id]), 200);
    expect(said(await make(await narrowed(["catalog.view"]), {}))).toBe(NO);
  });

  test("no member takes or widens a role of their own: a right would outlast its role", async () => {
    const admin = await add(["admin"]);
    const [keep, own] = [
      await role({ rights: ["role.edit", "member.edit"] }, admin),
      await role({ rights: ["catalog.view"] }),
    ];
    expect(said(await give(admin, admin, ["admin", keep.id]))).toBe(NO);
    expectStatus(await give(owner, admin, ["admin", own.id]), 200);
    expect(said(await edit(admin, own, { rights: ["catalog.view", "member.edit"] }))).toBe(NO);
    expect(said(await edit(admin, own, { grants: [{ resourceType: "product", access: "view" }] }))).toBe(NO);
    expectStatus(await edit(admin, own, { name: "Renamed", rights: [] }), 200);
    expectStatus(await edit(owner, own, { rights: ["catalog.view"] }), 200);
    expectStatus(await give(admin, admin, ["admin"]), 200);
  });

  test("grants go no further than what one sees oneself, and not into one's own role", async () => {
    const agency = await createSubscribedAccount(platform, "agency");
    const [mine, other] = [
      await createObject({ api: platform }, "tools", { key: newIdempotencyKey(), name: "Mine" }),
      await createObject({ api: platform }, "tools", { key: newIdempotencyKey(), name: "Other" }),
    ];
    const tools = (...ids: string[]) =>
      ids.map((resourceId) => ({ resourceType: "tool", resourceId, access: "view" }));
    const maker = await role({ rights: ["role.edit"] }, agency);
    const specialist = await newMember(fetch, agency, {
      roles: ["specialist", maker.id],
      grants: tools(mine),
    });
    expectStatus(await make(specialist, { grants: tools(mine) }), 201);
    for (const ids of [[other], [mine, other], ["0"]])
      expect(said(await make(specialist, { grants: tools(...ids) })), ids.join()).toBe(NO);
    const held = await role({ grants: tools(mine) }, agency);
    const second = await newMember(fetch, agency, { roles: ["owner", held.id] });
    expect(said(await edit(second, held, { grants: tools(mine, other) }))).toBe(NO);
    expectStatus(await edit(second, held, { grants: tools(mine), name: "Renamed" }), 200);
    expectStatus(await edit(agency, held, { grants: tools("0") }), 200);
  });

  test("in a model with restricted accounts a custom role needs the plan like any other access", async () => {
    const vendor = await createSubscribedAccount(platform, "vendor");
    const card = await role({ rights: ["product.view"] }, vendor);
    const operator = await newMember(fetch, vendor, { roles: [card.id] });
    expectStatus(await operator.api.get("/v1/products"), 200);
    expectStatus(
      await platform.put(`/v1/accounts/${vendor.accountId}/plan`, {
        restrictedAccounts: false,
        memberLimit: null,
        contactUrl: null,
      }),
      200,
    );
    expect(said(await operator.api.get("/v1/products"))).toBe("402 plan/feature-required");
  });

  test("of two changes at once, each is decided with what the other left", async () => {
    const { person } = await clerk();
    /**
     * Every change of a role moves the version of the whole account. A call that was overtaken twice is
     * answered 503, and is repeated here.
     */
    const insistent = async (change: () => Promise<Reply<unknown>>): Promise<string> => {
      const answer = said(await change());
      return answer === "503 stale" ? insistent(change) : answer;
    };
    for (let round = 0; round < 5; round += 1) {
      const shared = await role({ rights: ["catalog.view"] });
      const answers = await Promise.all([
        insistent(() => edit(owner, shared, { rights: ["audit.view"] })),
        insistent(() => edit(person, shared, { rights: ["member.view"] }, { ifMatch: '"1"' })),
      ]);
      expect([
        ["200", NO],
        ["200", "412 precondition-failed"],
        ["200", "200"],
      ]).toContainEqual(answers);
      expect(expectStatus(await owner.api.get<Card>(`/v1/roles/${shared.id}`), 200).body).toMatchObject({
        rights: ["audit.view"],
        version: answers[1] === "200" ? 3 : 2,
      });
    }
  });
});

describe("what a role is called", () => {
  const DUPLICATE = "409 conflict/duplicate";
  const RESERVED = [
    "Owner",
    "Владелец",
    "ОWNER",
    "ADMIN",
    "Ad\u200Bmin",
    "Администратор",
    "viewer",
    "Vіewer",
    "ＡＬＬ",
    "Все",
    "Platform owner",
  ];

  test("K10 no two roles of an account have look-alike names; an older one keeps its name", async () => {
    const [billing, other] = [await role({ name: "Billing" }), await role({ name: "Support team" })];
    for (const name of [
      "billing",
      "Bil\u200Bling",
      "ＢＩＬＬＩＮＧ",
      "Вilling",
      "BiIling",
      "Support  Team",
      "Ѕuрроrt team",
    ]) {
      expect(said(await make(owner, { name })), name).toBe(DUPLICATE);
    }
    expect(said(await edit(owner, other, { name: "B\u00ADilling" }))).toBe(DUPLICATE);
    for (const name of ["BILLING", "Billing"]) expectStatus(await edit(owner, billing, { name }), 200);
    expectStatus(
      await make(await createSubscribedAccount(platform, "team").then(({ api: who }) => ({ api: who })), {
        name: "Billing",
      }),
      201,
    );
    await env.DB.prepare("UPDATE role SET name = 'Bil\u200Bling' WHERE id = ?").bind(other.id).run();
    expectStatus(await edit(owner, other, { description: "As it was", name: "Bil\u200Bling" }), 200);
    expect(said(await edit(owner, other, { name: "billing " }))).toBe(DUPLICATE);
  });

  test("K10 the model's names are taken, in both languages, for roles and for object groups", async () => {
    for (const name of RESERVED) expect(said(await make(owner, { name })), name).toBe("422 validation");
    for (const name of ["Owners", "Administration", "Operator"])
      expectStatus(await make(owner, { name }), 201);
    const dealer = await createSubscribedAccount(platform, "dealer");
    const group = (name: string) =>
      dealer.api.post<Card>("/v1/object-groups", { name }, { idempotencyKey: newIdempotencyKey() });
    for (const name of ["Owner", "ＡＬＬ", "А\u200Bll", "все", "Client", "Клиент", "Sub-dealer"]) {
      expect(said(await group(name)), name).toBe("422 validation");
      expect(said(await make(dealer, { name })), name).toBe("422 validation");
    }
    const [north] = [expectStatus(await group("North"), 201).body, expectStatus(await group("South"), 201)];
    for (const name of ["NORTH", "Nоrth", "Nor\u200Bth"])
      expect(said(await group(name)), name).toBe(DUPLICATE);
    const rename = (name: string) => dealer.api.patch(`/v1/object-groups/${north.id}`, { name }, ANY);
    expect([said(await rename("Ѕouth")), said(await rename("ALL")), said(await rename("NORTH"))]).toEqual([
      DUPLICATE,
      "422 validation",
      "200",
    ]);
    expect(
      Object.keys(expectStatus(await dealer.api.get(`/v1/object-groups/${north.id}`), 200).body).filter(
        (name) => name.startsWith("#"),
      ),
    ).toEqual([]);
    const answers = await Promise.all(["East", "Eаst", "EAST", "Ea\u200Bst"].map(group));
    expect(answers.map(said).sort()).toEqual(["201", DUPLICATE, DUPLICATE, DUPLICATE]);
  });
});
