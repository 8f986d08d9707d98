import { beforeAll, describe, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus, type Reply } from "../../harness/client.ts";
import { giveCredits, newApiKey, newMemberWithoutKey, newMember, type Person } from "../../harness/people.ts";
import { type CellCheck, type ExpectedAnswer, compareCells } from "./policy-matrix.ts";
import { fetch, createObject } from "./operators-fixture.ts";
import {
  createPlatformKey,
  createTeam,
  newTheme,
  provisionLicense,
  createRevokedLicense,
  type Team,
  upload,
} from "./team-fixture.ts";

const ROLES = ["admin", "member", "viewer"] as const;
type Role = (typeof ROLES)[number];

/** What each role has of its own. The viewer was a member once, and so has licenses too. */
interface Own {
  readonly who: Person;
  readonly active: string;
  readonly revoked: string;
}

let platform: Api;
let team: Team;
let other: Team;
let theme: string;
let unlicensed: string;
let own: Readonly<Record<Role, Own>>;
/** The colleague's: to each of the three another member's. */
let colleagues: Own;
let elsewhere: string;
let bill: string;
let billElsewhere: string;

beforeAll(async () => {
  const platformKey = await createPlatformKey();
  platform = api(fetch, platformKey);
  [team, other] = [await createTeam(platform), await createTeam(platform)];
  [theme, unlicensed] = [
    await newTheme(platform, { priceCredits: 1, priceAmount: 500 }),
    await newTheme(platform),
  ];
  for (const id of [theme, unlicensed])
    expectStatus(await upload(platformKey, `/v1/catalog/${id}/files/a.zip`, new Uint8Array([1])), 200);
  for (const { accountId } of [team, other]) await giveCredits(platform, accountId, 1_000);
  const roles = async (who: Person, role: Role) =>
    expectStatus(
      await team.admin.api.patch(`/v1/members/${who.memberId}`, { roles: [role] }, { ifMatch: "*" }),
      200,
    );
  const owned = async (who: Person): Promise<Own> => ({
    who,
    active: await provisionLicense(who, theme),
    revoked: await createRevokedLicense(team, who, theme),
  });
  await roles(team.viewer, "member");
  own = {
    admin: await owned(team.admin),
    member: await owned(team.member),
    viewer: await owned(team.viewer),
  };
  await roles(team.viewer, "viewer");
  colleagues = await owned(team.colleague);
  elsewhere = await provisionLicense(other.admin, theme);
  bill = await purchased(team.admin);
  billElsewhere = await purchased(other.admin);
});

const purchase = (who: Api) =>
  who.post<{ invoiceId: string }>(
    "/v1/licenses/purchase",
    { themeId: theme },
    { idempotencyKey: newIdempotencyKey() },
  );
const purchased = async (who: Person) => expectStatus(await purchase(who.api), 201).body.invoiceId;

type Ask = (who: Api, role: Role) => Promise<Reply<unknown>>;
/** A right and whose row, then the cells of admin, member and viewer. */
type Row = readonly [name: string, cells: string, ask: Ask];

const asked = (rows: readonly Row[], people: Readonly<Record<Role, Person>> = team): CellCheck[] =>
  rows.flatMap(([name, cells, ask]) => {
    const words = cells.trim().split(/\s+/);
    expect(words.length, name).toBe(ROLES.length);
    return ROLES.map((role, index) => ({
      cell: `${role} ${name}`,
      expected: (words[index] === "yes" ? "yes" : Number(words[index])) as ExpectedAnswer,
      ask: () => ask(people[role].api, role),
    }));
  });

const get =
  (path: string): Ask =>
  (who) =>
    who.get(`/v1/${path}`);
const post =
  (path: string, body: object): Ask =>
  (who) =>
    who.post(`/v1/${path}`, body, { idempotencyKey: newIdempotencyKey() });
const patch =
  (path: string, body: object): Ask =>
  (who) =>
    who.patch(`/v1/${path}`, body, { ifMatch: "*" });

/** Whether a list shows a row that fits: 200, or 404 as if it were asked for by itself. */
const shows =
  (path: string, fits: (row: Record<string, never>, role: Role) => boolean): Ask =>
  async (who, role) => {
    const answer = await who.get<{ data: Record<string, never>[] }>(`/v1/${path}`);
    return answer.status !== 200 || answer.body.data.some((row) => fits(row, role))
      ? answer
      : { ...answer, status: 404 };
  };
const listed = (id: (role: Role) => string): Ask =>
  shows("licenses?limit=100", (row, role) => row["id"] === id(role));

/** A license made for this cell alone. */
const fresh =
  (by: (role: Role) => Person, ask: (who: Api, id: string) => Promise<Reply<unknown>>): Ask =>
  async (who, role) =>
    ask(who, await provisionLicense(by(role), theme));
const revoke = (who: Api, id: string) => who.del(`/v1/licenses/${id}`);
const bind = (who: Api, id: string) =>
  who.put(`/v1/licenses/${id}/domain`, { domain: `${id.slice(4).toLowerCase()}.example.com` });
const someone = async (role = "member") => (await newMember(fetch, team.admin, { roles: [role] })).memberId;
const person = (roles: readonly string[]) => ({
  firstName: "Nina",
  lastName: "New",
  email: `nina-${newIdempotencyKey()}@example.com`,
  roles,
});
/** Viewers have none. */
const keyOf = async (who: Person) =>
  who === team.viewer
    ? "key_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    : expectStatus(
        await api(fetch, await newApiKey(fetch, team.admin, who.memberId)).get<{ key: { id: string } }>(
          "/v1/me",
        ),
        200,
      ).body.key.id;

describe("S1.5 S1.9 S1.18 S1.19 S1.20 S1.22 S1.24 S1.26 S1.27 S1.29 every role, right and scope", () => {
  test("catalog, licenses, files", async () => {
    await compareCells(
      "team, catalog and licenses",
      asked([
        //                                          admin member viewer
        ["catalog.view list", "yes yes yes", shows("catalog", (row) => row["id"] === theme)],
        [
          "catalog.view by vendor and license type",
          "yes yes yes",
          shows("catalog?vendor=Nordlys&licenseType=single_domain", (row) => row["id"] === theme),
        ],
        ["catalog.view card", "yes yes yes", get(`catalog/${theme}`)],
        ["catalog.create", "403 403 403", post("catalog", { name: "N", vendor: "V" })],
        ["catalog.edit", "403 403 403", patch(`catalog/${theme}`, { name: "N" })],
        ["catalog.edit retire", "403 403 403", post(`catalog/${theme}/retire`, {})],
        ["catalog.delete", "403 403 403", (who) => who.del(`/v1/catalog/${unlicensed}`)],
        ["license.provision", "yes yes 403", post("licenses", { themeId: theme })],
        [
          "license.provision bind own",
          "yes yes 403",
          fresh((role) => team[role === "viewer" ? "member" : role], bind),
        ],
        ["license.provision bind another's", "yes 404 403", fresh(() => team.colleague, bind)],
        ["license.purchase", "yes 403 403", purchase],
        [
          "license.revoke own",
          "yes 403 403",
          fresh((role) => team[role === "viewer" ? "member" : role], revoke),
        ],
        ["license.revoke another's", "yes 404 403", fresh(() => team.colleague, revoke)],
        ["license.revoke another's revoked", "yes 404 404", (who) => revoke(who, colleagues.revoked)],
        ["license.revoke another account's", "404 404 404", (who) => revoke(who, elsewhere)],
        ["license.view list", "yes yes yes", get("licenses")],
        [
          "license.view own active",
          "yes yes yes",
          (who, role) => who.get(`/v1/licenses/${own[role].active}`),
        ],
        [
          "license.view own revoked",
          "yes yes 404",
          (who, role) => who.get(`/v1/licenses/${own[role].revoked}`),
        ],
        ["license.view another's active", "yes 404 yes", get(`licenses/${colleagues.active}`)],
        ["license.view another's revoked", "yes 404 404", get(`licenses/${colleagues.revoked}`)],
        ["license.view another account's", "404 404 404", get(`licenses/${elsewhere}`)],
        ["license.view in the list own active", "yes yes yes", listed((role) => own[role].active)],
        ["license.view in the list own revoked", "yes yes 404", listed((role) => own[role].revoked)],
        ["license.view in the list another's active", "yes 404 yes", listed(() => colleagues.active)],
        ["license.view in the list another's revoked", "yes 404 404", listed(() => colleagues.revoked)],
        ["license.view in the list another account's", "404 404 404", listed(() => elsewhere)],
        ["theme.download list of files", "yes yes 403", get(`themes/${theme}/files`)],
        [
          "theme.download of a licensed theme",
          "yes yes 403",
          post(`themes/${theme}/downloads`, { file: "a.zip" }),
        ],
        [
          "theme.download of an unlicensed theme",
          "403 403 403",
          post(`themes/${unlicensed}/downloads`, { file: "a.zip" }),
        ],
      ]),
    );
  });

  test("billing, invoices, credits, reports", async () => {
    await compareCells(
      "team, money and reports",
      asked([
        ["billing.view", "yes 403 403", get("billing")],
        ["billing.edit", "yes 403 403", patch("billing", { address: { city: "Oslo" } })],
        ["invoice.view list", "yes 403 403", get("invoices")],
        ["invoice.view own account's", "yes 404 404", get(`invoices/${bill}`)],
        ["invoice.view another account's", "404 404 404", get(`invoices/${billElsewhere}`)],
        [
          "invoice.create",
          "403 403 403",
          post("invoices", {
            title: "N",
            currency: "EUR",
            lines: [{ description: "d", quantity: 1, unitPrice: 1 }],
          }),
        ],
        ["invoice.edit", "403 404 404", patch(`invoices/${bill}`, { title: "N" })],
        ["invoice.edit settle", "403 404 404", post(`invoices/${bill}/settle`, {})],
        ["credits.view", "yes yes 403", get("credits")],
        [
          "credits.view ledger, own entries",
          "yes yes 403",
          shows("credits/ledger?limit=100", (row, role) => row["memberId"] === team[role].memberId),
        ],
        [
          "credits.view ledger, others' entries",
          "yes 404 403",
          shows("credits/ledger?limit=100", (row) => row["memberId"] === team.colleague.memberId),
        ],
        ["credits.spend", "yes yes 403", post("credits/spend", { amount: 1 })],
        [
          "credits.grant",
          "403 403 403",
          post(`accounts/${team.accountId}/credits`, { kind: "top_up", amount: 1 }),
        ],
        ["report.download usage", "yes 403 yes", get("reports/usage")],
        ["report.download downloads", "yes 403 yes", get("reports/downloads?format=csv")],
        ["report.download expiring licenses", "yes 403 yes", get("reports/expiring-licenses")],
        ["report.download of another model", "404 403 404", get("reports/requests-and-keys")],
      ]),
    );
  });

  test("members, roles, keys, log, settings", async () => {
    const { accountId, colleague } = team;
    const [mine, hers] = [
      Object.fromEntries(
        await Promise.all(ROLES.map(async (role) => [role, await keyOf(team[role])] as const)),
      ),
      await keyOf(colleague),
    ];
    await compareCells(
      "team, members and keys",
      asked([
        ["member.view list", "yes 403 403", get("members")],
        ["member.view another", "yes 404 404", get(`members/${colleague.memberId}`)],
        ["member.view another account's", "404 404 404", get(`members/${other.member.memberId}`)],
        ["member.create an admin", "yes 403 403", (who) => post("members", person(["admin"]))(who, "admin")],
        ["member.create a member", "yes 403 403", (who) => post("members", person(["member"]))(who, "admin")],
        ["member.create a viewer", "yes 403 403", (who) => post("members", person(["viewer"]))(who, "admin")],
        [
          "member.edit another",
          "yes 403 403",
          async (who) => patch(`members/${await someone()}`, { firstName: "N" })(who, "admin"),
        ],
        [
          "member.edit another's role",
          "yes 403 403",
          async (who) => patch(`members/${await someone()}`, { roles: ["viewer"] })(who, "admin"),
        ],
        [
          "member.edit own role",
          "yes 403 403",
          (who, role) => patch(`members/${team[role].memberId}`, { roles: ["admin"] })(who, role),
        ],
        [
          "member.edit another account's",
          "404 403 403",
          patch(`members/${other.member.memberId}`, { roles: ["viewer"] }),
        ],
        [
          "member.edit copy rights",
          "yes 403 403",
          async (who) =>
            who.post(`/v1/members/${await someone()}/copy-rights`, { fromMemberId: colleague.memberId }),
        ],
        [
          "member.block another",
          "yes 403 403",
          async (who) => who.post(`/v1/members/${await someone()}/block`),
        ],
        [
          "grant.edit another",
          "yes 403 403",
          async (who) =>
            who.put(`/v1/members/${await someone()}/grants`, {
              grants: [{ resourceType: "theme", resourceId: theme, access: "view" }],
            }),
        ],
        [
          "role.edit create",
          "yes 403 403",
          (who) =>
            post("roles", {
              name: newIdempotencyKey(),
              description: "d",
              rights: ["catalog.view"],
              grants: [],
            })(who, "admin"),
        ],
        [
          "api_key.view own",
          "yes yes 403",
          (who, role) => who.get(`/v1/members/${team[role].memberId}/api-keys`),
        ],
        ["api_key.view another's", "yes 404 403", get(`members/${colleague.memberId}/api-keys`)],
        ["api_key.view another account's", "404 404 403", get(`members/${other.member.memberId}/api-keys`)],
        [
          "api_key.create for oneself",
          "yes 403 403",
          (who, role) => post(`members/${team[role].memberId}/api-keys`, { name: "k" })(who, role),
        ],
        [
          "api_key.create for a member",
          "yes 403 403",
          post(
            `members/${(await newMemberWithoutKey(team.admin, { roles: ["member"] })).memberId}/api-keys`,
            {
              name: "k",
            },
          ),
        ],
        [
          "api_key.create another account's",
          "404 403 403",
          post(`members/${other.member.memberId}/api-keys`, { name: "k" }),
        ],
        ["api_key.revoke own", "yes yes 403", (who, role) => who.del(`/v1/api-keys/${mine[role]}`)],
        [
          "api_key.revoke another's",
          "404 404 403",
          (who) => who.del("/v1/api-keys/key_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ],
        [
          "api_key.revoke another's, of a colleague",
          "yes 404 403",
          (who, role) => who.del(`/v1/api-keys/${role === "admin" ? hers : mine["admin"]}`),
        ],
        ["audit.view", "yes yes 403", get("audit")],
        [
          "audit.view own rows",
          "yes yes 403",
          shows(
            "audit?limit=100&action=license.provision",
            (row, role) => row["actor"]?.["memberId"] === team[role].memberId,
          ),
        ],
        [
          "audit.view others' rows",
          "yes 404 403",
          shows(
            "audit?limit=100&action=license.provision",
            (row) => row["actor"]?.["memberId"] === colleague.memberId,
          ),
        ],
        [
          "audit.view another account's rows",
          "404 404 403",
          shows("audit?limit=100", (row) => row["actor"]?.["memberId"] === other.admin.memberId),
        ],
        [
          "audit.view object log, others' rows",
          "yes 404 403",
          shows("object-log?limit=100", (row) => row["actor"]?.["memberId"] === colleague.memberId),
        ],
        ["audit.view verify the chain", "yes 403 403", get("audit/verify")],
        ["audit.view calls", "yes yes 403", get("calls")],
        ["account.view", "yes 403 403", get(`accounts/${accountId}`)],
        ["account.view another's", "404 403 403", get(`accounts/${other.accountId}`)],
        ["account.edit", "yes 403 403", patch(`accounts/${accountId}`, { name: "Team" })],
        ["account.edit another's", "404 403 403", patch(`accounts/${other.accountId}`, { name: "Team" })],
        [
          "account.manage",
          "403 403 403",
          (who) =>
            who.put(`/v1/accounts/${accountId}/subscription`, {
              status: "active",
              tier: null,
              currentPeriodEnd: null,
            }),
        ],
      ]),
    );
  });

  test("where members may make keys for themselves, members do, and viewers never", async () => {
    expectStatus(
      await other.admin.api.patch(
        `/v1/accounts/${other.accountId}`,
        { settings: { membersMayCreateKeys: true } },
        { ifMatch: "*" },
      ),
      200,
    );
    await compareCells(
      "team, own keys",
      asked(
        [
          [
            "api_key.create for oneself, where it is allowed",
            "yes yes 403",
            (who, role) => post(`members/${other[role].memberId}/api-keys`, { name: "k" })(who, role),
          ],
          [
            "api_key.create for a member",
            "yes 403 403",
            post(
              `members/${(await newMemberWithoutKey(other.admin, { roles: ["member"] })).memberId}/api-keys`,
              {
                name: "k",
              },
            ),
          ],
        ],
        other,
      ),
    );
  });

  test("what is in no row of the table is the admin's alone", async () => {
    const productId = await createObject(team.admin, "products", { name: "P" });
    const customerId = await createObject(team.admin, "customers", { name: "C" });
    const licenseKeyId = await createObject(team.admin, "license-keys", { productId });
    await compareCells(
      "team, everything else",
      asked([
        ...[
          "products",
          "license-keys",
          "machine-codes",
          "data-objects",
          "customers",
          "access-tokens",
          "analytics",
        ].map((path): Row => [`${path} list`, "yes 403 403", get(path)]),
        ...[`products/${productId}`, `customers/${customerId}`, `license-keys/${licenseKeyId}`].map(
          (path): Row => [`${path} card`, "yes 404 404", get(path)],
        ),
        ["product.create", "yes 403 403", post("products", { name: "N" })],
        ["product.edit", "yes 404 404", patch(`products/${productId}`, { name: "N" })],
        ["customer.create", "yes 403 403", post("customers", { name: "N" })],
        ["license_key.edit", "yes 404 404", patch(`license-keys/${licenseKeyId}`, { notes: "n" })],
        ["no such model: objects", "403 403 403", get("objects")],
        ["no such model: tasks", "403 403 403", get("tasks")],
        ["no such model: markups", "403 403 403", get("markups")],
      ]),
    );
  });
});
