import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { pruneAudit, sweepAudit } from "../../../src/audit/chain/sweep.store.ts";
import { newId, newIdWith } from "../../../src/kernel/id.ts";
import { type Api, api, newIdempotencyKey, expectStatus, type Problem } from "../../harness/client.ts";
import { newAccount, newApiKey, newMember, newToken, type Person } from "../../harness/people.ts";
import { db, deliverMessages, stagedMessage, stageEvents, sealingContext } from "./audit-fixture.ts";
import {
  OTHER_IP,
  fetch,
  createPlatform,
  replaceGrants,
  HOME_IP,
  listIds,
  createObject,
  statusOf,
  createProductTree,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

interface Row {
  readonly id: string;
  readonly action: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly repeated: number | null;
  readonly at: string;
  readonly actor: { readonly memberId: string; readonly login: string };
  readonly resource: { readonly type: string; readonly id: string | null };
  readonly changes: { readonly before: object; readonly after: object } | null;
}

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

const keyed = () => ({ idempotencyKey: newIdempotencyKey() });
const log = async (query = "limit=100") =>
  expectStatus(
    await owner.api.get<{ data: Row[]; nextCursor: string | null }>(`/v1/object-log?${query}`),
    200,
  ).body;
const byOperator = async () => (await log()).data.filter(({ actor }) => actor.memberId === operator.memberId);
const line = ({ action, outcome, resource }: Row) => `${action} ${outcome} ${resource.type} ${resource.id}`;

describe("S0.5 all operations of an operator are in the object log", () => {
  test("S0.5 N operations are N rows in order, refused ones too; redelivery adds none", async () => {
    const [mine, other] = [await createProductTree(owner, "Mine"), await createProductTree(owner, "Other")];
    const [customer, token] = [
      await createObject(owner, "customers", { name: "Acme" }),
      await createObject(owner, "access-tokens", { name: "client" }),
    ];
    await replaceGrants(owner, operator.memberId, [
      { resourceType: "product", resourceId: mine.product, access: "edit" },
    ]);
    const post = (path: string, body: object) =>
      operator.api.post<{ id: string }>(`/v1/${path}`, body, keyed());
    const patch = (path: string, body: object) => operator.api.patch(`/v1/${path}`, body, { ifMatch: "*" });
    const key = expectStatus(await post("license-keys", { productId: mine.product }), 201).body.id;
    const machine = expectStatus(await post("machine-codes", { licenseKeyId: key, code: "M" }), 201).body.id;
    const answers = [
      await patch(`products/${mine.product}`, { name: "Mine 2" }),
      await patch(`license-keys/${key}`, { notes: "n" }),
      await operator.api.del(`/v1/license-keys/${key}`),
      await operator.api.del(`/v1/products/${mine.product}`),
      await patch(`products/${other.product}`, { name: "x" }),
      await operator.api.del(`/v1/access-tokens/${token}`),
      await post("access-tokens", { name: "x" }),
      await post("license-keys", { productId: other.product }),
      await post("license-keys", { productId: mine.product, customerId: customer }),
      await patch(`license-keys/${key}`, { customerId: customer }),
      await post("data-objects", { machineCodeId: other.machine, name: "x" }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([
      200, 200, 403, 403, 404, 404, 403, 404, 404, 404, 404,
    ]);
    await deliverMessages([stagedMessage(owner.accountId), stagedMessage(owner.accountId)]);
    const once = await byOperator();
    expect(once.map(line).reverse()).toEqual([
      `license_key.create success license_key ${key}`,
      `machine_code.create success machine_code ${machine}`,
      `product.edit success product ${mine.product}`,
      `license_key.edit success license_key ${key}`,
      `license_key.delete denied license_key ${key}`,
      `product.delete denied product ${mine.product}`,
      `product.edit failed product ${other.product}`,
      `access_token.delete failed access_token ${token}`,
      "access_token.create denied access_token null",
      `license_key.create failed product ${other.product}`,
      `license_key.create failed customer ${customer}`,
      `license_key.edit failed customer ${customer}`,
      `data_object.create failed machine_code ${other.machine}`,
    ]);
    for (let round = 0; round < 3; round += 1)
      await deliverMessages([stagedMessage(owner.accountId), stagedMessage(owner.accountId)]);
    await sweepAudit(sealingContext);
    expect(await byOperator()).toEqual(once);
    expect(new Set(once.map(({ id }) => id)).size).toBe(answers.length + 2);
  });

  test("S0.5 refusals for the address are there, and each object of a call; reads are not", async () => {
    await replaceGrants(owner, operator.memberId, [{ resourceType: "product", access: "edit" }]);
    const { product } = await createProductTree(owner, "Editor");
    expectStatus(
      await operator.api.post(
        "/v1/license-keys",
        { productId: product, newCustomer: { name: "Acme" } },
        keyed(),
      ),
      201,
    );
    expectStatus(
      await owner.api.patch(`/v1/members/${operator.memberId}`, { allowedIps: [HOME_IP] }, { ifMatch: "*" }),
      200,
    );
    expect(
      statusOf(
        await operator.api.patch(`/v1/products/${product}`, { name: "x" }, { ifMatch: "*", ip: OTHER_IP }),
      ),
    ).toBe("403 ip/not-allowed");
    expectStatus(await operator.api.get(`/v1/products/${product}`), 200);
    expect(await listIds(operator.api, "customers")).toBe("403 access/denied");
    const rows = (await byOperator()).reverse();
    expect(rows.map(({ action, outcome, reason }) => [action, outcome, reason])).toEqual([
      ["license_key.create", "success", null],
      ["customer.create", "success", null],
      ["product.edit", "denied", "ip/not-allowed"],
    ]);
  });

  test("S0.5 K8 a refusal by state is a failed row, a fault of form none; hidden is as missing", async () => {
    const [{ product: hidden }, stranger] = [
      await createProductTree(owner, "Hidden"),
      await createSubscribedAccount(platform, "vendor"),
    ];
    const [{ product: foreign }, mine] = [
      await createProductTree(stranger, "Foreign"),
      (await createProductTree(owner, "Mine")).product,
    ];
    await replaceGrants(owner, operator.memberId, [
      { resourceType: "product", resourceId: mine, access: "owner" },
    ]);
    const missing = newIdWith("prd", Date.now());
    for (const id of [hidden, foreign, missing, "no-id"]) {
      for (const who of [operator, owner]) {
        if (who === owner && id === hidden) continue;
        expectStatus(await who.api.patch(`/v1/products/${id}`, { name: "x" }, { ifMatch: "*" }), 404);
        expectStatus(await who.api.del(`/v1/products/${id}`, { ifMatch: "*" }), 404);
        if (id !== "no-id")
          expectStatus(await who.api.post("/v1/license-keys", { productId: id }, keyed()), 404);
      }
    }
    expectStatus(await owner.api.del(`/v1/products/${mine}`, { ifMatch: "*" }), 409);
    for (const [body, ask, status] of [
      [{ name: 5 }, { ifMatch: "*" }, 422],
      [{ name: "y" }, {}, 428],
      [{ name: "y" }, { ifMatch: '"99"' }, 412],
    ] as const) {
      expectStatus(await owner.api.patch(`/v1/products/${mine}`, body, ask), status);
    }
    const rows = (await log()).data.filter(({ outcome }) => outcome !== "success");
    const told = (who: Person) =>
      rows
        .filter(({ actor }) => actor.memberId === who.memberId)
        .map(({ action, outcome, reason, resource }) => [action, outcome, reason, resource.type, resource.id])
        .reverse();
    const three = (id: string | null) => [
      ["product.edit", "failed", "not-found", "product", id],
      ["product.delete", "failed", "not-found", "product", id],
    ];
    const four = (id: string) => [...three(id), ["license_key.create", "failed", "not-found", "product", id]];
    expect(told(operator)).toEqual([...four(hidden), ...four(foreign), ...four(missing), ...three(null)]);
    expect(told(owner).at(-1)).toEqual([
      "product.delete",
      "failed",
      "conflict/not-removable",
      "product",
      mine,
    ]);
    expect(
      told(owner)
        .slice(0, -1)
        .map(([action, outcome]) => [action, outcome]),
    )
      // A parent that the owner's rights reach is no object of the row, so both are one kind.
      .toEqual(
        [...four(foreign), ...three(missing), ...three(null)].map(([action, outcome]) => [action, outcome]),
      );
    expect(
      expectStatus(await stranger.api.get<{ data: Row[] }>("/v1/audit?limit=100&outcome=failed"), 200).body
        .data,
    ).toEqual([]);
  });

  test("K8 the first refusal of a kind is a row at once, its repeats of a minute are one more", async () => {
    const { product } = await createProductTree(owner, "Editor");
    const refuse = async () =>
      expectStatus(await operator.api.patch(`/v1/products/${product}`, { name: "x" }, { ifMatch: "*" }), 404);
    for (let count = 0; count < 5; count += 1) await refuse();
    expectStatus(await operator.api.del(`/v1/products/${product}`, { ifMatch: "*" }), 404);
    const told = async () =>
      (await byOperator()).map((row) => [row.action, row.outcome, row.repeated]).reverse();
    const first = [
      ["product.edit", "failed", null],
      ["product.delete", "failed", null],
    ];
    expect(await told()).toEqual(first);
    await sweepAudit(sealingContext);
    expect(await told()).toEqual(first);
    // A minute later; the window that is over takes no more.
    await env.DB.prepare("UPDATE refusal SET since = since - 60001").run();
    await refuse();
    await Promise.all([sweepAudit(sealingContext), sweepAudit(sealingContext)]);
    await sweepAudit(sealingContext);
    expect((await told()).sort()).toEqual(
      [...first, ["product.edit", "failed", 4], ["product.edit", "failed", null]].sort(),
    );
    // The same act on the same object, refused for another reason, is another kind.
    const { product: own } = await createProductTree(owner, "Own");
    await replaceGrants(owner, operator.memberId, [
      { resourceType: "product", resourceId: own, access: "edit" },
    ]);
    expectStatus(
      await owner.api.patch(`/v1/members/${operator.memberId}`, { allowedIps: [HOME_IP] }, { ifMatch: "*" }),
      200,
    );
    for (const ip of [HOME_IP, HOME_IP, OTHER_IP]) {
      expectStatus(await operator.api.del(`/v1/products/${own}`, { ifMatch: "*", ip }), 403);
    }
    const denied = (await log(`limit=100&outcome=denied&resourceType=product&resourceId=${own}`)).data;
    expect(denied.map(({ reason }) => reason).sort()).toEqual(["access/denied", "ip/not-allowed"]);
    // An edit of the count or of the event of a waiting row is found.
    await refuse();
    await env.DB.prepare(
      "UPDATE refusal SET since = since - 60001, event = replace(event, 'product.edit', 'product.view')",
    ).run();
    await sweepAudit(sealingContext);
    expect((await log("limit=100&outcome=failed")).data.map(({ action }) => action)).not.toContain(
      "product.view",
    );
    for (let count = 0; count < 3; count += 1)
      expectStatus(
        await owner.api.patch(`/v1/products/${product}`, { name: `n${count}` }, { ifMatch: "*" }),
        200,
      );
    expect((await log("limit=100&action=product.edit&outcome=success")).data.length).toBe(3);
  });

  test("K8 the object log is filtered by action, actor, object, outcome and period only", async () => {
    await replaceGrants(owner, operator.memberId, [{ resourceType: "customer", access: "owner" }]);
    const id = await createObject(operator, "customers", { name: "Acme" });
    await createObject(owner, "customers", { name: "Other" });
    const all = (await log()).data;
    const newest = all[0] as Row;
    for (const [query, matches] of [
      ["action=customer.*", ({ action }) => action.startsWith("customer.")],
      [`actor=${operator.memberId}`, ({ actor }) => actor.memberId === operator.memberId],
      [`resourceType=customer&resourceId=${id}`, ({ resource }) => resource.id === id],
      ["outcome=denied", () => false],
      [`from=${newest.at}`, ({ at }) => at >= newest.at],
      [`to=${newest.at}`, ({ at }) => at <= newest.at],
    ] as const satisfies ReadonlyArray<readonly [string, (row: Row) => boolean]>) {
      expect((await log(`limit=100&${query}`)).data, query).toEqual(all.filter(matches));
    }
    for (const query of ["action=x", "actor=me", "from=yesterday", "path=/v1"])
      expect(statusOf(await owner.api.get(`/v1/object-log?${query}`)), query).toBe("422 validation");
  });

  test("S0.5 each change of its grants is there with the grants before, by every way", async () => {
    const view = { resourceType: "product", resourceId: "0", access: "view" },
      edit = { ...view, access: "edit" };
    await replaceGrants(owner, operator.memberId, [view]);
    await replaceGrants(owner, operator.memberId, [edit]);
    const second = await newMember(fetch, owner, { roles: ["operator"], grants: [view] });
    const rows = (await log()).data.reverse();
    expect(
      rows.map(({ action, actor, resource, changes }) => [action, actor.memberId, resource.id, changes]),
    ).toEqual([
      [
        "grant.edit",
        owner.memberId,
        operator.memberId,
        { before: { grants: [] }, after: { grants: [view] } },
      ],
      [
        "grant.edit",
        owner.memberId,
        operator.memberId,
        { before: { grants: [view] }, after: { grants: [edit] } },
      ],
      ["grant.edit", owner.memberId, second.memberId, { before: { grants: [] }, after: { grants: [view] } }],
    ]);
  });

  test("S0.5 ten rows by default, a hundred at most; startingAfter goes on after a page", async () => {
    await replaceGrants(owner, operator.memberId, [{ resourceType: "customer", access: "owner" }]);
    for (let count = 0; count < 22; count += 1)
      await createObject(operator, "customers", { name: `Customer ${count}` });
    const all = (await log()).data;
    expect(all.length).toBe(23);
    const [first, second] = [await log(""), await log("limit=20")];
    expect([first.data, second.data]).toEqual([all.slice(0, 10), all.slice(0, 20)]);
    const next = await log(`startingAfter=${first.nextCursor}`);
    expect(next.data).toEqual(all.slice(10, 20));
    expect(await log(`startingAfter=${next.nextCursor}`)).toEqual({
      data: all.slice(20),
      nextCursor: null,
      complete: true,
    });
    for (const limit of ["0", "101", "-1", "x", ""])
      expect(statusOf(await owner.api.get(`/v1/object-log?limit=${limit}`)), limit).toBe("422 validation");
    expect(statusOf(await operator.api.get("/v1/object-log"))).toBe("403 access/denied");
  });

  test("S0.5 rows are kept for thirty days at least: no clean-up removes them", async () => {
    const old = Date.now() - 31 * 24 * 60 * 60 * 1000;
    const [row] = await stageEvents(owner.accountId, 1, { id: newId("event", old), at: old });
    await deliverMessages([stagedMessage(owner.accountId)]);
    await pruneAudit(db, Date.now());
    await sweepAudit(sealingContext);
    expect((await log()).data.map(({ id }) => id)).toContain(row?.id);
  });
});

describe("the plan that operators need", () => {
  const LACKING = "402 plan/feature-required";
  const contact = (answer: { body: unknown }) => (answer.body as Problem)["contact"];
  const plan = async (restrictedAccounts: boolean, contactUrl: string | null = "https://example.com/sales") =>
    expectStatus(
      await platform.put(`/v1/accounts/${owner.accountId}/plan`, {
        restrictedAccounts,
        memberLimit: null,
        contactUrl,
      }),
      200,
    );

  test("S0.2 without it no member becomes an operator or gets a grant; refusals name a contact", async () => {
    const bare = await newAccount(fetch, platform, "vendor");
    const person = (more: object) => ({
      firstName: "Otto",
      lastName: "Operator",
      email: "otto@example.com",
      ...more,
    });
    const grant = { grants: [{ resourceType: "product", access: "edit" }] };
    for (const more of [
      { roles: ["operator"] },
      { roles: [], ...grant },
      {},
      { roles: [], rights: ["product.view"] },
    ]) {
      const answer = await bare.api.post("/v1/members", person(more), keyed());
      expect([statusOf(answer), contact(answer)], JSON.stringify(more)).toEqual([LACKING, env.CONTACT_URL]);
    }
    expectStatus(
      await platform.put(`/v1/accounts/${bare.accountId}/plan`, {
        restrictedAccounts: true,
        memberLimit: null,
        contactUrl: null,
      }),
      200,
    );
    expectStatus(await bare.api.post("/v1/members", person({ roles: ["operator"], ...grant }), keyed()), 201);
  });

  test("S0.2 when it lapses, operators stop until it is back; their data and the owner stay", async () => {
    await replaceGrants(owner, operator.memberId, [{ resourceType: "customer", access: "owner" }]);
    const given = await createObject(operator, "customers", { name: "Acme" });
    const roleless = await newMember(fetch, owner, {
      roles: [],
      grants: [{ resourceType: "customer", access: "view" }],
    });
    const token = await newToken(fetch, operator.apiKey);
    await plan(false);
    for (const who of [operator.api, api(fetch, token), roleless.api]) {
      const answers = [
        await who.get(`/v1/customers/${given}`),
        await who.post("/v1/customers", { name: "x" }, keyed()),
        await who.get("/v1/customers"),
        await who.del(`/v1/customers/${given}`),
        await who.post("/v1/auth/token"),
      ];
      expect(answers.map(statusOf)).toEqual(Array(answers.length).fill(LACKING));
      expect(answers.map(contact)).toEqual(Array(answers.length).fill("https://example.com/sales"));
      expectStatus(await who.get("/v1/me"), 200);
    }
    expect(
      statusOf(
        await owner.api.put(`/v1/members/${operator.memberId}/grants`, {
          grants: [{ resourceType: "product", access: "view" }],
        }),
      ),
    ).toBe(LACKING);
    expectStatus(await owner.api.get(`/v1/customers/${given}`), 200);
    expectStatus(await owner.api.post(`/v1/members/${roleless.memberId}/block`), 200);
    await plan(true);
    for (const who of [operator.api, api(fetch, token)])
      expectStatus(await who.get(`/v1/customers/${given}`), 200);
    expectStatus(
      await api(fetch, await newApiKey(fetch, owner, operator.memberId)).post("/v1/auth/token"),
      200,
    );
  });
});
