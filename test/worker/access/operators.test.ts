import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { UNKNOWN_ULID } from "../../harness/operation.ts";
import { newApiKey, newMember, type Person } from "../../harness/people.ts";
import {
  fetch,
  createPlatform,
  replaceGrants,
  listIds,
  createObject,
  said,
  comparableRefusal,
  createProductTree,
  createSubscribedAccount,
} from "./operators-fixture.ts";

let platform: Api;
let owner: Person;
let operator: Person;

beforeAll(async () => {
  platform = await createPlatform();
});
beforeEach(async () => {
  owner = await createSubscribedAccount(platform, "vendor");
  operator = await newMember(fetch, owner, { roles: ["operator"] });
});

const give = (...list: Parameters<typeof replaceGrants>[2]) => replaceGrants(owner, operator.memberId, list);
const LEVELS = ["view", "edit", "owner"] as const;
const PATHS = ["products", "license-keys", "machine-codes", "data-objects", "customers", "access-tokens"];
const ANY = { ifMatch: "*" };
const keyed = () => ({ idempotencyKey: newIdempotencyKey() });

/** What the operator is answered for each verb on one object. */
const verbs = async (path: string, create: object) => ({
  get: said(await operator.api.get(`/v1/${path}`)),
  patch: said(await operator.api.patch(`/v1/${path}`, {}, ANY)),
  post: said(await operator.api.post(`/v1/${path.split("/")[0]}`, create, keyed())),
  delete: said(await operator.api.del(`/v1/${path}`)),
});
const NO = "403 access/denied",
  MISSING = "404 not-found";

describe("operators", () => {
  test("S0.4 the recommended bundle changes licenses and removes no product or access token", async () => {
    const { product, key } = await createProductTree(owner, "Editor");
    const token = await createObject(owner, "access-tokens", { name: "client" });
    await give({ resourceType: "product", access: "edit" }, { resourceType: "customer", access: "owner" });
    expectStatus(await operator.api.get(`/v1/products/${product}`), 200);
    expect(said(await operator.api.del(`/v1/products/${product}`))).toBe(NO);
    expect(said(await operator.api.del(`/v1/access-tokens/${token}`))).toBe(MISSING);
    const { body } = expectStatus(
      await operator.api.patch(`/v1/license-keys/${key}`, { notes: "extended" }, ANY),
      200,
    );
    expect(body["notes"]).toBe("extended");
    for (const path of [`products/${product}`, `access-tokens/${token}`])
      expectStatus(await owner.api.get(`/v1/${path}`), 200);
  });

  test("S0.7 a new operator has no rights: collections and creations 403, objects 404", async () => {
    const { product, key, machine, ofKey } = await createProductTree(owner, "Editor");
    const [customer, token] = [
      await createObject(owner, "customers", { name: "Acme" }),
      await createObject(owner, "access-tokens", { name: "client" }),
    ];
    expect(expectStatus(await operator.api.get<{ rights: string[] }>("/v1/me"), 200).body.rights).toEqual([]);
    for (const [index, id] of [product, key, machine, ofKey, customer, token].entries()) {
      const path = `/v1/${PATHS[index]}`;
      const answers = [
        await operator.api.get(path),
        await operator.api.post(path, {}, keyed()),
        await operator.api.get(`${path}/${id}`),
        await operator.api.patch(`${path}/${id}`, {}, ANY),
        await operator.api.del(`${path}/${id}`),
      ];
      expect(answers.map(said), path).toEqual([NO, NO, MISSING, MISSING, MISSING]);
    }
    await give({ resourceType: "product", access: "view" });
    expectStatus(await operator.api.get(`/v1/products/${product}`), 200);
    expect(expectStatus(await operator.api.get<{ rights: string[] }>("/v1/me"), 200).body.rights).toEqual([
      "data_object.view",
      "license_key.view",
      "machine_code.view",
      "product.view",
    ]);
  });

  test("S0.8 the owner modifies grants of the account; an operator modifies none, not its own", async () => {
    const body = { grants: [{ resourceType: "product", access: "view" }] };
    const other = await newMember(fetch, owner, { roles: ["operator"] });
    const stranger = await createSubscribedAccount(platform, "vendor");
    for (const { memberId } of [operator, other, owner])
      expect(said(await operator.api.put(`/v1/members/${memberId}/grants`, body))).toBe(NO);
    expect(said(await stranger.api.put(`/v1/members/${operator.memberId}/grants`, body))).toBe(MISSING);
    const { body: card } = expectStatus(
      await owner.api.put<{ grants: unknown }>(`/v1/members/${operator.memberId}/grants`, body),
      200,
    );
    expect(card.grants).toEqual([{ resourceType: "product", resourceId: "0", access: "view" }]);
    expectStatus(await owner.api.put(`/v1/members/${operator.memberId}/grants`, { grants: [] }), 200);
    expect(said(await operator.api.get("/v1/products"))).toBe(NO);
  });

  test("S0.10 the resource id is 0 when it is left out, and 0 when it is sent", async () => {
    for (const grant of [{}, { resourceId: "0" }]) {
      const { body } = await give({ resourceType: "customer", access: "owner", ...grant });
      expect(body["grants"]).toEqual([{ resourceType: "customer", resourceId: "0", access: "owner" }]);
    }
  });

  test("S0.11 a single object: of products and customers that exist, and of nothing else", async () => {
    const { product, key } = await createProductTree(owner, "Editor");
    const customer = await createObject(owner, "customers", { name: "Acme" });
    const foreign = await createObject(await createSubscribedAccount(platform, "vendor"), "products", {
      name: "Theirs",
    });
    await give(
      { resourceType: "product", resourceId: product, access: "edit" },
      { resourceType: "customer", resourceId: customer, access: "view" },
    );
    const refused = [
      ["product", foreign],
      ["product", `prd_${UNKNOWN_ULID}`],
      ["product", customer],
      ["customer", product],
      ["product", ""],
      ["product", "1"],
      ["analytics", "1"],
      ["analytics", product],
      ["billing", "1"],
      ["license_key", key],
      ["license_key", "0"],
      ["access_token", "0"],
      ["invoice", "0"],
      ["ghost", "0"],
      ["__proto__", "0"],
    ] as const;
    for (const [resourceType, resourceId] of refused) {
      const answer = await owner.api.put<{ errors: { pointer: string }[] }>(
        `/v1/members/${operator.memberId}/grants`,
        {
          grants: [
            { resourceType: "product", access: "view" },
            { resourceType, resourceId, access: "view" },
          ],
        },
      );
      expect(said(answer), `${resourceType}:${resourceId}`).toBe("422 validation");
      expect(answer.body.errors[0]?.pointer).toMatch(/^\/grants\/1\/resource(Type|Id)$/);
    }
    expect(await listIds(operator.api, "products")).toEqual([product]);
  });

  test("S0.13 an access is view, edit or owner, and nothing else", async () => {
    for (const access of LEVELS) await give({ resourceType: "product", access });
    for (const access of ["admin", "Owner", "", "none", "delete", "constructor", null, 1]) {
      const answer = await owner.api.put(`/v1/members/${operator.memberId}/grants`, {
        grants: [{ resourceType: "product", access }],
      });
      expect(said(answer), String(access)).toBe("422 validation");
    }
    expect(
      expectStatus(
        await operator.api.get<{ member: { grants: { access: string }[] } }>("/v1/me"),
        200,
      ).body.member.grants.map(({ access }) => access),
    ).toEqual(["owner"]);
  });

  test.each([
    ["product", "products"],
    ["customer", "customers"],
  ] as const)("S0.15, S0.16, S0.17 view, edit and owner of every %s", async (resourceType, path) => {
    const id = await createObject(owner, path, { name: "One" });
    const expected = {
      view: { get: "200", patch: NO, post: NO, delete: NO },
      edit: { get: "200", patch: "200", post: NO, delete: NO },
      owner: { get: "200", patch: "200", post: "201", delete: "204" },
    };
    for (const access of LEVELS) {
      await give({ resourceType, access });
      expect(await verbs(`${path}/${id}`, { name: "Two" }), access).toEqual(expected[access]);
    }
    expect(said(await owner.api.get(`/v1/${path}/${id}`))).toBe(MISSING);
  });

  test.each(LEVELS)(
    "S0.19 a grant on products (%s) changes what belongs to products, and nothing else",
    async (access) => {
      const [customer, token] = [
        await createObject(owner, "customers", { name: "Acme" }),
        await createObject(owner, "access-tokens", { name: "client" }),
      ];
      const others = async () =>
        Promise.all(
          [
            "customers",
            `customers/${customer}`,
            "access-tokens",
            `access-tokens/${token}`,
            "members",
            `members/${owner.memberId}`,
            `members/${operator.memberId}/api-keys`,
            "audit",
            "object-log",
            "calls",
            "audit/verify",
            "credits",
            "credits/ledger",
            `accounts/${owner.accountId}`,
            "accounts",
          ].map(async (path) => `${path} ${said(await operator.api.get(`/v1/${path}`))}`),
        );
      const before = await others();
      await give({ resourceType: "product", access });
      expect(await others()).toEqual(before);
      for (const path of ["products", "license-keys", "machine-codes", "data-objects"])
        expectStatus(await operator.api.get(`/v1/${path}`), 200);
      const { rights } = expectStatus(await operator.api.get<{ rights: string[] }>("/v1/me"), 200).body;
      expect(
        rights.filter((right) => !/^(product|license_key|machine_code|data_object)\./.test(right)),
      ).toEqual([]);
    },
  );

  test("S0.20 product view: all keys, machine codes and data objects are read, none changed", async () => {
    const { product, key, machine, ofProduct, ofKey, ofMachine } = await createProductTree(owner, "Editor");
    await give({ resourceType: "product", access: "view" });
    expect(await listIds(operator.api, "license-keys")).toEqual([key]);
    expect(await listIds(operator.api, "machine-codes")).toEqual([machine]);
    expect(await listIds(operator.api, "data-objects", 2)).toEqual([ofMachine, ofKey, ofProduct]);
    const only = { get: "200", patch: NO, post: NO, delete: NO };
    expect(await verbs(`license-keys/${key}`, { productId: product })).toEqual(only);
    expect(await verbs(`machine-codes/${machine}`, { licenseKeyId: key, code: "2" })).toEqual(only);
    for (const [id, parent] of [
      [ofProduct, { productId: product }],
      [ofKey, { licenseKeyId: key }],
      [ofMachine, { machineCodeId: machine }],
    ] as const) {
      expect(await verbs(`data-objects/${id}`, { ...parent, name: "n" })).toEqual(only);
    }
  });

  test.each(["edit", "owner"])(
    "S0.21 product %s: keys, machine codes and data objects are added and changed, never removed",
    async (access) => {
      const { product, key, machine, ofProduct, ofKey, ofMachine } = await createProductTree(owner, "Editor");
      await give({ resourceType: "product", access });
      const all = { get: "200", patch: "200", post: "201", delete: NO };
      expect(await verbs(`license-keys/${key}`, { productId: product })).toEqual(all);
      expect(await verbs(`machine-codes/${machine}`, { licenseKeyId: key, code: "2" })).toEqual(all);
      for (const [id, parent] of [
        [ofProduct, { productId: product }],
        [ofKey, { licenseKeyId: key }],
        [ofMachine, { machineCodeId: machine }],
      ] as const) {
        expect(await verbs(`data-objects/${id}`, { ...parent, name: "n" })).toEqual(all);
      }
      expect((await listIds(operator.api, "data-objects")).length).toBe(6);
    },
  );

  test("S0.22 a new customer comes with a new key; existing customers stay hidden", async () => {
    const { product } = await createProductTree(owner, "Editor");
    const sent = { name: "Acme", email: "info@example.com" };
    const existing = await createObject(owner, "customers", sent);
    await give({ resourceType: "product", access: "edit" });
    const create = (more: object) =>
      operator.api.post<{ id: string; customerId: string; newCustomer: object }>(
        "/v1/license-keys",
        { productId: product, ...more },
        keyed(),
      );
    const twice = [
      expectStatus(await create({ newCustomer: sent }), 201).body,
      expectStatus(await create({ newCustomer: sent }), 201).body,
    ];
    for (const { customerId, newCustomer } of twice) {
      expect(newCustomer).toEqual({ id: customerId, ...sent, company: null });
      expect(customerId).not.toBe(existing);
      expect(said(await operator.api.get(`/v1/customers/${customerId}`))).toBe(MISSING);
      expect(expectStatus(await owner.api.get(`/v1/customers/${customerId}`), 200).body).toMatchObject(sent);
    }
    expect(Object.keys(twice[0] ?? {})).toEqual(Object.keys(twice[1] ?? {}));
    expect(twice[0]?.customerId).not.toBe(twice[1]?.customerId);
    expect([
      said(await operator.api.get("/v1/customers")),
      said(await operator.api.post("/v1/customers", sent, keyed())),
    ]).toEqual([NO, NO]);

    const hidden = await create({ customerId: existing });
    expect(said(hidden)).toBe(MISSING);
    expect(comparableRefusal(hidden)).toBe(
      comparableRefusal(await create({ customerId: `cus_${UNKNOWN_ULID}` })),
    );
    const key = twice[0]?.id;
    expect(said(await operator.api.patch(`/v1/license-keys/${key}`, { customerId: existing }, ANY))).toBe(
      MISSING,
    );
    expect(said(await operator.api.get(`/v1/license-keys?customerId=${existing}`))).toBe(MISSING);
    await give({ resourceType: "product", access: "edit" }, { resourceType: "customer", access: "view" });
    expectStatus(await create({ customerId: existing }), 201);
  });

  test.each(LEVELS)("S0.23 a grant on customers (%s) gives its level and nothing beyond", async (access) => {
    const { product, key } = await createProductTree(owner, "Editor");
    await give({ resourceType: "customer", access });
    for (const path of ["products", "license-keys", "machine-codes", "data-objects", "access-tokens"])
      expect(said(await operator.api.get(`/v1/${path}`)), path).toBe(NO);
    for (const path of [`products/${product}`, `license-keys/${key}`])
      expect(said(await operator.api.get(`/v1/${path}`)), path).toBe(MISSING);
    const { rights } = expectStatus(await operator.api.get<{ rights: string[] }>("/v1/me"), 200).body;
    expect(rights.filter((right) => !right.startsWith("customer."))).toEqual([]);
  });

  test("S0.28 a grant on all covers what is made later, however deep", async () => {
    await give({ resourceType: "product", access: "edit" }, { resourceType: "customer", access: "view" });
    expectStatus(await operator.api.get("/v1/products"), 200);
    const later = await createProductTree(owner, "Later");
    const customer = await createObject(owner, "customers", { name: "Later" });
    expect(await listIds(operator.api, "products")).toEqual([later.product]);
    expect(await listIds(operator.api, "data-objects")).toEqual([
      later.ofMachine,
      later.ofKey,
      later.ofProduct,
    ]);
    expectStatus(
      await operator.api.patch(`/v1/machine-codes/${later.machine}`, { friendlyName: "x" }, ANY),
      200,
    );
    expectStatus(await operator.api.get(`/v1/customers/${customer}`), 200);
  });

  test("S0.29 a grant on one object is of that object and of what belongs to it", async () => {
    const [one, two] = [await createProductTree(owner, "One"), await createProductTree(owner, "Two")];
    await give({ resourceType: "product", resourceId: one.product, access: "owner" });
    expect(await listIds(operator.api, "products", 1)).toEqual([one.product]);
    expect(await listIds(operator.api, "license-keys", 1)).toEqual([one.key]);
    expect(await listIds(operator.api, "data-objects", 2)).toEqual([one.ofMachine, one.ofKey, one.ofProduct]);
    for (const path of [
      `products/${two.product}`,
      `license-keys/${two.key}`,
      `machine-codes/${two.machine}`,
      `data-objects/${two.ofMachine}`,
    ]) {
      expect(said(await operator.api.get(`/v1/${path}`)), path).toBe(MISSING);
    }
    expect(said(await operator.api.get(`/v1/license-keys?productId=${two.product}`))).toBe(MISSING);
    expectStatus(await operator.api.post("/v1/license-keys", { productId: one.product }, keyed()), 201);
    expect(said(await operator.api.post("/v1/license-keys", { productId: two.product }, keyed()))).toBe(
      MISSING,
    );
    expect(said(await operator.api.post("/v1/products", { name: "Three" }, keyed()))).toBe(NO);

    const bare = await createObject(owner, "products", { name: "Bare" });
    await give(
      { resourceType: "product", resourceId: bare, access: "owner" },
      { resourceType: "product", resourceId: two.product, access: "view" },
    );
    expect(said(await operator.api.post("/v1/license-keys", { productId: two.product }, keyed()))).toBe(NO);
    expectStatus(await operator.api.del(`/v1/products/${bare}`), 204);
    expect(await listIds(operator.api, "products")).toEqual([two.product]);
    expectStatus(await owner.api.get(`/v1/products/${one.product}`), 200);
  });

  test("a change names the version: 428 without, 412 with an old one; a removal may name it", async () => {
    const id = await createObject(owner, "customers", { name: "Acme" });
    const path = `/v1/customers/${id}`;
    const etag = expectStatus(await owner.api.get(path), 200).headers.get("etag") ?? "";
    expect(said(await owner.api.patch(path, { name: "New" }))).toBe("428 precondition-required");
    const next =
      expectStatus(await owner.api.patch(path, { name: "New" }, { ifMatch: etag }), 200).headers.get(
        "etag",
      ) ?? "";
    expect([
      said(await owner.api.patch(path, { name: "Old" }, { ifMatch: etag })),
      said(await owner.api.del(path, { ifMatch: etag })),
    ]).toEqual(Array(2).fill("412 precondition-failed"));
    const two = await Promise.all(
      ["A", "B"].map((name) => owner.api.patch(path, { name }, { ifMatch: next })),
    );
    expect(two.map(said).sort()).toEqual(["200", "412 precondition-failed"]);
    expect(expectStatus(await owner.api.get(path), 200).body["name"]).toBe(
      two.find(({ status }) => status === 200)?.body["name"],
    );
    expectStatus(await owner.api.del(path, { ifMatch: ANY.ifMatch }), 204);
  });

  test("of a product's removal and a key's creation under it at once, one is done", async () => {
    for (let round = 0; round < 5; round += 1) {
      const product = await createObject(owner, "products", { name: "Contested" });
      const [removed, created] = await Promise.all([
        owner.api.del(`/v1/products/${product}`),
        owner.api.post("/v1/license-keys", { productId: product }, keyed()),
      ]);
      expect([
        ["204", MISSING],
        ["409 conflict/not-removable", "201"],
      ]).toContainEqual([said(removed), said(created)]);
    }
  });

  test("S0.29 an object's removal ends the grant on it, and its rights at the next call", async () => {
    const product = await createObject(owner, "products", { name: "Gone soon" });
    await give({ resourceType: "product", resourceId: product, access: "edit" });
    expect(await listIds(operator.api, "products")).toEqual([product]);
    expectStatus(await owner.api.del(`/v1/products/${product}`), 204);
    expect(
      expectStatus(await operator.api.get<{ rights: string[]; member: { grants: [] } }>("/v1/me"), 200).body,
    ).toMatchObject({ rights: [], member: { grants: [] } });
    expect(said(await operator.api.get("/v1/products"))).toBe(NO);
    expect(said(await operator.api.post("/v1/license-keys", { productId: product }, keyed()))).toBe(NO);
  });
});

describe("K12 a write needs view of its object too", () => {
  test("K12 a member limited to product A changes nothing of product B by a direct right", async () => {
    const [a, b] = [await createProductTree(owner, "A"), await createProductTree(owner, "B")];
    await give({ resourceType: "product", resourceId: a.product, access: "edit" });
    const rights = ["machine_code.delete", "license_key.edit", "data_object.delete", "product.delete"];
    expectStatus(await owner.api.patch(`/v1/members/${operator.memberId}`, { rights }, ANY), 200);
    const customer = await createObject(owner, "customers", { name: "C" });
    expectStatus(
      await owner.api.patch(
        `/v1/members/${operator.memberId}`,
        { rights: [...rights, "customer.edit", "customer.delete"] },
        ANY,
      ),
      200,
    );
    const writes = (who: Api, of: typeof a) => [
      () => who.patch(`/v1/license-keys/${of.key}`, { notes: "x" }, ANY),
      () => who.del(`/v1/data-objects/${of.ofMachine}`),
      () => who.del(`/v1/machine-codes/${of.machine}`),
    ];
    for (const write of writes(operator.api, b)) expect(said(await write())).toBe(MISSING);
    for (const path of [`customers/${customer}`])
      expect([
        said(await operator.api.patch(`/v1/${path}`, {}, ANY)),
        said(await operator.api.del(`/v1/${path}`)),
      ]).toEqual([MISSING, MISSING]);
    expect(said(await operator.api.del(`/v1/products/${b.product}`))).toBe(MISSING);
    for (const path of [`machine-codes/${b.machine}`, `data-objects/${b.ofMachine}`, `customers/${customer}`])
      expectStatus(await owner.api.get(`/v1/${path}`), 200);
    // What a key is narrowed to takes no sight from its member.
    const narrow = api(
      fetch,
      await newApiKey(fetch, owner, operator.memberId, {
        scopes: ["machine_code.delete", "license_key.edit", "data_object.delete"],
      }),
    );
    for (const write of writes(narrow, b)) expect(said(await write())).toBe(MISSING);
    for (const write of writes(narrow, a)) expect(said(await write())).toMatch(/^20[04]$/);
  });
});
