import { beforeAll, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newAccount, newApiKey, newMember, newToken, type Person } from "../../harness/people.ts";
import { addMemberByPlatform, actingIn } from "../people/invite-fixture.ts";
import {
  fetch,
  createPlatform,
  createObject,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

const NO = "403 access/denied";
const WRONG = "422 validation";
const ANY = { ifMatch: "*" };

let platform: Api;
let distributor: Person;
let seller: Person;
let organization: Person;

beforeAll(async () => {
  platform = await createPlatform();
  distributor = await newAccount(fetch, platform, "distributor");
  seller = await newAccount(fetch, platform, "seller", { parentId: distributor.accountId });
  organization = await newAccount(fetch, platform, "customer_org", { parentId: seller.accountId });
});

interface Card {
  readonly settings: Record<string, unknown>;
  readonly allowedIps?: string[];
  readonly profile: object;
  readonly version: number;
}
const at = (who: Person) => `/v1/accounts/${who.accountId}`;
const set = (who: Person, settings: object, ask: object = ANY) =>
  who.api.patch<Card>(at(who), { settings }, ask);
const card = async (who: Person, of: Person = who, ask: object = {}) =>
  expectStatus(await who.api.get<Card>(at(of), ask), 200).body;

test("settings are shown and taken where they mean something, and refused elsewhere", async () => {
  const everywhere = [
    "allowedEmailDomains",
    "currency",
    "invitationTtlMs",
    "locale",
    "membersMayCreateKeys",
    "timeZone",
  ];
  const switches = ["inviteOnlyAdmins", "customersMayInviteBillingAdmin", "billingAdminVisibleToCustomer"];
  const own: Record<string, readonly string[]> = {
    team: ["perThemeRestrictions"],
    seller: switches,
    distributor: ["inviteOnlyAdmins"],
    vendor: [],
    dealer: [],
    agency: [],
  };
  for (const [kind, more] of Object.entries(own)) {
    const owner =
      kind === "seller"
        ? seller
        : kind === "distributor"
          ? distributor
          : await newAccount(fetch, platform, kind);
    expect(Object.keys((await card(owner)).settings).sort(), kind).toEqual([...everywhere, ...more].sort());
    for (const name of ["perThemeRestrictions", ...switches])
      expect(said(await set(owner, { [name]: false })), `${kind} ${name}`).toBe(
        more.includes(name) ? "200" : WRONG,
      );
    expect(
      expectStatus(await set(owner, { currency: "USD", locale: "ru", membersMayCreateKeys: true }), 200).body
        .settings,
    ).toMatchObject({ currency: "USD", locale: "ru", membersMayCreateKeys: true });
    for (const wrong of [
      { currency: "usd" },
      { locale: "de" },
      { inviteOnlyAdmins: 1 },
      { unknown: true },
      { timeZone: "Mars/Base" },
      { timeZone: "+03:00" },
      { timeZone: "" },
    ])
      expect(said(await set(owner, wrong)), JSON.stringify(wrong)).toBe(WRONG);
  }
  expect(
    Object.keys((await card(seller, organization, actingIn(organization.accountId))).settings).sort(),
  ).toEqual(everywhere);
});

test("an admin restricts themes one by one; a grant names a theme that is offered, or all", async () => {
  const owner = await createSubscribedAccount(platform, "team");
  const [member, viewer] = [
    await newMember(fetch, owner, { roles: ["member"] }),
    await newMember(fetch, owner, { roles: ["viewer"] }),
  ];
  for (const who of [member, viewer])
    expect(said(await who.api.patch(at(who), { settings: { perThemeRestrictions: true } }, ANY))).toBe(NO);
  expect(expectStatus(await set(owner, { perThemeRestrictions: true }), 200).body.settings).toMatchObject({
    perThemeRestrictions: true,
  });
  const theme = await createObject({ api: platform }, "catalog", { name: "Dusk", vendor: "Atelier" });
  const give = (resourceId: string) =>
    owner.api.put(`/v1/members/${member.memberId}/grants`, {
      grants: [{ resourceType: "theme", resourceId, access: "view" }],
    });
  for (const unknown of ["thm_none", owner.accountId, await createObject(owner, "products", { name: "P" })])
    expect(said(await give(unknown))).toBe(WRONG);
  for (const known of [theme, "0"]) {
    expectStatus(await give(known), 200);
    const { rights } = expectStatus(
      await member.api.get<{ rights: { right: string; source: string }[] }>(
        `/v1/members/${member.memberId}/effective`,
      ),
      200,
    ).body;
    expect(rights.filter(({ right }) => right === "theme.license").map(({ source }) => source)).toEqual([
      `grant:theme:view:${known}`,
    ]);
  }
});

test("settings V shows all but currency and authentication; E changes them; others see none", async () => {
  const hidden = ["allowedIps", "currency", "membersMayCreateKeys"];
  const seen = async (who: Person) => {
    const { settings, ...rest } = await card(who, seller);
    return hidden.filter((name) => name in settings || name in rest);
  };
  const role = async (name: string, above = seller) =>
    addMemberByPlatform(fetch, platform, above.accountId, [name]);
  const agent = await role("seller_agent_admin");
  expect(await seen(agent)).toEqual([]);
  expect((await card(agent, seller)).settings).toHaveProperty("inviteOnlyAdmins");
  expect(await seen(await role("account_manager"))).toEqual(hidden);
  expect(await seen(seller)).toEqual(hidden);
  for (const who of [agent, await role("account_manager")])
    expect(said(await who.api.patch(at(seller), { settings: { locale: "ru" } }, ANY))).toBe(NO);
  for (const name of [
    "subscriptions_manager",
    "product_manager",
    "seller_billing_admin",
    "support_agent",
    "reseller_report",
    "report_viewer_360",
  ]) {
    expect(said(await (await role(name)).api.get(at(seller))), name).toBe(NO);
  }
  for (const name of ["customer", "customer_admin"])
    expect(said(await (await role(name, organization)).api.get(at(organization))), name).toBe(NO);
  // A key that may change, but not see, is not told by the answer either.
  const blind = api(
    fetch,
    await newApiKey(fetch, seller, seller.memberId, { scopes: ["account.edit", "account.view"] }),
  );
  expect(await seen({ ...seller, api: blind })).toEqual([]);
  const answer = expectStatus(
    await blind.patch<Card>(at(seller), { profile: { city: "Riga", phone: null } }, ANY),
    200,
  ).body;
  expect(answer.profile).toMatchObject({ city: "Riga", phone: null });
  expect(hidden.filter((name) => JSON.stringify(answer).includes(name))).toEqual([]);
});

test("profile and settings change one by one under If-Match; the trail has what changed", async () => {
  const owner = await newAccount(fetch, platform, "dealer");
  const etag = (await owner.api.get(at(owner))).headers.get("etag") ?? "";
  expect(said(await owner.api.patch(at(owner), { profile: { city: "Riga" } }))).toBe(
    "428 precondition-required",
  );
  const first = expectStatus(
    await owner.api.patch<Card>(
      at(owner),
      { profile: { city: "Riga", taxId: "LV1" }, name: "North" },
      { ifMatch: etag },
    ),
    200,
  );
  expect(said(await owner.api.patch(at(owner), { profile: { city: "Ogre" } }, { ifMatch: etag }))).toBe(
    "412 precondition-failed",
  );
  expectStatus(
    await owner.api.patch(
      at(owner),
      { profile: { city: null } },
      { ifMatch: first.headers.get("etag") ?? "" },
    ),
    200,
  );
  expect(await card(owner)).toMatchObject({ name: "North", profile: { city: null, taxId: "LV1" } });
  for (const wrong of [
    { profile: { iban: "x" } },
    { profile: { city: "a\nb" } },
    { profile: [] },
    { parentId: "acc_x" },
    { kind: "team" },
    { ownerMemberId: owner.memberId },
  ]) {
    expect(said(await owner.api.patch(at(owner), wrong, ANY)), JSON.stringify(wrong)).toBe(WRONG);
  }
  const [row] = expectStatus(
    await owner.api.get<{ data: { changes: object }[] }>("/v1/audit?action=account.edit&limit=1"),
    200,
  ).body.data;
  expect(row?.changes).toMatchObject({ after: { profile: { taxId: "LV1" } } });
});

test("a seller's switch holds at once in its customers' organizations, for keys and tokens", async () => {
  const token = await newToken(fetch, organization.apiKey);
  const callers: [Api, object][] = [
    [organization.api, {}],
    [api(fetch, token), {}],
    [seller.api, actingIn(organization.accountId)],
    [distributor.api, actingIn(organization.accountId)],
  ];
  const body = () => ({
    firstName: "Bo",
    lastName: "Billing",
    email: `${newIdempotencyKey()}@example.com`,
    roles: ["customer_billing_admin"],
  });
  for (let round = 0; round < 3; round += 1) {
    for (const [visible, answer] of [
      [true, "201"],
      [false, WRONG],
    ] as const) {
      expectStatus(await set(seller, { billingAdminVisibleToCustomer: visible }), 200);
      expect(
        await Promise.all(
          callers.map(async ([who, ask]) => said(await who.post("/v1/members", body(), ask))),
        ),
        String(visible),
      ).toEqual(callers.map(() => answer));
    }
  }
});

test("S2.1, S3.35 two members may do what the admin gave them; only an admin changes it", async () => {
  const [one, two] = [
    await newMember(fetch, seller, { roles: ["support_agent"] }),
    await newMember(fetch, seller, { roles: ["product_manager"] }),
  ];
  const rights = async (who: Person) =>
    new Set(
      expectStatus(
        await who.api.get<{ rights: { right: string }[] }>(`/v1/members/${who.memberId}/effective`),
        200,
      ).body.rights.map(({ right }) => right),
    );
  const [first, second] = [await rights(one), await rights(two)];
  expect([first.difference(second).size > 0, second.difference(first).size > 0]).toEqual([true, true]);
  for (const who of [one, two])
    for (const whom of [one, two])
      expect(
        said(await who.api.patch(`/v1/members/${whom.memberId}`, { roles: ["support_agent"] }, ANY)),
      ).toBe(NO);
  expectStatus(await seller.api.patch(`/v1/members/${two.memberId}`, { roles: ["support_agent"] }, ANY), 200);
  expect(await rights(two)).toEqual(first);
});
