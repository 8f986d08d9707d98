import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { giveCredits, newApiKey, newMemberWithoutKey, newMember, type Person } from "../../harness/people.ts";
import {
  OTHER_IP,
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

const ANY = { ifMatch: "*" };
const NO = "403 access/denied",
  MISSING = "404 not-found";
const add = (roles: readonly string[], more: object = {}) => newMember(fetch, owner, { roles, ...more });
const anyone = api(fetch, null);
const makeKey = (who: Api, memberId: string, more: object = {}) =>
  who.post<{ id: string; secret?: string; claim?: { token: string } }>(
    `/v1/members/${memberId}/api-keys`,
    { name: "key", ...more },
    { idempotencyKey: newIdempotencyKey() },
  );
const claim = (token: string) => anyone.post<{ secret: string }>("/v1/auth/claims", { token });
const verified = async (who: Api) =>
  expectStatus(await who.get<{ ok: boolean; firstFault: unknown }>("/v1/audit/verify"), 200).body;
const sealed = async (accountId: string) =>
  (
    await env.DB.prepare("SELECT body, resource_id FROM audit_event WHERE account_id = ?")
      .bind(accountId)
      .all<{ body: string; resource_id: string | null }>()
  ).results;

describe("what a caller writes in an id's place", () => {
  const HALF = `${"a".repeat(63)}${encodeURIComponent("\u{1F600}")}`;

  test.each([
    ["a right that lacks", "GET", `/v1/accounts/${HALF}`],
    ["a change", "DELETE", `/v1/api-keys/${HALF}`],
    ["a very long one", "GET", `/v1/members/${"x".repeat(9_000)}/api-keys`],
  ])("%s: the denial is in the trail, the text is not, and the chain holds", async (_, method, path) => {
    const viewer = await add(["viewer"]);
    expect(said(await (method === "GET" ? viewer.api.get(path) : viewer.api.del(path)))).toMatch(/^40[34] /);
    expect(said(await viewer.api.get(path, { ip: OTHER_IP }))).toMatch(/^40[345] /);
    expect(await verified(owner.api)).toMatchObject({ ok: true, firstFault: null });
    const rows = await sealed(owner.accountId);
    expect(rows.some(({ body }) => body.includes("denied"))).toBe(true);
    expect(
      rows.filter(
        ({ body, resource_id: id }) =>
          body.includes("aaaaaaaa") || body.includes("xxxxxxxx") || (id ?? "").length > 40,
      ),
    ).toEqual([]);
  });

  test("K16 a secret sent in a wrong place is in no row of the trail or of the call log", async () => {
    const member = await add(["member"]);
    const { memberId } = await newMemberWithoutKey(owner, { roles: ["member"] });
    const token = expectStatus(await makeKey(owner.api, memberId), 201).body.claim?.token ?? "";
    const { apiKey: key } = member;
    const encoded = [...key].map((char) => `%${char.charCodeAt(0).toString(16)}`).join("");
    const paths = [
      key,
      encoded,
      encoded.replaceAll("%", "%25"),
      `x-${key}.json`,
      key.slice(0, 20),
      token,
      `ses_01ARZ3NDEKTSV4RRFFQ69G5FAV.3.${token}`,
    ];
    for (const path of paths)
      await member.api.del(`/v1/api-keys/${path}?token=${key}`, { headers: { "user-agent": `tool ${key}` } });
    await verified(owner.api);
    const rows = async () =>
      (
        await env.DB.prepare(
          "SELECT path, user_agent FROM call_log WHERE member_id = ? AND method = 'DELETE'",
        )
          .bind(member.memberId)
          .all<{ path: string; user_agent: string }>()
      ).results;
    await expect.poll(async () => (await rows()).length, { timeout: 20_000 }).toBe(paths.length);
    expect(new Set((await rows()).map(({ path }) => path))).toEqual(
      new Set(["/v1/api-keys/…", "/v1/api-keys/….json", "/v1/api-keys/ses_01ARZ3NDEKTSV4RRFFQ69G5FAV.3.…"]),
    );
    const kept = JSON.stringify([await rows(), await sealed(owner.accountId)]);
    for (const secret of [key.slice(0, 20), key.slice(-20), token, encoded])
      expect(kept).not.toContain(secret);
  });
});

describe("a claim goes no further than its maker's power by then", () => {
  test.each([
    ["is blocked", (maker: Person) => owner.api.post(`/v1/members/${maker.memberId}/block`)],
    [
      "may no longer give the role",
      (maker: Person) => owner.api.patch(`/v1/members/${maker.memberId}`, { roles: ["viewer"] }, ANY),
    ],
  ])("whose maker %s is refused", async (_, undo) => {
    const admin = await add(["admin"]);
    const { memberId } = await newMemberWithoutKey(owner, { roles: ["admin"] });
    const token = expectStatus(await makeKey(admin.api, memberId), 201).body.claim?.token ?? "";
    expectStatus(await undo(admin), 200);
    expect(said(await claim(token))).toBe("410 invitation/expired");
  });

  test("K1 an owner's claim can be made again while no key is good, and then not", async () => {
    const body = {
      kind: "vendor",
      name: "Lost",
      owner: { email: `o-${newIdempotencyKey()}@example.com`, firstName: "O", lastName: "O" },
    };
    const account = expectStatus(
      await platform.post<{ id: string; claim: { token: string } }>("/v1/accounts", body),
      201,
    ).body;
    const path = `/v1/accounts/${account.id}/owner-claims`;
    const again = expectStatus(await platform.post<{ claim: { token: string } }>(path), 201).body.claim.token;
    expect(said(await claim(account.claim.token))).toBe(MISSING);
    expectStatus(await claim(again), 201);
    expect(said(await platform.post(path))).toBe("409 conflict/state");
    expect(said(await owner.api.post(path))).toBe(NO);
  });
});

describe("a caller who may give no role has no power over members who hold more", () => {
  test("a viewer who may make keys makes none for a member without roles who holds more rights", async () => {
    const [maker, target] = [
      await add(["viewer"], { rights: ["api_key.create", "api_key.revoke"] }),
      await add([], { rights: ["member.edit", "credits.spend"] }),
    ];
    expect(said(await makeKey(maker.api, target.memberId))).toBe(NO);
    const key =
      expectStatus(
        await owner.api.get<{ data: { id: string }[] }>(`/v1/members/${owner.memberId}/api-keys`),
        200,
      ).body.data[0]?.id ?? "";
    expect(said(await maker.api.del(`/v1/api-keys/${key}`))).toMatch(/^40[34] /);
    expect(said(await owner.api.get("/v1/me"))).toBe("200");
  });

  test("a key is made for the member as they were: one promoted meanwhile gets none from below", async () => {
    const maker = await add(["viewer"], { rights: ["api_key.create", "credits.spend"] });
    const target = await newMemberWithoutKey(owner, { roles: [], rights: ["credits.spend"] });
    const [promoted, key] = await Promise.all([
      owner.api.patch(`/v1/members/${target.memberId}`, { roles: ["admin"] }, ANY),
      makeKey(maker.api, target.memberId),
    ]);
    expect(said(promoted)).toBe("200");
    if (key.status === 201)
      expect(said(await claim(key.body.claim?.token ?? ""))).toBe("410 invitation/expired");
    else expect(said(key)).toBe(NO);
  });

  test("a platform key that may manage accounts does not edit the platform's own", async () => {
    const me = expectStatus(
      await platform.get<{ member: { id: string }; account: { id: string } }>("/v1/me"),
      200,
    ).body;
    const narrow = api(
      fetch,
      expectStatus(await makeKey(platform, me.member.id, { scopes: ["account.manage", "account.view"] }), 201)
        .body.secret ?? "",
    );
    expectStatus(await narrow.get(`/v1/accounts/${owner.accountId}`), 200);
    expect(said(await narrow.patch(`/v1/accounts/${me.account.id}`, { name: "Mine" }, ANY))).toBe(NO);
  });
});

describe("a demotion takes what it says", () => {
  test("S4.20 a limit does not vanish with the role while the right to spend stays", async () => {
    await giveCredits(platform, owner.accountId, 1_000);
    const member = await add(["member"], { rights: ["credits.spend"], creditLimit: 5 });
    const path = `/v1/members/${member.memberId}`;
    expect(said(await owner.api.patch(path, { roles: ["viewer"] }, ANY))).toBe("422 validation");
    expectStatus(await owner.api.patch(path, { roles: ["viewer"], rights: [] }, ANY), 200);
    expect(
      said(
        await member.api.post("/v1/credits/spend", { amount: 1 }, { idempotencyKey: newIdempotencyKey() }),
      ),
    ).toBe(NO);
  });

  test("no member gives rights to themselves, to keep them when the role goes", async () => {
    const admin = await add(["admin"]);
    expect(
      said(await admin.api.patch(`/v1/members/${admin.memberId}`, { rights: ["member.edit"] }, ANY)),
    ).toBe(NO);
  });
});

test("hidden and missing leave the same in the caller's own trail", async () => {
  const vendor = await createSubscribedAccount(platform, "vendor");
  const product = await createObject(vendor, "products", { name: "Hidden" });
  const operator = await newMember(fetch, vendor, { roles: ["operator"], rights: [] });
  const missing = `${product.slice(0, -3)}${product.endsWith("000") ? "111" : "000"}`;
  for (const id of [product, missing])
    expect(said(await operator.api.get(`/v1/products/${id}`))).toBe(MISSING);
  const rows = expectStatus(
    await vendor.api.get<{ data: { action: string; outcome: string; resource: { id: string } }[] }>(
      "/v1/audit?outcome=denied",
    ),
    200,
  ).body.data;
  expect(rows.map(({ action, resource }) => [action, resource.id])).toEqual([
    ["product.view", missing],
    ["product.view", product],
  ]);
});

test("a sign-in and a gift of the platform are in the trail", async () => {
  const key = await newApiKey(fetch, owner, owner.memberId);
  expectStatus(await api(fetch, key).post("/v1/auth/token"), 200);
  await giveCredits(platform, owner.accountId, 7);
  const actions = async (who: Api, action: string) =>
    expectStatus(await who.get<{ data: unknown[] }>(`/v1/audit?action=${action}`), 200).body.data.length;
  expect(await actions(owner.api, "token.create")).toBe(1);
  expect(await actions(owner.api, "credits.grant")).toBe(1);
  expect(await actions(platform, "credits.grant")).toBeGreaterThanOrEqual(1);
});

test("a call that is meant for another account does not fall on the caller's own", async () => {
  expect(said(await owner.api.get("/v1/me", { headers: { "tollgate-account": owner.accountId } }))).toBe(
    "200",
  );
  expect(
    said(
      await owner.api.get("/v1/me", { headers: { "tollgate-account": "acc_01ARZ3NDEKTSV4RRFFQ69G5FAV" } }),
    ),
  ).toBe(MISSING);
});

test("a key that runs out while the body trickles in is refused, and nothing is spent", async () => {
  await giveCredits(platform, owner.accountId, 10);
  const expiresAt = Date.now() + 1_000;
  const secret =
    expectStatus(
      await makeKey(owner.api, owner.memberId, { expiresAt: new Date(expiresAt).toISOString() }),
      201,
    ).body.secret ?? "";
  const headers = {
    authorization: `Bearer ${secret}`,
    "content-type": "application/json",
    "idempotency-key": newIdempotencyKey(),
  };
  expect((await fetch("/v1/me", { headers: { authorization: `Bearer ${secret}` } })).status).toBe(200);
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode('{"amount":'));
      while (Date.now() <= expiresAt) await new Promise((resolve) => setTimeout(resolve, 100));
      controller.enqueue(new TextEncoder().encode("1}"));
      controller.close();
    },
  });
  expect((await fetch("/v1/credits/spend", { method: "POST", headers, body })).status).toBe(401);
  expect(expectStatus(await owner.api.get<{ balance: number }>("/v1/credits"), 200).body.balance).toBe(10);
});

test("a tag weakened by a proxy is still the card's version; another version's is not", async () => {
  const member = await add(["member"]);
  const path = `/v1/members/${member.memberId}`;
  const tag = (await owner.api.get(path)).headers.get("etag") ?? "";
  expect(said(await owner.api.patch(path, { position: "Chief" }, { ifMatch: `W/${tag}` }))).toBe("200");
  expect(said(await owner.api.patch(path, { position: "Clerk" }, { ifMatch: `W/${tag}` }))).toBe(
    "412 precondition-failed",
  );
});
