import { beforeAll, expect, it, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newAccount, type Person } from "../../harness/people.ts";
import { fetch, replaceGrants, listIds, said } from "../access/operators-fixture.ts";
import {
  createPlatformKey,
  createTeam,
  newTheme,
  provisionLicense,
  type Team,
} from "../access/team-fixture.ts";

let platform: Api;
let team: Team;

beforeAll(async () => {
  platform = api(fetch, await createPlatformKey());
  team = await createTeam(platform);
});

const COST = { priceCredits: 5, priceAmount: 4_900, currency: "EUR", costPrice: 1_000, margin: 390 };
const keyed = () => ({ idempotencyKey: newIdempotencyKey() });
const card = async (who: Api, id: string) => expectStatus(await who.get(`/v1/catalog/${id}`), 200).body;

it("S1.19 is browsed by vendor, license type and kind, in pages of at most a hundred", async () => {
  const ids = [
    await newTheme(platform, { vendor: "Sol", licenseType: "unlimited" }),
    await newTheme(platform, { vendor: "Sol", kind: "plugin" }),
    await newTheme(platform, { vendor: "Luna", licenseType: "unlimited" }),
  ];
  const found = async (query: string) =>
    ((await listIds(team.member.api, `catalog?${query}`, 1)) as string[]).map((id) => ids.indexOf(id));
  expect(await found("vendor=Sol")).toEqual([1, 0]);
  expect(await found("vendor=Sol&licenseType=unlimited")).toEqual([0]);
  expect(await found("kind=plugin&vendor=Sol")).toEqual([1]);
  expect(await found("vendor=sol' OR 1=1--")).toEqual([]);
  expect(await found("vendor=Luna&status=retired")).toEqual([]);
  expect(
    [
      await team.member.api.get("/v1/catalog?limit=101"),
      await team.member.api.get("/v1/catalog?price=1"),
    ].map(said),
  ).toEqual(["422 validation", "422 validation"]);
});

test("cost prices and margins are seen by the offering account, by no team: cards, lists, log", async () => {
  const id = await newTheme(platform, COST);
  expect(await card(platform, id)).toMatchObject(COST);
  for (const who of [team.admin, team.member, team.viewer]) {
    expect(Object.keys(await card(who.api, id))).toEqual(
      expect.arrayContaining(["priceCredits", "priceAmount"]),
    );
    const texts = [
      JSON.stringify(await card(who.api, id)),
      JSON.stringify(expectStatus(await who.api.get("/v1/catalog?limit=100"), 200).body),
    ];
    expect(texts.filter((text) => /costPrice|margin/.test(text))).toEqual([]);
  }
  for (const query of ["costPrice=1000", "margin=390"])
    expect(said(await team.admin.api.get(`/v1/catalog?${query}`))).toBe("422 validation");
});

test("what is retired is licensed no more; licenses that exist go on, and it is offered again", async () => {
  const id = await newTheme(platform);
  const license = await provisionLicense(team.member, id);
  expectStatus(await platform.post(`/v1/catalog/${id}/retire`, {}), 200);
  expect(said(await platform.post(`/v1/catalog/${id}/retire`, {}))).toBe("409 conflict/state");
  expect(said(await team.member.api.post("/v1/licenses", { themeId: id }, keyed()))).toBe(
    "409 conflict/state",
  );
  expect((await card(team.viewer.api, id))["status"]).toBe("retired");
  expect(expectStatus(await team.member.api.get(`/v1/licenses/${license}`), 200).body["status"]).toBe(
    "active",
  );
  expectStatus(await platform.post(`/v1/catalog/${id}/offer`, {}), 200);
  await provisionLicense(team.member, id);
  expect(said(await platform.del(`/v1/catalog/${id}`))).toBe("409 conflict/not-removable");
});

test("a removed item takes its grants along; their members may be given others", async () => {
  const [id, stays] = [await newTheme(platform), await newTheme(platform)];
  const both = [id, stays].map((resourceId) => ({ resourceType: "theme", resourceId, access: "view" }));
  await replaceGrants(team.admin, team.member.memberId, both);
  expectStatus(await platform.del(`/v1/catalog/${id}`), 204);
  const { body } = expectStatus(
    await team.admin.api.get<{ grants: object[] }>(`/v1/members/${team.member.memberId}`),
    200,
  );
  expect(body.grants).toEqual([both[1]]);
  await replaceGrants(team.admin, team.member.memberId, body.grants as typeof both);
});

test.each([
  ["a price below nothing", { priceCredits: -1 }],
  ["a currency that does not exist", { currency: "ZZZ" }],
  ["half a credit", { priceCredits: 0.5 }],
  ["a price without end", { priceAmount: 1e300 }],
  ["a currency that is none", { currency: "euro" }],
  ["a kind that is none", { kind: "font" }],
  ["a license type that is none", { licenseType: "free" }],
  ["a status", { status: "retired" }],
  ["files", { files: [] }],
  ["a margin of text", { margin: "5" }],
])("%s is refused", async (_, fields) => {
  expect(said(await platform.post("/v1/catalog", { name: "N", vendor: "V", ...fields }, keyed()))).toBe(
    "422 validation",
  );
});

test("a customer's organization sees its seller's, and no other seller's or the platform's", async () => {
  const sellers: Person[] = [
    await newAccount(fetch, platform, "seller"),
    await newAccount(fetch, platform, "seller"),
  ];
  const [mine, theirs] = [
    await newTheme(sellers[0]?.api ?? platform, COST),
    await newTheme(sellers[1]?.api ?? platform),
  ];
  const customer = await newAccount(fetch, platform, "customer_org", { parentId: sellers[0]?.accountId });
  expect(await listIds(customer.api, "catalog")).toEqual([mine]);
  expect(JSON.stringify(await card(customer.api, mine))).not.toMatch(/costPrice|margin/);
  for (const id of [theirs, await newTheme(platform)])
    expect(said(await customer.api.get(`/v1/catalog/${id}`))).toBe("404 not-found");
  expect(said(await team.member.api.get(`/v1/catalog/${mine}`))).toBe("404 not-found");
  expect(said(await team.member.api.post("/v1/licenses", { themeId: mine }, keyed()))).toBe("404 not-found");
});
