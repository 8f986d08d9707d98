import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { type Api, api, type Fetch, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import {
  giveCredits,
  newAccount,
  newApiKey,
  newMember,
  newToken,
  type Person,
  activateSubscription,
} from "../../harness/people.ts";
import { directoryCalls } from "./contract-directory.ts";
import { dealerCalls } from "./contract-dealer.ts";
import { invitationCalls } from "./contract-invitations.ts";
import { licensingCalls } from "./contract-licensing.ts";
import { exportCalls } from "./contract-export.ts";
import { hookCalls, tierCalls } from "./contract-webhooks.ts";
import { marketplaceCalls } from "./contract-marketplace.ts";
import { mailCalls } from "./contract-mail.ts";
import { memberAccessCalls } from "./contract-members.ts";
import { bodyFaults, type Contract, openContract, operationsOf } from "./contract.ts";
import { catalogCalls } from "./contract-catalog.ts";
import { removalCalls } from "./contract-removal.ts";
import { roleCalls } from "./contract-roles.ts";
import { signInCalls } from "./contract-sign-in.ts";
import { auditLogCalls } from "./contract-audit-log.ts";
import { fetch, createPlatform } from "../access/operators-fixture.ts";
import { type Attempt, emptyDatabase, findWidening, tryRestricted } from "./widening-walk.ts";

let contract: Contract;
let platform: Api;
let owner: Person;

const anybody = () => api(contract.fetch, null);
const keyed = () => ({ idempotencyKey: newIdempotencyKey() });

async function open(call: Fetch): Promise<void> {
  contract = await openContract(call);
  platform = (await createPlatform()).via(contract.fetch);
  owner = await newAccount(contract.fetch, platform, "vendor");
  await activateSubscription(platform, owner.accountId);
  await giveCredits(platform, owner.accountId, 100);
}

const widening = findWidening(fetch);
beforeAll(() => open(widening.fetch));

/**
 * Each object once in its plainest form and once with all that it may have; the children stand under what was
 * made before.
 */
async function objects(): Promise<void> {
  const make = async (path: string, body: object) => {
    const command = keyed();
    const { id } = expectStatus(await owner.api.post<{ id: string }>(`/v1/${path}`, body, command), 201).body;
    expect(
      expectStatus(await owner.api.post<{ id: string }>(`/v1/${path}`, body, command), 201).body.id,
    ).toBe(id);
    return id;
  };
  const productId = await make("products", { name: "Editor" });
  const customerId = await make("customers", { name: "Berg", email: "berg@example.com", company: "Films" });
  const licenseKeyId = await make("license-keys", {
    productId,
    customerId,
    notes: "n",
    expiresAt: "2030-01-01T00:00:00Z",
    maxMachines: 3,
    blocked: true,
  });
  const withCustomer = await make("license-keys", { productId, newCustomer: { name: "New" } });
  const machineCodeId = await make("machine-codes", { licenseKeyId, code: "M" });
  const made = {
    "machine-codes": machineCodeId,
    customers: customerId,
    "data-objects": await make("data-objects", { machineCodeId, name: "d", stringValue: "s", intValue: -1 }),
    "access-tokens": await make("access-tokens", { name: "installer", expiresAt: "2030-01-01T00:00:00Z" }),
    products: productId,
    "license-keys": withCustomer,
  };
  const change: Record<string, object> = { "machine-codes": { code: "N" } };
  for (const [path, id] of Object.entries(made)) {
    const etag = expectStatus(await owner.api.get(`/v1/${path}/${id}`), 200).headers.get("etag") ?? "";
    expectStatus(
      await owner.api.patch(
        `/v1/${path}/${id}`,
        change[path] ?? (path === "license-keys" ? { notes: "x" } : { name: "x" }),
        { ifMatch: etag },
      ),
      200,
    );
    expectStatus(await owner.api.get(`/v1/${path}?limit=1`), 200);
  }
  for (const path of ["data-objects", "machine-codes", "access-tokens"] as const)
    expectStatus(await owner.api.del(`/v1/${path}/${made[path]}`), 204);
  for (const id of [licenseKeyId, withCustomer])
    expectStatus(await owner.api.del(`/v1/license-keys/${id}`), 204);
  for (const path of ["customers", "products"] as const)
    expectStatus(await owner.api.del(`/v1/${path}/${made[path]}`, { ifMatch: "*" }), 204);
}

async function people(): Promise<void> {
  const operator = await newMember(contract.fetch, owner, {
    roles: ["operator"],
    creditLimit: 5,
    phone: "1",
    position: "Clerk",
    allowedIps: ["203.0.113.0/24"],
  });
  const path = `/v1/members/${operator.memberId}`;
  expectStatus(
    await owner.api.put(`${path}/grants`, { grants: [{ resourceType: "product", access: "view" }] }),
    200,
  );
  const etag = expectStatus(await owner.api.get(path), 200).headers.get("etag") ?? "";
  expectStatus(
    await owner.api.patch(path, { rights: ["credits.spend"], creditLimit: 5 }, { ifMatch: etag }),
    200,
  );
  for (const verb of ["block", "block", "unblock"])
    expectStatus(await owner.api.post(`${path}/${verb}`), 200);
  expectStatus(await owner.api.get("/v1/members"), 200);
  for (const who of [owner, operator]) expectStatus(await who.api.get(`${path}/effective`), 200);
  expectStatus(await operator.api.get("/v1/me"), 200);
  await newToken(contract.fetch, operator.apiKey);
  await newApiKey(contract.fetch, owner, owner.memberId, {
    scopes: ["product.view"],
    expiresAt: "2030-01-01T00:00:00Z",
  });
  const keys = expectStatus(await owner.api.get<{ data: { id: string }[] }>(`${path}/api-keys`), 200).body
    .data;
  expectStatus(
    await operator.api.post("/v1/credits/spend", { amount: 4, description: "render" }, keyed()),
    201,
  );
  const command = keyed();
  for (const _ of ["first", "again"])
    expectStatus(await operator.api.post("/v1/credits/spend", { amount: 2 }, command), 402);
  for (const who of [owner, operator]) expectStatus(await who.api.get("/v1/credits"), 200);
  expectStatus(await operator.api.get("/v1/customers"), 403);
  expectStatus(await owner.api.get("/v1/credits/ledger"), 200);
  expectStatus(await owner.api.del(`/v1/api-keys/${keys[0]?.id}`), 204);
  expectStatus(await operator.api.get("/v1/me"), 401);
}

async function accounts(): Promise<void> {
  const path = `/v1/accounts/${owner.accountId}`;
  expectStatus(await platform.get("/v1/accounts"), 200);
  expectStatus(await platform.get(`${path}/credits`), 200);
  const etag = expectStatus(await owner.api.get(path), 200).headers.get("etag") ?? "";
  expectStatus(await owner.api.patch(path, { settings: { membersMayCreateKeys: true } }), 428);
  expectStatus(
    await owner.api.patch(path, { settings: { membersMayCreateKeys: true } }, { ifMatch: etag }),
    200,
  );
  const command = {
    kind: "team",
    name: "Team",
    owner: { email: "ada@example.com", firstName: "Ada", lastName: "Admin" },
  };
  const key = keyed();
  const { id } = expectStatus(await platform.post<{ id: string }>("/v1/accounts", command, key), 201).body;
  expectStatus(await platform.post("/v1/accounts", command, key), 201);
  expectStatus(await platform.post("/v1/accounts", { ...command, name: "Other" }, key), 422);
  expectStatus(await platform.post(`/v1/accounts/${id}/owner-claims`), 201);
}

async function reading(): Promise<void> {
  for (const path of ["/v1/audit?limit=100", "/v1/audit/verify", "/v1/object-log?limit=100"])
    expectStatus(await owner.api.get(path), 200);
  // The call log comes a moment later.
  await expect
    .poll(
      async () =>
        expectStatus(await owner.api.get<{ data: object[] }>("/v1/calls?limit=100"), 200).body.data.length,
      { timeout: 20_000 },
    )
    .toBeGreaterThan(0);
  expectStatus(await platform.get("/v1/audit?limit=100"), 200);
  const open = [
    "/.well-known/jwks.json",
    "/openapi.json",
    "/problems",
    "/problems/stale",
    "/problems/access/denied",
    "/health",
    "/.well-known/security.txt",
  ];
  for (const path of open) expectStatus(await anybody().get(path), 200);
  expectStatus(await anybody().get("/problems/no-such"), 404);
  expectStatus(await anybody().get("/v1/me"), 401);
  expectStatus(await owner.api.get("/v1/me", { headers: { "content-type": "text/plain" } }), 415);
}

/** Each operation at least once with success. */
async function everyOperation(): Promise<void> {
  await objects();
  await people();
  await accounts();
  await roleCalls(contract, owner);
  await catalogCalls(contract, platform);
  await memberAccessCalls(contract, platform);
  await removalCalls(contract, platform);
  await signInCalls(contract, platform);
  await marketplaceCalls(contract, platform);
  await licensingCalls(contract, platform);
  await exportCalls(contract, platform);
  await dealerCalls(contract, platform);
  await directoryCalls(contract, platform);
  await mailCalls(contract, owner);
  await auditLogCalls(contract, platform);
  await invitationCalls(contract, platform);
  await hookCalls(contract, platform);
  await tierCalls(contract, platform);
}

test("every operation answers what /openapi.json says: status, headers, type and fields", async () => {
  await everyOperation();
  await reading();
  expect(contract.faults).toEqual([]);
  expect(operationsOf(contract.document).filter((operation) => !contract.done.has(operation))).toEqual([]);
  // Only `npm run examples` binds this.
  await env.EXAMPLES?.fetch("http://examples", {
    method: "POST",
    body: JSON.stringify({ recordedAt: Date.now(), bodies: contract.examples.bodies }),
  });
});

test("a difference would be seen: a member more, a member less, another type, at any depth", async () => {
  const { document } = contract;
  const { body } = expectStatus(
    await owner.api.get<{ member: Record<string, unknown>; account: object }>("/v1/me"),
    200,
  );
  const schema =
    document.paths["/v1/me"]?.["get"]?.responses["200"]?.content?.["application/json"]?.schema ??
    expect.fail();
  expect(bodyFaults(schema, body)).toEqual([]);
  const { email: _, ...less } = body.member;
  const wrong = [
    { ...body, more: 1 },
    { ...body, member: { ...body.member, more: 1 } },
    { ...body, member: less },
    { ...body, member: { ...body.member, version: "1" } },
  ];
  expect(wrong.map((one) => bodyFaults(schema, one).length)).toEqual([1, 1, 1, 1]);
});

test("K2 no operation that widens access does so for a restricted key: three kinds are tried", async () => {
  const places = [...widening.found.keys()];
  // The walk finds them by what they change. These show that it looks.
  for (const known of [
    "POST /v1/members #1",
    "PUT /v1/members/:id/grants #1",
    "POST /v1/organizations #1",
    "POST /v1/members/:id/unblock #1",
    "POST /v1/hooks #1",
  ]) {
    expect(places).toContain(known);
  }
  await emptyDatabase();
  const walk = tryRestricted(fetch, new Set(places));
  await open(walk.fetch);
  // What a restricted key did in spite of all would disturb the calls after it: it is shown first.
  const disturbed = await everyOperation().catch((error: Error) => error);
  // A key with scopes adds members who hold nothing beyond them: the role of an operator gives nothing yet.
  const isEmpty = (line: string) => /^(role \S+ operator$|let in |from |invitation )/.test(line);
  const isAddition = ({ place, restriction, gave }: Attempt) =>
    restriction === "scopes" &&
    /^POST \/v1\/(members|invitations|operator-links)\b/.test(place) &&
    gave.every(isEmpty);
  expect(walk.attempts.filter((attempt) => attempt.gave.length > 0 && !isAddition(attempt))).toEqual([]);
  expect(disturbed).toBeUndefined();
  expect(walk.attempts.length).toBeGreaterThan(3 * 25);
  expect(
    walk.attempts.filter(
      ({ answer, gave }) => gave.length === 0 && !/^403 access\/denied$|^200 access\/denied/.test(answer),
    ),
  ).toEqual([]);
});
