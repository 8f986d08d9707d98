import { api, type Api, newIdempotencyKey, expectStatus } from "../harness/client.ts";
import type { Edge } from "../harness/edge.ts";
import { giveCredits, newAccount, newMember, newToken, activateSubscription } from "../harness/people.ts";
import type { Load } from "./driver-worker.ts";

/** A call that is measured, and its name in the table. */
export type Scenario = readonly [name: string, load: Omit<Load, "calls" | "atOnce">];

/** One account with credits, a product and a reader of it; and the calls that they make. */
export interface BenchFixture {
  readonly accountId: string;
  readonly scenarios: readonly Scenario[];
  readonly platform: Api;
}

const GET = { method: "GET", body: null, keyed: false, status: 200 } as const;
const POST = { method: "POST", body: null, keyed: false, status: 201, headers: {} } as const;

const headersOf = (credential: string) => ({
  authorization: `Bearer ${credential}`,
  "cf-connecting-ip": "203.0.113.7",
});

/** A load that reads from the gate with a credential. */
export const readLoad = (credential: string, path: string): Scenario[1] => ({
  ...GET,
  target: "EDGE",
  path,
  headers: headersOf(credential),
});

export async function createBenchFixture(edge: Edge): Promise<BenchFixture> {
  const platform = api(edge.at(0), edge.platform.apiKey);
  const owner = await newAccount(edge.at(0), platform, "vendor");
  await activateSubscription(platform, owner.accountId);
  await giveCredits(platform, owner.accountId, 1_000_000);
  const id = expectStatus(
    await owner.api.post<{ id: string }>(
      "/v1/products",
      { name: "Editor" },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  ).body.id;
  const reader = await newMember(edge.at(0), owner, {
    roles: ["operator"],
    grants: [{ resourceType: "product", resourceId: id, access: "view" }],
  });
  const token = await newToken(edge.at(0), reader.apiKey);
  const { accountId } = owner;
  return {
    accountId,
    platform,
    scenarios: [
      ...bareScenarios(`${accountId}:${id}`),
      ["authorized read, token", readLoad(token, `/v1/products/${id}`)],
      ["authorized read, API key", readLoad(reader.apiKey, `/v1/products/${id}`)],
      ["spend, API key", spendLoad(owner.apiKey)],
    ],
  };
}

const bareScenarios = (row: string): Scenario[] => [
  ["bare route", { ...GET, target: "BARE", path: "/bare", headers: {} }],
  ["bare + D1 read", { ...GET, target: "BARE", path: `/read/${row}`, headers: {} }],
  ["bare + object write", { ...POST, target: "BARE", path: "/write" }],
  ["bare + D1 read + object write", { ...POST, target: "BARE", path: `/both/${row}` }],
];

const spendLoad = (credential: string): Scenario[1] => ({
  ...POST,
  target: "EDGE",
  path: "/v1/credits/spend",
  keyed: true,
  body: '{"amount":1}',
  headers: { ...headersOf(credential), "content-type": "application/json" },
});

export function findScenario({ scenarios }: BenchFixture, name: string): Scenario {
  const found = scenarios.find((one) => one[0] === name);
  if (found === undefined) throw new Error(`no scenario ${name}`);
  return found;
}
