import { beforeAll, it } from "vitest";
import type { Api } from "../../harness/client.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { type CellCheck, type ExpectedAnswer, compareCells } from "./policy-matrix.ts";
import {
  type Area,
  AREAS,
  type Fixture,
  createFixture,
  type Level,
  type Question,
  QUESTIONS,
} from "../products/marketplace-matrix.ts";
import { newSellerMember, type MarketFixture, createMarket } from "../products/marketplace-fixture.ts";
import { fetch, createPlatform } from "./operators-fixture.ts";

const ROLES = [
  "seller_admin",
  "account_manager",
  "seller_agent_admin",
  "subscriptions_manager",
  "product_manager",
  "seller_billing_admin",
  "support_agent",
  "reseller_report",
  "customer",
  "customer_admin",
  "customer_billing_admin",
  "distributor_admin",
  "distributor_read_only",
  "report_viewer_360",
] as const;
type RoleName = (typeof ROLES)[number];

/** The table as the policy has it, line by line; the last three as the sentence below it says. */
const TABLE: Readonly<Record<Area, string>> = {
  //             s_admin acct agent subs prod bill supp resel cust c_adm c_bil d_adm d_ro rv360
  organizations: "E      E    E     V    V    V    V    -     -    V     V     E     V    -",
  catalogue: "E      E    E     E    E    V    V    -     V    V     V     E     V    -",
  subscriptions: "E      E    E     E    V    V    V    -     E    E     V     E     V    -",
  markups: "E      E    -     -    -    V    -    -     -    -     -     E     V    -",
  cpq: "E      V    V     V    E    -    -    -     -    -     -     E     V    -",
  forms: "E      V    V     V    E    -    -    -     -    -     -     E     V    -",
  invoices: "E      V    V     -    -    E    -    -     -    -     V     E     V    -",
  billing: "E      V    V     -    -    E    -    -     -    -     E     E     V    -",
  reports: "V      V    V     V    V    V    V    V     -    V     V     V     V    V",
  users: "E      E    E     V    V    V    V    -     -    E     V     E     V    -",
  settings: "E      V    V     -    -    -    -    -     -    -     -     E     V    -",
  history: "V      V    V     -    -    -    V    -     -    V     -     V     V    -",
};
/**
 * To remove belongs to the top roles; an organization's own admin removes no subscription, cancelling is
 * enough.
 */
const TOP: readonly string[] = ["seller_admin", "distributor_admin"];
/** What a seller keeps is read, and not written, in its customers' organizations. */
const KEPT: readonly Area[] = ["catalogue", "markups", "cpq", "forms"];

const markOf = (area: Area, role: RoleName): Level => TABLE[area].split(/\s+/)[ROLES.indexOf(role)] as Level;

/**
 * V lists and opens; E adds and changes too; without either a collection is refused and a single object is
 * not there.
 */
function verdict(question: Question, mark: Level, role: RoleName, kept: boolean): ExpectedAnswer {
  const { on } = question;
  if (mark === "-") return on === "collection" ? 403 : 404;
  if (question.verb === "view") return "yes";
  if (kept) return 403;
  if (question.verb === "delete") return TOP.includes(role) ? "yes" : 403;
  return mark === "E" ? "yes" : 403;
}

let where: MarketFixture;
let fixtures: Readonly<Record<"seller" | "near" | "far" | "distributor" | "foreign", Fixture>>;
const people = new Map<RoleName, Person>();

beforeAll(async () => {
  const platform = await createPlatform();
  where = await createMarket(fetch, platform);
  const { seller, distributor, near, far, rival, foreign } = where;
  for (const role of ROLES) {
    const customer = role.startsWith("customer");
    const above = role.startsWith("distributor");
    people.set(
      role,
      customer || above
        ? await newMember(fetch, customer ? near : distributor, { roles: [role] })
        : await newSellerMember(fetch, where, role),
    );
  }
  fixtures = {
    seller: await createFixture(fetch, "seller", seller, seller, near.accountId),
    near: await createFixture(fetch, "customer_org", seller, near, near.accountId),
    far: await createFixture(fetch, "customer_org", seller, far, far.accountId),
    distributor: await createFixture(fetch, "distributor", distributor, distributor, seller.accountId),
    foreign: await createFixture(fetch, "customer_org", rival, foreign, foreign.accountId),
  };
});

function cells(
  place: keyof typeof fixtures,
  roles: readonly RoleName[],
  inside: boolean,
  expected?: ExpectedAnswer,
): CellCheck[] {
  const fixture = fixtures[place];
  return AREAS.flatMap((area) =>
    QUESTIONS[area].flatMap((question) =>
      roles.map((role): CellCheck => {
        const { api } = people.get(role) as Person;
        const below = ["near", "far"].includes(place);
        const kept = below && KEPT.includes(area);
        const asked: ExpectedAnswer =
          expected ??
          (below && area === "organizations" && question.name === "found"
            ? 403
            : verdict(question, markOf(area, role), role, kept));
        return {
          cell: `${role} ${area} ${question.name} in ${place}`,
          expected: asked,
          ask: () =>
            question.ask(api, fixture, inside ? { "tollgate-account": fixture.accountId } : {}, asked),
        };
      }),
    ),
  );
}

const of = (prefix: string) => ROLES.filter((role) => role.startsWith(prefix));
const AT_SELLER = ROLES.filter((role) => !role.startsWith("customer") && !role.startsWith("distributor"));
const WITHOUT_ORGANIZATIONS = ["reseller_report", "report_viewer_360"] as const;
const reaching = AT_SELLER.filter((role) => !WITHOUT_ORGANIZATIONS.includes(role as never));
const everywhere = reaching.filter((role) => ["seller_admin", "account_manager"].includes(role));
const granted = reaching.filter((role) => !everywhere.includes(role));

it("S2.5 S2.6 the seller roles in the seller's own account, cell by cell", () =>
  compareCells("marketplace, seller", cells("seller", AT_SELLER, false)));
it("S2.8 the customer roles in their own organization, cell by cell", () =>
  compareCells("marketplace, customer", cells("near", of("customer"), false)));
it("the distributor roles in the distributor's own account, cell by cell", () =>
  compareCells("marketplace, distributor", cells("distributor", of("distributor"), false)));
it("S2.2 the seller roles in an organization in reach; nowhere with a role that reaches none", async () => {
  await compareCells("marketplace, organization within reach", cells("near", reaching, true));
  await compareCells("marketplace, without organizations", cells("near", WITHOUT_ORGANIZATIONS, true, 404));
});
it("S2.3 a member who reaches all organizations acts in each; one granted one, in no other", async () => {
  await compareCells("marketplace, every organization", cells("far", everywhere, true));
  await compareCells("marketplace, organization out of reach", cells("far", granted, true, 404));
});
it("the distributor roles in a seller and in a seller's customer", async () => {
  await compareCells("marketplace, distributor in a seller", cells("seller", of("distributor"), true));
  await compareCells("marketplace, distributor in a customer", cells("far", of("distributor"), true));
});
it("no member acts in another seller's organization, and no customer in a neighbour's", async () => {
  await compareCells("marketplace, another seller's", cells("foreign", ROLES, true, 404));
  await compareCells("marketplace, a neighbour's", cells("far", of("customer"), true, 404));
});
/** Single objects of elsewhere, asked for without naming the account. */
it("objects of another account are not there, for any role", () =>
  compareCells(
    "marketplace, objects of another account",
    ROLES.flatMap((role) =>
      ["markups", "cpq", "forms", "invoices", "subscriptions", "organizations"].flatMap((path) =>
        (["foreign", "distributor"] as const)
          .filter((place) => !(place === "distributor" && role.startsWith("distributor")))
          .map(
            (place): CellCheck => ({
              cell: `${role} ${path} of ${place}`,
              expected: 404,
              ask: () =>
                (people.get(role) as { api: Api }).api.get(`/v1/${path}/${fixtures[place].ids[path]}`),
            }),
          ),
      ),
    ),
  ));
