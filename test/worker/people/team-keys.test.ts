import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newApiKey, newMemberWithoutKey, newMember, newToken, type Person } from "../../harness/people.ts";
import {
  OTHER_IP,
  fetch,
  createPlatform,
  HOME_IP,
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

interface Made {
  id: string;
  memberId: string;
  status: string;
  secret?: string;
  claim?: { token: string; expiresAt: string };
}
const keyed = () => ({ idempotencyKey: newIdempotencyKey() });
const ANY = { ifMatch: "*" };
/** What the model does not have is no right there. */
const FOREIGN = "422 validation";
const NO = "403 access/denied",
  MISSING = "404 not-found",
  UNKNOWN = "401 auth/invalid-credential";
const add = (roles: readonly string[], more: object = {}) => newMember(fetch, owner, { roles, ...more });
const person = (more: object) => ({
  firstName: "Nina",
  lastName: "New",
  email: `nina-${newIdempotencyKey()}@example.com`,
  ...more,
});
const anyone = api(fetch, null);
const makeKey = (who: Api, memberId: string, more: object = {}, ask = keyed()) =>
  who.post<Made>(`/v1/members/${memberId}/api-keys`, { name: "key", ...more }, ask);
const claim = (token: string, ip = HOME_IP) => anyone.post<Made>("/v1/auth/claims", { token }, { ip });
/** A caller with a narrower key of the same member, made by themselves. */
const narrowed = async (who: Person, terms: object, ip = HOME_IP): Promise<Api> =>
  api(fetch, expectStatus(await makeKey(who.api, who.memberId, terms), 201).body.secret ?? "").via(
    (path, init) =>
      fetch(path, {
        ...init,
        headers: { ...Object.fromEntries(new Headers(init?.headers)), "cf-connecting-ip": ip },
      }),
  );
const keyId = async (who: Api) =>
  expectStatus(await who.get<{ key: { id: string } }>("/v1/me"), 200).body.key.id;

describe("a key for another member", () => {
  test("S1.40 its secret is shown to that member only, who claims it once", async () => {
    const member = await newMemberWithoutKey(owner, { roles: ["member"] });
    const answer = expectStatus(await makeKey(owner.api, member.memberId), 201).body;
    expect([answer.secret, answer.status, answer.memberId]).toEqual([undefined, "waiting", member.memberId]);
    const token = answer.claim?.token ?? "";
    const claimed = expectStatus(await claim(token), 201).body;
    expect([claimed.id, claimed.status]).toEqual([answer.id, "active"]);
    const me = expectStatus(
      await api(fetch, claimed.secret ?? "").get<{ member: { id: string }; key: { id: string } }>("/v1/me"),
      200,
    ).body;
    expect([me.member.id, me.key.id]).toEqual([member.memberId, answer.id]);
    expect(said(await claim(token))).toBe(MISSING);
    expect(
      JSON.stringify((await owner.api.get(`/v1/members/${member.memberId}/api-keys`)).body),
    ).not.toContain(claimed.secret);
  });

  test("of two who claim it at once one gets the secret", async () => {
    for (let round = 0; round < 5; round += 1) {
      const member = await newMemberWithoutKey(owner, { roles: ["member"] });
      const { claim: given } = expectStatus(await makeKey(owner.api, member.memberId), 201).body;
      const answers = await Promise.all([claim(given?.token ?? ""), claim(given?.token ?? "")]);
      const won = answers.filter(({ status }) => status === 201);
      expect(won.length).toBe(1);
      expect(["409 invitation/used", MISSING]).toContain(
        said(answers.find(({ status }) => status !== 201) ?? answers[0]),
      );
      expectStatus(await api(fetch, won[0]?.body.secret ?? "").get("/v1/me"), 200);
    }
  });

  test("is not claimed when too old or revoked, from a wrong address, or by a blocked member", async () => {
    const wait = async (more: object = {}) => {
      const member = await newMemberWithoutKey(owner, { roles: ["member"] });
      const { id, claim: given } = expectStatus(await makeKey(owner.api, member.memberId, more), 201).body;
      return { member, id, token: given?.token ?? "" };
    };
    const [late, revoked, away, blocked] = [
      await wait(),
      await wait(),
      await wait({ allowedIps: [OTHER_IP] }),
      await wait(),
    ];
    await env.DB.prepare("UPDATE api_key SET claim_expires_at = ? WHERE id = ?")
      .bind(Date.now(), late.id)
      .run();
    expectStatus(await owner.api.del(`/v1/api-keys/${revoked.id}`), 204);
    expectStatus(await owner.api.post(`/v1/members/${blocked.member.memberId}/block`), 200);
    expect([
      said(await claim(late.token)),
      said(await claim(revoked.token)),
      said(await claim(away.token)),
      said(await claim(blocked.token)),
    ]).toEqual(["410 invitation/expired", MISSING, "403 ip/not-allowed", "401 auth/blocked"]);
    expectStatus(await claim(away.token, OTHER_IP), 201);
    for (const token of ["a".repeat(43), "short", "a".repeat(5_000)])
      expect([MISSING, "422 validation"]).toContain(said(await claim(token)));
  });

  test("S1.40 is made by an admin, revoked by an admin or its member; a viewer does neither", async () => {
    const [member, other, viewer] = [await add(["member"]), await add(["member"]), await add(["viewer"])];
    for (const who of [member, viewer])
      for (const whom of [who, other, owner]) expect(said(await makeKey(who.api, whom.memberId))).toBe(NO);
    const [mine, theirs] = [await keyId(member.api), await keyId(other.api)];
    expect([
      said(await member.api.del(`/v1/api-keys/${theirs}`)),
      said(await viewer.api.del(`/v1/api-keys/${theirs}`)),
    ]).toEqual([MISSING, NO]);
    expect([
      said(await member.api.get(`/v1/members/${other.memberId}/api-keys`)),
      said(await viewer.api.get(`/v1/members/${viewer.memberId}/api-keys`)),
    ]).toEqual([MISSING, NO]);
    expectStatus(await member.api.get(`/v1/members/${member.memberId}/api-keys`), 200);
    expectStatus(await member.api.del(`/v1/api-keys/${mine}`), 204);
    expect(said(await member.api.get("/v1/me"))).toBe(UNKNOWN);
    expectStatus(await owner.api.del(`/v1/api-keys/${theirs}`), 204);
    expect(said(await other.api.get("/v1/me"))).toBe(UNKNOWN);
  });

  test("is not made for a holder of a role that the maker may not give, with any rights", async () => {
    const member = await add(["member"], { rights: ["api_key.create", "member.view"] });
    for (const whom of [owner, await add(["viewer"]), await add(["member"])])
      expect(said(await makeKey(member.api, whom.memberId))).toBe(NO);
    expect(said(await makeKey(member.api, (await createSubscribedAccount(platform, "team")).memberId))).toBe(
      MISSING,
    );
  });
});

describe("S1.15 K12 no key for a viewer", () => {
  test("is made by admin, platform or viewer, or claimed by a member who became a viewer", async () => {
    const [viewer, admin] = [await add(["viewer"], { rights: ["api_key.create"] }), owner];
    for (const who of [admin, viewer]) expect(said(await makeKey(who.api, viewer.memberId))).toBe(NO);
    const path = `/v1/accounts/${owner.accountId}/members`;
    const added = expectStatus(
      await platform.post<{ id: string; claim?: object }>(path, person({ roles: ["viewer"] }), keyed()),
      201,
    ).body;
    expect([added.claim, said(await platform.post(`${path}/${added.id}/claims`))]).toEqual([undefined, NO]);
    const late = await newMemberWithoutKey(owner, { roles: ["member"] });
    const token = expectStatus(await makeKey(owner.api, late.memberId), 201).body.claim?.token ?? "";
    expectStatus(await owner.api.patch(`/v1/members/${late.memberId}`, { roles: ["viewer"] }, ANY), 200);
    expect(said(await claim(token))).toBe(NO);
    expectStatus(await owner.api.patch(`/v1/members/${late.memberId}`, { roles: ["member"] }, ANY), 200);
    expect(said(await claim(token))).toBe("201");
  });

  test("works for a member while they are one, on any route; it does again with a raised role", async () => {
    const member = await add(["member"]);
    const custom = expectStatus(
      await owner.api.post<{ id: string }>(
        "/v1/roles",
        { name: "Reader", description: "", rights: ["catalog.view"] },
        keyed(),
      ),
      201,
    ).body.id;
    const token = api(fetch, await newToken(fetch, member.apiKey));
    const hook = expectStatus(await member.api.get<{ key: { id: string } }>("/v1/me"), 200).body.key.id;
    for (const roles of [["viewer"], ["viewer", custom]]) {
      expectStatus(await owner.api.patch(`/v1/members/${member.memberId}`, { roles }, ANY), 200);
      for (const who of [member.api, token]) {
        const answers = [
          await who.get("/v1/me"),
          await who.get("/v1/catalog"),
          await who.post("/v1/auth/token"),
        ];
        expect(answers.map(said)).toEqual([NO, NO, NO]);
        expect(answers[0]?.body).toMatchObject({ detail: expect.stringContaining("viewer") });
      }
    }
    for (const roles of [["member"], ["viewer", "member"]]) {
      expectStatus(await owner.api.patch(`/v1/members/${member.memberId}`, { roles }, ANY), 200);
      for (const who of [member.api, token]) expectStatus(await who.get("/v1/me"), 200);
    }
    expect(
      expectStatus(
        await owner.api.get<{ data: { id: string; status: string }[] }>(
          `/v1/members/${member.memberId}/api-keys`,
        ),
        200,
      ).body.data,
    ).toMatchObject([{ id: hook, status: "active" }]);
  });
});

describe("who may call", () => {
  test("a blocked member is refused by key and token at the next call, until unblocked", async () => {
    const member = await add(["member"]);
    const callers = [member.api, api(fetch, await newToken(fetch, member.apiKey))];
    for (const who of callers) expectStatus(await who.get("/v1/me"), 200);
    expectStatus(await owner.api.post(`/v1/members/${member.memberId}/block`), 200);
    for (const who of callers)
      for (const answer of [
        await who.get("/v1/me"),
        await who.get("/v1/credits"),
        await who.post("/v1/auth/token"),
      ])
        expect(said(answer)).toBe("401 auth/blocked");
    expectStatus(await owner.api.post(`/v1/members/${member.memberId}/unblock`), 200);
    for (const who of callers)
      expect(
        expectStatus(await who.get<{ member: { roles: string[] } }>("/v1/me"), 200).body.member.roles,
      ).toEqual(["member"]);
  });

  test("S1.41 a token ends with the key that it was minted from; the other key goes on", async () => {
    const member = await add(["member"]);
    const second = await newApiKey(fetch, owner, member.memberId);
    const [token, other] = [
      api(fetch, await newToken(fetch, second)),
      api(fetch, await newToken(fetch, member.apiKey)),
    ];
    expectStatus(await token.get("/v1/me"), 200);
    expectStatus(await owner.api.del(`/v1/api-keys/${await keyId(token)}`), 204);
    expect([said(await token.get("/v1/me")), said(await api(fetch, second).get("/v1/me"))]).toEqual([
      UNKNOWN,
      UNKNOWN,
    ]);
    for (const who of [other, member.api]) expectStatus(await who.get("/v1/me"), 200);
  });
});

describe("a repeated creation", () => {
  test("is answered as before, without what is shown once; under another body it is refused", async () => {
    for (const [path, body, hidden] of [
      [`members/${owner.memberId}/api-keys`, { name: "key" }, "secret"],
      ["access-tokens", { name: "client" }, "token"],
    ] as const) {
      const key = keyed();
      const first = expectStatus(await owner.api.post(`/v1/${path}`, body, key), 201).body;
      const again = expectStatus(await owner.api.post(`/v1/${path}`, body, key), 201);
      expect([typeof first[hidden], hidden in again.body, again.headers.get("idempotency-replayed")]).toEqual(
        ["string", false, "true"],
      );
      expect({ ...first, [hidden]: null }).toEqual({ ...again.body, [hidden]: null });
      expect(said(await owner.api.post(`/v1/${path}`, { name: "another" }, key))).toBe(
        "422 idempotency/mismatch",
      );
    }
    const { results } = await env.DB.prepare("SELECT body FROM idempotency").all<{ body: string }>();
    expect(results.filter(({ body }) => /tgk_[0-9A-Za-z]{20}|tgt_[0-9a-f]{20}/.test(body))).toEqual([]);
  });
});

describe("no member gives more than they hold", () => {
  const SCOPES = [
    "member.view",
    "member.create",
    "member.edit",
    "member.block",
    "grant.edit",
    "api_key.create",
    "product.view",
  ];

  test("direct rights and grants: what is held may be given on, and nothing beyond", async () => {
    const product = await createObject(owner, "products", { name: "One" });
    const [one, all] = [
      { resourceType: "product", resourceId: product, access: "view" },
      { resourceType: "product", resourceId: "0", access: "view" },
    ];
    const giver = await add([], {
      rights: ["member.create", "member.edit", "member.view", "grant.edit", "customer.view"],
      grants: [one],
    });
    const target = await add([]);
    const post = async (more: object) => said(await giver.api.post("/v1/members", person(more), keyed()));
    const put = async (...grants: object[]) =>
      said(await giver.api.put(`/v1/members/${target.memberId}/grants`, { grants }));
    expect([
      await post({ rights: ["customer.view"] }),
      await post({ grants: [one] }),
      await put(one),
    ]).toEqual(["201", "201", "200"]);
    for (const right of ["customer.edit", "product.view", "credits.spend", "api_key.create", "audit.view"])
      expect(await post({ rights: [right] }), right).toBe(NO);
    for (const grant of [all, { ...one, access: "edit" }, { ...all, resourceType: "billing" }]) {
      expect([await post({ grants: [grant] }), await put(grant)], JSON.stringify(grant)).toEqual([NO, NO]);
    }
    for (const whom of [giver, target])
      expect(
        said(await giver.api.patch(`/v1/members/${whom.memberId}`, { rights: ["member.block"] }, ANY)),
      ).toBe(NO);
    const without = await add([], { rights: ["member.create"], grants: [one] });
    expect(said(await without.api.post("/v1/members", person({ grants: [one] }), keyed()))).toBe(NO);
  });

  test("rights of the platform are given to no tenant, and do nothing where a row says them", async () => {
    const rights = ["account.create", "account.manage", "credits.grant"];
    const admin = await add(["admin"]);
    for (const right of rights) {
      expect(
        said(await owner.api.patch(`/v1/members/${admin.memberId}`, { rights: [right] }, ANY)),
        right,
      ).toBe(FOREIGN);
      expect(said(await owner.api.post("/v1/members", person({ rights: [right] }), keyed())), right).toBe(
        FOREIGN,
      );
      expect(said(await makeKey(owner.api, owner.memberId, { scopes: [right] })), right).toBe(NO);
    }
    await env.DB.prepare("UPDATE member SET rights = ?, version = version + 1 WHERE id = ?")
      .bind(JSON.stringify(rights), admin.memberId)
      .run();
    expect(
      expectStatus(await admin.api.get<{ rights: string[] }>("/v1/me"), 200).body.rights.filter((right) =>
        rights.includes(right),
      ),
    ).toEqual([]);
    const stranger = await createSubscribedAccount(platform, "team");
    for (const { accountId } of [owner, stranger]) {
      const plan = { restrictedAccounts: true };
      const answers = [
        await admin.api.get("/v1/accounts"),
        await admin.api.put(`/v1/accounts/${accountId}/plan`, plan),
        await admin.api.put(`/v1/accounts/${accountId}/subscription`, { status: "active" }),
        await admin.api.post(`/v1/accounts/${accountId}/credits`, { kind: "top_up", amount: 1 }, keyed()),
      ];
      expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    }
    expect(
      said(await admin.api.post("/v1/accounts", { kind: "team", name: "x", owner: person({}) }, keyed())),
    ).toBe(NO);
  });

  test("a narrowed key gives no role that goes beyond it, and still edits cards", async () => {
    const [viewer, member] = [await add(["viewer"]), await add(["member"])];
    const narrow = await narrowed(owner, { scopes: SCOPES });
    for (const roles of [["admin"], ["member"], ["viewer"]]) {
      expect(said(await narrow.post("/v1/members", person({ roles }), keyed())), String(roles)).toBe(NO);
      const other = roles.includes("viewer") ? member : viewer;
      expect(said(await narrow.patch(`/v1/members/${other.memberId}`, { roles }, ANY)), String(roles)).toBe(
        NO,
      );
    }
    expect(said(await narrow.post("/v1/members", person({ rights: ["product.edit"] }), keyed()))).toBe(NO);
    expect(
      said(
        await narrow.put(`/v1/members/${viewer.memberId}/grants`, {
          grants: [{ resourceType: "product", access: "view" }],
        }),
      ),
    ).toBe(NO);
    expect(said(await narrow.patch(`/v1/members/${viewer.memberId}`, { position: "Lead" }, ANY))).toBe("200");
    expect(said(await narrow.post("/v1/members", person({ rights: ["product.view"] }), keyed()))).toBe("201");
    expect(said(await narrow.get("/v1/audit"))).toBe(NO);
  });

  test("a narrowed key makes only keys as narrow in scopes, addresses and time", async () => {
    const soon = new Date(Date.now() + 3_600_000).toISOString(),
      later = new Date(Date.now() + 7_200_000).toISOString();
    const terms = { scopes: SCOPES, allowedIps: [HOME_IP], expiresAt: soon };
    const narrow = await narrowed(owner, terms);
    const admin = await newMemberWithoutKey(owner, { roles: ["admin"] });
    for (const whom of [owner, admin]) {
      for (const wide of [
        { scopes: null },
        { scopes: [...SCOPES, "audit.view"] },
        { allowedIps: [] },
        { allowedIps: [OTHER_IP] },
        { allowedIps: [`${HOME_IP}/24`] },
        { expiresAt: null },
        { expiresAt: later },
      ]) {
        expect(said(await makeKey(narrow, whom.memberId, { ...terms, ...wide })), JSON.stringify(wide)).toBe(
          NO,
        );
      }
      expectStatus(await makeKey(narrow, whom.memberId, { ...terms, scopes: ["product.view"] }), 201);
    }
  });

  test("members make their own keys where the account allows it, with no scope that they lack", async () => {
    const [member, viewer] = [await add(["member"]), await add(["viewer"])];
    expect(said(await makeKey(member.api, member.memberId))).toBe(NO);
    expectStatus(
      await owner.api.patch(
        `/v1/accounts/${owner.accountId}`,
        { settings: { membersMayCreateKeys: true } },
        ANY,
      ),
      200,
    );
    expect([
      said(await makeKey(member.api, member.memberId)),
      said(await makeKey(member.api, owner.memberId)),
      said(await makeKey(viewer.api, viewer.memberId)),
    ]).toEqual(["201", NO, NO]);
    expect(
      said(await makeKey(member.api, member.memberId, { scopes: ["license.provision", "member.edit"] })),
    ).toBe(NO);
    const narrow = await narrowed(member, { scopes: ["license.provision"] });
    expect(expectStatus(await narrow.get<{ rights: string[] }>("/v1/me"), 200).body.rights).toEqual([
      "license.provision",
    ]);
    expect(said(await makeKey(narrow, member.memberId, { scopes: ["license.provision"] }))).toBe(NO);
  });
});
