import { beforeAll, describe, expect, it } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus, type Reply } from "../../harness/client.ts";
import { UNKNOWN_ULID, type Operation, loadOperations, sampleValue } from "../../harness/operation.ts";
import { giveCredits, newApiKey, newMemberWithoutKey, newMember, type Person } from "../../harness/people.ts";
import { fetch, replaceGrants, createObject, said } from "./operators-fixture.ts";
import { createPlatformKey, createTeam, newTheme, provisionLicense, type Team } from "./team-fixture.ts";

let platform: Api;
let team: Team;
let theme: string;

beforeAll(async () => {
  platform = api(fetch, await createPlatformKey());
  team = await createTeam(platform);
  theme = await newTheme(platform, { priceCredits: 10, priceAmount: 4_900, currency: "USD" });
  await giveCredits(platform, team.accountId, 10_000);
});

interface License {
  readonly id: string;
  readonly status: string;
  readonly provisionedBy: string;
  readonly billedTo: string;
  readonly invoiceId: string | null;
  readonly domain: string | null;
}
interface Event {
  readonly action: string;
  readonly outcome: string;
  readonly actor: { readonly memberId: string };
  readonly resource: { readonly id: string | null };
  readonly at: string;
}

const keyed = () => ({ idempotencyKey: newIdempotencyKey() });
const NO = "403 access/denied";
const provision = (who: Api, themeId = theme) => who.post<License>("/v1/licenses", { themeId }, keyed());
const purchase = (who: Api, themeId = theme) =>
  who.post<License>("/v1/licenses/purchase", { themeId }, keyed());
const balance = async (who: Person) =>
  expectStatus(await who.api.get<{ balance: number }>("/v1/credits"), 200).body.balance;
const rights = async (who: Api) =>
  new Set(expectStatus(await who.get<{ rights: string[] }>("/v1/me"), 200).body.rights);
const trail = async (who: Person, action: string) =>
  expectStatus(await who.api.get<{ data: Event[] }>(`/v1/audit?limit=100&action=${action}`), 200).body.data;

describe("the roles of a team", () => {
  it("S1.5 are Admin, Member and Viewer, and no other", async () => {
    const { data } = expectStatus(
      await team.admin.api.get<{ data: { key: string; rank: number }[] }>("/v1/roles"),
      200,
    ).body;
    expect(data.map(({ key, rank }) => [key, rank])).toEqual([
      ["admin", 30],
      ["member", 20],
      ["viewer", 10],
    ]);
    for (const role of ["owner", "operator", "seller_admin", "guest"]) {
      expect(
        said(
          await team.admin.api.post(
            "/v1/members",
            { firstName: "N", lastName: "N", email: `${newIdempotencyKey()}@example.com`, roles: [role] },
            keyed(),
          ),
        ),
        role,
      ).toBe("422 validation");
    }
  });

  /** The operation on an unknown object, with a body that its schema accepts. */
  const call = async (who: Api, one: Operation): Promise<string> => {
    const path = one.path.replaceAll(/\{\w+\}/g, `xxx_${UNKNOWN_ULID}`);
    const ask = { ...(one.headers.includes("Idempotency-Key") ? keyed() : {}), ifMatch: "*" };
    const body = one.body === null ? undefined : sampleValue(one.body);
    const send: Record<string, () => Promise<Reply<unknown>>> = {
      GET: () => who.get(path, ask),
      DELETE: () => who.del(path, ask),
      POST: () => who.post(path, body, ask),
      PUT: () => who.put(path, body, ask),
      PATCH: () => who.patch(path, body, ask),
    };
    return said(await (send[one.method] ?? expect.fail)());
  };

  it("S1.9 Admin: of all operations of the model none is forbidden; those of other models are", async () => {
    const admin = await createTeam(platform);
    const held = await rights(admin.admin.api);
    const all = (await loadOperations(api(fetch, null))).filter((one) => !one.isPublic && !one.isSelf);
    const [mine, others] = [
      all.filter(({ right }) => held.has(right ?? "")),
      all.filter(({ right }) => !held.has(right ?? "")),
    ];
    const answers = async (some: readonly Operation[]) =>
      Promise.all(some.map(async (one) => [one.name, await call(admin.admin.api, one)] as const));
    expect((await answers(mine)).filter(([, answer]) => answer === NO)).toEqual([]);
    expect(
      (await answers(others)).filter(([, answer]) => answer !== NO && answer !== "404 not-found"),
    ).toEqual([]);
    expect(mine.length).toBeGreaterThan(50);
  });

  it("S1.10 Admin: provisions, manages billing, adds members and makes API keys", async () => {
    const { admin } = team;
    const { memberId } = await newMemberWithoutKey(admin, { roles: ["member"] });
    expectStatus(await provision(admin.api), 201);
    expectStatus(await admin.api.patch("/v1/billing", { address: { city: "Oslo" } }, { ifMatch: "*" }), 200);
    expectStatus(
      await admin.api.post(
        "/v1/members",
        { firstName: "N", lastName: "N", email: `${newIdempotencyKey()}@example.com`, roles: ["viewer"] },
        keyed(),
      ),
      201,
    );
    expectStatus(await admin.api.post(`/v1/members/${memberId}/api-keys`, { name: "k" }, keyed()), 201);
  });

  it("S1.24 Viewer: every change of every object is refused", async () => {
    const changes = (await loadOperations(api(fetch, null))).filter(
      (one) => !one.isPublic && !one.isSelf && one.method !== "GET",
    );
    const open: string[] = [];
    for (const one of changes) {
      const answer = await call(team.viewer.api, one);
      if (![NO, "404 not-found"].includes(answer)) open.push(`${one.name}: ${answer}`);
    }
    expect(open).toEqual([]);
    expect(changes.length).toBeGreaterThan(60);
  });
});

describe("licenses of a team", () => {
  it("S1.11 are purchased on an invoice to the owner; revoking frees the domain, no refund", async () => {
    const before = await balance(team.admin);
    const { body } = expectStatus(await purchase(team.admin.api), 201);
    const invoice = expectStatus(await team.admin.api.get(`/v1/invoices/${body.invoiceId}`), 200).body;
    expect(invoice).toMatchObject({
      amount: 4_900,
      currency: "USD",
      billedTo: team.admin.memberId,
      status: "open",
    });
    for (const who of [team.member, team.viewer])
      expect([said(await purchase(who.api)), said(await who.api.del(`/v1/licenses/${body.id}`))]).toEqual([
        NO,
        who === team.viewer ? NO : "404 not-found",
      ]);
    const domain = { domain: "shop.example.com" };
    expectStatus(await team.admin.api.put(`/v1/licenses/${body.id}/domain`, domain), 200);
    const { id } = expectStatus(await provision(team.admin.api), 201).body;
    expect(said(await team.admin.api.put(`/v1/licenses/${id}/domain`, domain))).toBe(
      "409 conflict/duplicate",
    );
    expectStatus(await team.admin.api.del(`/v1/licenses/${body.id}`), 204);
    expectStatus(await team.admin.api.put(`/v1/licenses/${id}/domain`, domain), 200);
    expect(await balance(team.admin)).toBe(before - 10);
    expect(expectStatus(await team.admin.api.get(`/v1/invoices/${body.invoiceId}`), 200).body).toMatchObject({
      status: "open",
    });
  });

  it("S1.12 Admin: manages billing and reads invoices", async () => {
    expectStatus(await purchase(team.admin.api), 201);
    expectStatus(
      await team.admin.api.patch("/v1/billing", { address: { city: "Oslo" } }, { ifMatch: "*" }),
      200,
    );
    expect(expectStatus(await team.admin.api.get("/v1/billing"), 200).body).toMatchObject({
      address: { city: "Oslo" },
    });
    expect(
      expectStatus(await team.admin.api.get<{ data: object[] }>("/v1/invoices"), 200).body.data.length,
    ).toBeGreaterThan(0);
  });

  it("S1.17 S1.20 are provisioned from the balance, up to it and to the member's own limit", async () => {
    const small = await createTeam(platform);
    await giveCredits(platform, small.accountId, 35);
    expectStatus(
      await small.admin.api.patch(
        `/v1/members/${small.member.memberId}`,
        { creditLimit: 10 },
        { ifMatch: "*" },
      ),
      200,
    );
    expect(expectStatus(await provision(small.member.api), 201).body).toMatchObject({
      provisionedBy: small.member.memberId,
      status: "active",
    });
    expect(await balance(small.admin)).toBe(25);
    expect(said(await provision(small.member.api))).toBe("402 credits/member-limit-exceeded");
    for (let left = 2; left > 0; left -= 1) expectStatus(await provision(small.colleague.api), 201);
    expect(said(await provision(small.colleague.api))).toBe("402 credits/insufficient-balance");
    expect(await balance(small.admin)).toBe(5);
    expect(
      expectStatus(await small.admin.api.get<{ data: License[] }>("/v1/licenses"), 200).body.data.length,
    ).toBe(3);
  });

  it("S1.22 a member's list and log hold the own activity only; another's license is not there", async () => {
    const who = await newMember(fetch, team.admin, { roles: ["member"] });
    const [mine, theirs] = [
      await provisionLicense(who, theme),
      await provisionLicense(team.colleague, theme),
    ];
    expect(
      expectStatus(await who.api.get<{ data: License[] }>("/v1/licenses?limit=100"), 200).body.data.map(
        ({ id }) => id,
      ),
    ).toEqual([mine]);
    expect((await trail(who, "license.*")).map(({ resource }) => resource.id)).toEqual([mine]);
    expect(said(await who.api.get(`/v1/licenses/${theirs}`))).toBe("404 not-found");
  });

  it("S1.23 a member's key reads and provisions, and does no more", async () => {
    const who = api(fetch, await newApiKey(fetch, team.admin, team.member.memberId));
    const { id } = expectStatus(await provision(who), 201).body;
    expect(
      [await who.get("/v1/licenses"), await who.get("/v1/catalog"), await who.get(`/v1/licenses/${id}`)].map(
        said,
      ),
    ).toEqual(["200", "200", "200"]);
    expect(
      [
        await who.del(`/v1/licenses/${id}`),
        await who.get("/v1/billing"),
        await who.patch("/v1/billing", { address: null }, { ifMatch: "*" }),
        await who.get("/v1/members"),
      ].map(said),
    ).toEqual([NO, NO, NO, NO]);
  });

  it("S1.27 S1.29 a viewer sees active ones, and provisions none", async () => {
    const id = await provisionLicense(team.member, theme);
    const who = team.viewer.api;
    expect(said(await who.get(`/v1/licenses/${id}`))).toBe("200");
    expect([await provision(who), await purchase(who)].map(said)).toEqual([NO, NO]);
    expectStatus(await team.admin.api.del(`/v1/licenses/${id}`), 204);
    expect(said(await who.get(`/v1/licenses/${id}`))).toBe("404 not-found");
    const { data } = expectStatus(await who.get<{ data: License[] }>("/v1/licenses?limit=100"), 200).body;
    expect(new Set(data.map(({ status }) => status))).toEqual(new Set(["active"]));
    expect(said(await who.get("/v1/licenses?status=revoked"))).toBe("200");
    expect(
      expectStatus(await who.get<{ data: License[] }>("/v1/licenses?status=revoked"), 200).body.data,
    ).toEqual([]);
  });

  it("S1.28 reports are downloaded by viewers, as CSV too, and each download is logged", async () => {
    const answer = expectStatus(await team.viewer.api.get<string>("/v1/reports/usage?format=csv"), 200);
    expect([answer.headers.get("content-type"), answer.headers.get("content-disposition")]).toEqual([
      "text/csv; charset=utf-8",
      'attachment; filename="usage.csv"',
    ]);
    expect(answer.body.split("\r\n")[0]).toBe("memberId,action,count,credits");
    expect(
      (await trail(team.admin, "report.download")).some(
        ({ actor, outcome }) => actor.memberId === team.viewer.memberId && outcome === "success",
      ),
    ).toBe(true);
  });
});

describe("themes one by one", () => {
  it("S1.32 need no grant by themselves: a role is enough for every theme", async () => {
    const [one, two] = [await newTheme(platform), await newTheme(platform)];
    for (const id of [one, two]) expect(said(await provision(team.member.api, id))).toBe("201");
  });

  it("S1.34 need one where the account says so: for the theme, or for all", async () => {
    const strict = await createTeam(platform);
    const [one, two] = [await newTheme(platform), await newTheme(platform)];
    expectStatus(
      await strict.admin.api.patch(
        `/v1/accounts/${strict.accountId}`,
        { settings: { perThemeRestrictions: true } },
        { ifMatch: "*" },
      ),
      200,
    );
    const both = async () => [
      said(await provision(strict.member.api, one)),
      said(await provision(strict.member.api, two)),
    ];
    expect(await both()).toEqual([NO, NO]);
    await replaceGrants(strict.admin, strict.member.memberId, [
      { resourceType: "theme", resourceId: one, access: "view" },
    ]);
    expect(await both()).toEqual(["201", NO]);
    await replaceGrants(strict.admin, strict.member.memberId, [{ resourceType: "theme", access: "view" }]);
    expect(await both()).toEqual(["201", "201"]);
    // A grant gives no role's right.
    await replaceGrants(strict.admin, strict.viewer.memberId, [{ resourceType: "theme", access: "owner" }]);
    expect(said(await provision(strict.viewer.api, one))).toBe(NO);
    const unknown = {
      grants: [{ resourceType: "theme", resourceId: `thm_${UNKNOWN_ULID}`, access: "view" }],
    };
    expect(said(await strict.admin.api.put(`/v1/members/${strict.member.memberId}/grants`, unknown))).toBe(
      "422 validation",
    );
  });
});

describe("who pays", () => {
  it("S1.35 no member has billing of their own", async () => {
    for (const billing of [{ tier: "gold" }, null]) {
      expect(
        said(
          await team.admin.api.patch(`/v1/members/${team.member.memberId}`, { billing }, { ifMatch: "*" }),
        ),
      ).toBe("422 validation");
    }
    expect(
      Object.keys(expectStatus(await team.admin.api.get(`/v1/members/${team.member.memberId}`), 200).body),
    ).not.toContain("billing");
  });

  it("S1.36 everything is billed to the account's owner, for every acting member", async () => {
    const other = await newMember(fetch, team.admin, { roles: ["admin"] });
    const [one, two] = [
      expectStatus(await provision(team.member.api), 201).body,
      expectStatus(await purchase(other.api), 201).body,
    ];
    expect([one.billedTo, two.billedTo, two.provisionedBy]).toEqual([
      team.admin.memberId,
      team.admin.memberId,
      other.memberId,
    ]);
    expect(expectStatus(await other.api.get(`/v1/invoices/${two.invoiceId}`), 200).body).toMatchObject({
      billedTo: team.admin.memberId,
    });
    expect(expectStatus(await other.api.get("/v1/billing"), 200).body).toMatchObject({
      billedTo: team.admin.memberId,
    });
    expect(said(await other.api.patch("/v1/billing", { billedTo: other.memberId }, { ifMatch: "*" }))).toBe(
      "422 validation",
    );
  });

  it("S1.37 a person may be in several accounts, each with its own billing", async () => {
    const [one, two] = [await createTeam(platform), await createTeam(platform)];
    const card = { roles: ["admin"], email: "both@example.com" };
    const [here, there] = [await newMember(fetch, one.admin, card), await newMember(fetch, two.admin, card)];
    for (const { accountId } of [one, two]) await giveCredits(platform, accountId, 100);
    const id = await provisionLicense(here, theme);
    const product = await createObject(here, "products", { name: "P" });
    const { invoiceId } = expectStatus(await purchase(here.api), 201).body;
    expectStatus(await here.api.patch("/v1/billing", { address: { city: "Oslo" } }, { ifMatch: "*" }), 200);
    expect([await balance(here), await balance(there)]).toEqual([90, 100]);
    expect(expectStatus(await there.api.get("/v1/billing"), 200).body).toMatchObject({
      address: null,
      billedTo: two.admin.memberId,
    });
    for (const path of [
      `licenses/${id}`,
      `products/${product}`,
      `invoices/${invoiceId}`,
      `members/${here.memberId}`,
    ])
      expect(said(await there.api.get(`/v1/${path}`)), path).toBe("404 not-found");
    expect(said(await there.api.get("/v1/me", { headers: { "tollgate-account": one.accountId } }))).toBe(
      "404 not-found",
    );
  });
});
