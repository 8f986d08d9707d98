import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Api,
  api,
  newIdempotencyKey,
  expectStatus,
  type Problem,
  type Reply,
  toReply,
} from "../harness/client.ts";
import { type Edge, startEdge } from "../harness/edge.ts";
import { UNKNOWN_ULID, type Operation, loadOperations, sampleValue } from "../harness/operation.ts";
import {
  newAccount,
  newApiKey,
  newMember,
  newToken,
  type Person,
  activateSubscription,
} from "../harness/people.ts";
import { tenantFor, newTenants, createObjects } from "../harness/tenants.ts";
import { LEAVE_MAPPING } from "../harness/webhook.ts";

const ALLOWED = "203.0.113.7";
const ELSEWHERE = "198.51.100.7";

let edge: Edge;
let platform: Api;
let all: Operation[];
/** A vendor that operators of it may act for, and another tenant. */
let owner: Person;
let stranger: Person;

beforeAll(async () => {
  edge = await startEdge({ isolates: 2 });
  platform = api(edge.at(0), edge.platform.apiKey);
  all = await loadOperations(api(edge.at(0), null));
  owner = await newAccount(edge.at(0), platform, "vendor");
  stranger = await newAccount(edge.at(0), platform, "vendor");
  for (const { accountId } of [owner, stranger]) await activateSubscription(platform, accountId);
});
afterAll(() => edge.close());

const guarded = () => all.filter((one) => !one.isPublic);

interface Caller {
  readonly headers: Record<string, string>;
  readonly id?: string;
}

/** The operation with a body that its schema accepts, so that only the tested fault stops it. */
async function call(
  operation: Operation,
  { headers, id = missing(operation) }: Caller,
): Promise<Reply<Problem>> {
  const path = operation.path.replaceAll(/\{\w+\}/g, id);
  const query = operation.query
    .filter(({ required }) => required)
    .map(({ name, schema }) => `${name}=${encodeURIComponent(String(sampleValue(schema)))}`);
  const all = new Headers({
    ...headers,
    ...(operation.headers.includes("Idempotency-Key") ? { "idempotency-key": newIdempotencyKey() } : {}),
  });
  if (operation.headers.includes("If-Match")) all.set("if-match", "*");
  if (operation.body !== null) all.set("content-type", "application/json");
  const body = operation.body === null ? {} : { body: JSON.stringify(sampleValue(operation.body)) };
  return toReply(
    await edge.fetch(1, `${path}${query.length > 0 ? `?${query.join("&")}` : ""}`, {
      method: operation.method,
      headers: all,
      ...body,
    }),
  );
}

const PREFIXES: Record<string, string> = {
  accounts: "acc",
  roles: "rol",
  members: "mem",
  "api-keys": "key",
  products: "prd",
  "license-keys": "lky",
  "machine-codes": "mac",
  "data-objects": "dat",
  customers: "cus",
  "access-tokens": "atk",
  catalog: "thm",
  themes: "thm",
  hooks: "hok",
  invitations: "inv",
  "operator-links": "inv",
};

/** A well-formed id of the operation's kind, of no object. */
const missing = (one: Operation): string => `${PREFIXES[kindOf(one)] ?? "xxx"}_${UNKNOWN_ULID}`;

/** What the path names an object of. */
const kindOf = ({ path }: Operation): string => /\/([\w-]+)\/\{/.exec(path)?.[1] ?? "";

const bearer = (credential: string, ip = ALLOWED) => ({
  authorization: `Bearer ${credential}`,
  "cf-connecting-ip": ip,
});
const said = ({ status, body }: Reply<Problem>) => `${status} ${body?.code ?? ""}`;

/** Every guarded operation with these headers; what did not answer as expected, by name. */
async function refusedEverywhere(headers: Record<string, string>, expected: string): Promise<string[]> {
  const answers = await Promise.all(
    guarded().map(async (one) => [one.name, await call(one, { headers })] as const),
  );
  return answers
    .filter(([, answer]) => said(answer) !== expected)
    .map(([name, answer]) => `${name}: ${said(answer)}`);
}

/** The rows of every table but the trail and the call log: a refusal leaves them as they were. */
async function snapshot(): Promise<unknown> {
  const { DB } = await edge.env();
  const tables = [
    "account",
    "member",
    "access_grant",
    "role",
    "api_key",
    "resource",
    "charge",
    "hook",
    "delivery",
    "invitation",
    "user",
    "session",
    "idempotency",
    "tier",
    "tier_choice",
    "state_order",
  ];
  return Promise.all(
    tables.map(async (table) =>
      (await DB.prepare(`SELECT * FROM ${table}`).all()).results.map(
        ({ last_used_at: _, last_login_at: __, ...row }) => row,
      ),
    ),
  );
}

test("the walk covers the whole surface", () => {
  expect(guarded().length).toBeGreaterThan(40);
  expect(
    all
      .filter((one) => one.isPublic)
      .map(({ name }) => name)
      .sort(),
  ).toMatchInlineSnapshot(`
    [
      "GET /.well-known/jwks.json",
      "GET /.well-known/security.txt",
      "GET /health",
      "GET /openapi.json",
      "GET /problems",
      "GET /problems/{code}",
      "GET /problems/{group}/{code}",
      "GET /v1/downloads/{token}",
      "POST /v1/auth/claims",
      "POST /v1/auth/codes",
      "POST /v1/auth/email-confirmations",
      "POST /v1/auth/refresh",
      "POST /v1/auth/sessions",
      "POST /v1/hooks/{id}",
      "POST /v1/invitations/accept",
      "POST /v1/operator-links/join",
      "POST /v1/unsubscribe",
      "POST /v1/unsubscribe/{token}",
    ]
  `);
});

describe("every operation that needs a credential refuses", () => {
  const CREDENTIALS: ReadonlyArray<readonly [title: string, headers: Record<string, string>]> = [
    ["none", {}],
    ["garbage", { authorization: "Bearer garbage" }],
    ["an empty one", { authorization: "Bearer " }],
    ["another scheme", { authorization: "Basic dXNlcjpwYXNz" }],
    ["an unknown key of the right form", { authorization: `Bearer tgk_${"A".repeat(43)}` }],
    ["a token that is none", { authorization: "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0." }],
    ["two in one header", { authorization: "Bearer a, Bearer b" }],
    ["good, and a bad one beside it", { authorization: "Bearer garbage", "x-api-key": "garbage" }],
  ];
  test.each(CREDENTIALS)("a credential that is %s", async (_, headers) => {
    expect(await refusedEverywhere(headers, "401 auth/invalid-credential")).toEqual([]);
  });

  test("two credentials at once, good as each may be", async () => {
    const headers = { ...bearer(owner.apiKey), "x-api-key": owner.apiKey };
    expect(await refusedEverywhere(headers, "401 auth/invalid-credential")).toEqual([]);
  });

  test("a token that was signed by another key, changed, or has expired", async () => {
    const token = await newToken(edge.at(0), owner.apiKey);
    const [head = "", claims = "", signature = ""] = token.split(".");
    const decoded = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, unknown>;
    const longer = Buffer.from(
      JSON.stringify({ ...decoded, exp: Number(decoded["exp"]) + 1_000_000 }),
    ).toString("base64url");
    const none = Buffer.from(JSON.stringify({ alg: "none", typ: "at+jwt" })).toString("base64url");
    for (const forged of [
      `${head}.${longer}.${signature}`,
      `${none}.${claims}.`,
      `${head}.${claims}.${"A".repeat(signature.length)}`,
    ]) {
      expect(await refusedEverywhere(bearer(forged), "401 auth/invalid-credential")).toEqual([]);
    }
  });

  test("an expired key, by itself and by the token minted from it before", async () => {
    const member = await newMember(edge.at(0), owner, { roles: ["owner"] });
    const key = await newApiKey(edge.at(0), owner, member.memberId);
    const token = await newToken(edge.at(0), key);
    const { DB } = await edge.env();
    const { body } = expectStatus(await api(edge.at(0), key).get<{ key: { id: string } }>("/v1/me"), 200);
    await DB.prepare("UPDATE api_key SET expires_at = ? WHERE id = ?")
      .bind(Date.now() - 1_000, body.key.id)
      .run();
    await DB.prepare("UPDATE member SET version = version + 1 WHERE id = ?").bind(member.memberId).run();
    expect(await refusedEverywhere(bearer(key), "401 auth/invalid-credential")).toEqual([]);
    expect(await refusedEverywhere(bearer(token), "401 auth/invalid-credential")).toEqual([]);
  });

  test("S1.41: a revoked key, by itself and by the token minted from it before", async () => {
    const member = await newMember(edge.at(0), owner, { roles: ["owner"] });
    const token = await newToken(edge.at(0), member.apiKey);
    const { body } = expectStatus(await member.api.get<{ key: { id: string } }>("/v1/me"), 200);
    expectStatus(await owner.api.del(`/v1/api-keys/${body.key.id}`), 204);
    expect(await refusedEverywhere(bearer(member.apiKey), "401 auth/invalid-credential")).toEqual([]);
    expect(await refusedEverywhere(bearer(token), "401 auth/invalid-credential")).toEqual([]);
  });

  test("S2.21: a blocked member, by key and by token", async () => {
    const member = await newMember(edge.at(0), owner, { roles: ["owner"] });
    const token = await newToken(edge.at(0), member.apiKey);
    expectStatus(await owner.api.post(`/v1/members/${member.memberId}/block`), 200);
    expect(await refusedEverywhere(bearer(member.apiKey), "401 auth/blocked")).toEqual([]);
    expect(await refusedEverywhere(bearer(token), "401 auth/blocked")).toEqual([]);
  });

  test("S4.11: an address outside the rules, by key and token, with forged address headers too", async () => {
    const member = await newMember(
      edge.at(0),
      owner,
      { roles: ["owner"], allowedIps: [`${ALLOWED}/32`] },
      ALLOWED,
    );
    const token = await newToken(edge.at(0), member.apiKey, { ip: ALLOWED });
    const claims = {
      "x-forwarded-for": ALLOWED,
      "x-real-ip": ALLOWED,
      "true-client-ip": ALLOWED,
      forwarded: `for=${ALLOWED}`,
    };
    for (const credential of [member.apiKey, token]) {
      expect(
        await refusedEverywhere({ ...bearer(credential, ELSEWHERE), ...claims }, "403 ip/not-allowed"),
      ).toEqual([]);
      expect(
        await refusedEverywhere({ ...bearer(credential, "not an address"), ...claims }, "403 ip/not-allowed"),
      ).toEqual([]);
    }
  });
});

describe("a refusal", () => {
  test("S0.7: without the right all but one's own card answers 403 or 404 and changes nothing", async () => {
    const operator = await newMember(edge.at(0), owner, { roles: ["operator"] });
    const before = await snapshot();
    const others = guarded().filter((one) => !one.isSelf);
    const answers = await Promise.all(
      others.map(async (one) => [one.name, await call(one, { headers: bearer(operator.apiKey) })] as const),
    );
    const open = answers.filter(
      ([, answer]) => !["403 access/denied", "404 not-found"].includes(said(answer)),
    );
    expect(open.map(([name, answer]) => `${name}: ${said(answer)}`)).toEqual([]);
    expect(await snapshot()).toEqual(before);
  });

  test("another tenant's id answers as an unknown one", async () => {
    const [mine, theirs] = [await newTenants(edge.at(0), platform), await newTenants(edge.at(0), platform)];
    const tier = {
      key: "walked",
      names: { en: "Walked", ru: "Walked" },
      price: { amount: 1, currency: "EUR" },
    };
    const tiers = expectStatus(await platform.post<{ key: string }>("/v1/tiers", tier), 201).body.key;
    const ids: Record<string, string> = {
      ...(await createObjects(theirs, edge.at(0), platform)),
      ...(await idsOf(stranger)),
      tiers,
    };
    const before = await snapshot();
    // Reports have the same names in all accounts, and each account counts its own logins.
    const single = guarded().filter(
      (one) =>
        one.path.includes("{") && !["/v1/reports/{name}", "/v1/members/by-login/{login}"].includes(one.path),
    );
    const differing = await Promise.all(
      single.map(async (one) => {
        const foreign = ids[kindOf(one)];
        if (foreign === undefined) return [`${one.name}: the walk has no such object of the other tenant`];
        const headers = bearer(tenantFor(mine, one.path).apiKey);
        const [foreigns, nobodys] = [await call(one, { headers, id: foreign }), await call(one, { headers })];
        return shape(foreigns) === shape(nobodys) && [403, 404].includes(foreigns.status)
          ? []
          : [`${one.name}: ${shape(foreigns)} and ${shape(nobodys)}`];
      }),
    );
    expect(differing.flat()).toEqual([]);
    expect(await snapshot()).toEqual(before);
  });
});

/** All of an answer but what names this one call. */
function shape({ status, body, headers }: Reply<Problem>): string {
  const { requestId: _, instance: __, ...rest } = body;
  return JSON.stringify([status, headers.get("content-type"), rest]);
}

/** One object of each kind of that tenant, by its path. */
async function idsOf(person: Person): Promise<Record<string, string>> {
  const make = async (path: string, body: object) =>
    expectStatus(
      await person.api.post<{ id: string }>(`/v1/${path}`, body, { idempotencyKey: newIdempotencyKey() }),
      201,
    ).body.id;
  const product = await make("products", { name: "Editor" });
  const key = await make("license-keys", {
    productId: product,
    newCustomer: { name: "Carla", email: "carla@example.com" },
  });
  const { body } = expectStatus(await person.api.get<{ key: { id: string } }>("/v1/me"), 200);
  return {
    accounts: person.accountId,
    roles: await make("roles", { name: "Support" }),
    members: person.memberId,
    "api-keys": body.key.id,
    products: product,
    "license-keys": key,
    "machine-codes": await make("machine-codes", { licenseKeyId: key, code: "M-1" }),
    "data-objects": await make("data-objects", { productId: product, name: "setting", stringValue: "1" }),
    customers: await make("customers", { name: "Carl", email: "carl@example.com" }),
    "access-tokens": await make("access-tokens", { name: "client" }),
    invitations: await make("invitations", {
      firstName: "Ina",
      lastName: "Invited",
      email: `${newIdempotencyKey()}@example.com`,
      role: "operator",
    }),
    "operator-links": await make("operator-links", { name: "Crew" }),
    hooks: await make("hooks", { name: "Shop", scheme: "standard", mapping: LEAVE_MAPPING }),
  };
}
