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
import { giveCredits, newMember, type Person } from "../harness/people.ts";
import { tenantFor, newTenants, type Tenants } from "../harness/tenants.ts";
import { LEAVE_MAPPING, newHook } from "../harness/webhook.ts";

let edge: Edge;
let platform: Api;
let all: Operation[];
let owner: Person;
let colleague: string;
let product: string;
let hook: string;
let tenants: Tenants;

beforeAll(async () => {
  edge = await startEdge({ isolates: 1 });
  platform = api(edge.at(0), edge.platform.apiKey);
  all = await loadOperations(api(edge.at(0), null));
  tenants = await newTenants(edge.at(0), platform);
  owner = tenantFor(tenants, "/v1/products");
  await giveCredits(platform, owner.accountId, 1_000);
  colleague = (await newMember(edge.at(0), owner, { roles: ["operator"] })).memberId;
  hook = (await newHook(owner.api, "standard", LEAVE_MAPPING)).id;
  product = expectStatus(
    await owner.api.post<{ id: string }>(
      "/v1/products",
      { name: "Editor" },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  ).body.id;
});
afterAll(() => edge.close());

/** What only the platform does; an account's own card is its owner's. */
const isPlatform = ({ name, path }: Operation) =>
  /^\/v1\/(accounts|catalog|tools|tiers)/.test(path) &&
  name !== "PATCH /v1/accounts/{id}" &&
  !path.includes("/ownership-offers");

interface Send {
  readonly body?: BodyInit;
  readonly headers?: Record<string, string>;
  readonly query?: string;
}

/**
 * The operation by a member who may do it, to an object that is there, with everything in order but what
 * `send` says.
 */
async function call(operation: Operation, send: Send): Promise<Reply<Problem>> {
  const credential = isPlatform(operation) ? edge.platform.apiKey : tenantFor(tenants, operation.path).apiKey;
  const headers = new Headers({ authorization: `Bearer ${credential}`, "if-match": "*" });
  if (operation.headers.includes("Idempotency-Key")) headers.set("idempotency-key", newIdempotencyKey());
  if (operation.body !== null) headers.set("content-type", "application/json");
  for (const [name, value] of Object.entries(send.headers ?? {}))
    value === "" ? headers.delete(name) : headers.set(name, value);
  const path = operation.path.replace("{id}", idFor(operation));
  const body =
    send.body ?? (operation.body === null ? undefined : JSON.stringify(sampleValue(operation.body)));
  return toReply(
    await edge.fetch(0, `${path}${send.query ?? ""}`, {
      method: operation.method,
      headers,
      ...(body === undefined ? {} : { body, duplex: "half" }),
    }),
  );
}

/** An object of the caller's where there is one; else an unknown id. */
function idFor(operation: Operation): string {
  const { path } = operation;
  if (path.startsWith("/v1/accounts")) return owner.accountId;
  if (path.startsWith("/v1/members")) return tenantFor(tenants, operation.path).memberId;
  if (path.startsWith("/v1/hooks")) return hook;
  return path.startsWith("/v1/products") ? product : `xxx_${UNKNOWN_ULID}`;
}

/** A value with a title short enough to read. */
const titled = (values: readonly string[]) =>
  values.map(
    (value) =>
      [value.length > 40 ? `${value.slice(0, 37)}… (${value.length} characters)` : value, value] as const,
  );
const said = ({ status, body }: Reply<Problem>) => `${status} ${body?.code ?? ""}`;

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
    "idempotency",
    "tier",
  ];
  const rows = await Promise.all(
    tables.map(async (table) =>
      (await DB.prepare(`SELECT * FROM ${table}`).all()).results.map(
        ({ last_used_at: _, last_login_at: __, ...row }) => row,
      ),
    ),
  );
  return [rows, expectStatus(await owner.api.get("/v1/credits"), 200).body];
}

/** Sends the same to each operation; answers those that answered otherwise. Nothing may have changed. */
async function each(
  chosen: readonly Operation[],
  send: Send | ((operation: Operation) => Send),
  expected: RegExp,
): Promise<string[]> {
  const before = await snapshot();
  const answers = await Promise.all(
    chosen.map(
      async (one) => [one.name, await call(one, typeof send === "function" ? send(one) : send)] as const,
    ),
  );
  expect(await snapshot()).toEqual(before);
  return answers
    .filter(([, answer]) => !expected.test(said(answer)))
    .map(([name, answer]) => `${name}: ${said(answer)}`);
}

const withBody = () => all.filter(({ body }) => body !== null);
const bytes = (...values: number[]) => new Uint8Array(values);
const stream = (size: number) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (let sent = 0; sent < size; sent += 16_384) controller.enqueue(new Uint8Array(16_384).fill(32));
      controller.close();
    },
  });
/** Absent objects are 404 before their body is looked into: then nothing is said of the body. */
const orMissing = (code: string) => new RegExp(`^(${code}|404 not-found)$`);

describe("every operation with a body", () => {
  const BODIES: ReadonlyArray<
    readonly [title: string, send: Send | ((operation: Operation) => Send), expected: RegExp]
  > = [
    ["JSON that breaks off", { body: '{"name":' }, /^400 malformed$/],
    [
      "bytes that are no UTF-8",
      { body: bytes(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d) },
      /^400 malformed$/,
    ],
    ["a NUL before the JSON", { body: bytes(0, 0x7b, 0x7d) }, /^400 malformed$/],
    ["nothing", { body: "" }, orMissing("422 validation")],
    [
      "a form",
      { headers: { "content-type": "application/x-www-form-urlencoded" }, body: "name=x" },
      /^415 media-type$/,
    ],
    [
      "text that says to be JSON in a parameter",
      { headers: { "content-type": "text/plain; x=application/json" }, body: "{}" },
      /^415 media-type$/,
    ],
    ["no content type", { headers: { "content-type": "" }, body: bytes(0x7b, 0x7d) }, /^415 media-type$/],
    ["too much, and says so", { body: JSON.stringify({ name: "x".repeat(70_000) }) }, /^413 too-large$/],
    ["too much, without saying so", () => ({ body: stream(131_072) }), /^413 too-large$/],
    ["null", { body: "null" }, orMissing("422 validation")],
    ["a number", { body: "1" }, orMissing("422 validation")],
    ["a list", { body: "[]" }, orMissing("422 validation")],
    [
      "30,000 lists in one another",
      { body: "[".repeat(30_000) + "]".repeat(30_000) },
      /^(400 malformed|422 validation|404 not-found)$/,
    ],
    [
      "a name that is not known",
      (one) => ({ body: altered(one, '"unexpected":1') }),
      orMissing("422 validation"),
    ],
    [
      "a prototype",
      (one) => ({ body: altered(one, '"__proto__":{"isAdmin":true}') }),
      orMissing("422 validation"),
    ],
    [
      "a constructor",
      (one) => ({ body: altered(one, '"constructor":{"prototype":{"isAdmin":true}}') }),
      orMissing("422 validation"),
    ],
  ];
  test.each(BODIES)("that is sent %s", async (_, send, expected) => {
    expect(await each(withBody(), send, expected)).toEqual([]);
  });

  test("names what it does not know by a JSON pointer", async () => {
    const answer = await call(operation("PATCH /v1/products/{id}"), { body: '{"name":"x","a/b~c":1}' });
    expect(answer.body.errors).toEqual([{ pointer: "/a~1b~0c", detail: expect.any(String) }]);
  });
});

const altered = ({ body }: Operation, member: string): string => {
  const json = JSON.stringify(sampleValue(body ?? {}));
  return json === "{}" ? `{${member}}` : `${json.slice(0, -1)},${member}}`;
};

const operation = (name: string): Operation => {
  const found = all.find((one) => one.name === name);
  if (found === undefined) throw new Error(`${name} is not served`);
  return found;
};

describe("every operation", () => {
  const guarded = () => all.filter(({ isPublic }) => !isPublic);
  const named = (name: string) => guarded().filter(({ query }) => query.some((one) => one.name === name));

  // Blocking oneself, and leaving as the owner, are refused before the query is looked at.
  test("refuses a query name that it does not know", async () => {
    expect(
      await each(
        guarded(),
        { query: "?nonsense=1" },
        /^(422 validation|404 not-found|409 conflict\/(lockout|last-admin))$/,
      ),
    ).toEqual([]);
  });
  test.each(
    titled(["x", "e30", "bnVsbA", "eyJhIjoxfQ", "MTAw".repeat(40), "%00", "W10", "-1", "Ii4uLy4uIg"]),
  )("with pages refuses the cursor %s", async (_, cursor) => {
    expect(named("cursor").length).toBeGreaterThan(8);
    expect(await each(named("cursor"), { query: `?cursor=${cursor}` }, /^(422 validation|200 )$/)).toEqual(
      [],
    );
  });
  test.each(titled(["0", "-1", "101", "1.5", "x", "1e9", "", "0x65", "NaN", "9".repeat(400)]))(
    "with pages refuses the limit %j",
    async (_, limit) => {
      expect(await each(named("limit"), { query: `?limit=${limit}` }, /^422 validation$/)).toEqual([]);
    },
  );

  const IDS = [
    "0",
    "x",
    `mem_${UNKNOWN_ULID}x`,
    `mem_${UNKNOWN_ULID.toLowerCase()}`,
    "%00",
    "%2e%2e%2fme",
    "%F0%9F%92%A5",
    "'%20OR%201=1--",
    "a".repeat(4_000),
    "__proto__",
    "constructor",
  ];
  test.each(titled(IDS))("about one object answers 404 to the id %s", async (_, id) => {
    const single = guarded()
      .filter(({ path }) => path.includes("{id}"))
      .map((one) => ({ ...one, path: one.path.replace("{id}", id) }));
    expect(await each(single, {}, /^404 not-found$/)).toEqual([]);
  });

  test("answers 405 with the methods that exist, to every other method", async () => {
    const before = await snapshot();
    const wrong: string[] = [];
    for (const path of new Set(all.map((one) => one.path))) {
      const known = all.filter((one) => one.path === path).map(({ method }) => method);
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((one) => !known.includes(one))) {
        const answer = await call({ ...operation(`${known[0]} ${path}`), method, body: null }, {});
        const allowed = (answer.headers.get("allow") ?? "")
          .split(/,\s*/)
          .filter((one) => !["HEAD", "OPTIONS"].includes(one))
          .sort();
        if (said(answer) !== "405 method-not-allowed" || `${allowed}` !== `${known.sort()}`)
          wrong.push(`${method} ${path}: ${said(answer)}, allow ${allowed}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(await snapshot()).toEqual(before);
  });

  test.each(["/v1", "/v2/me", "/v1/nothing", "//v1/me", "/v1/me/", "/v1/%6de/x", "/v1/products/../../x"])(
    "of no operation: %s is 404 as a problem",
    async (path) => {
      const answer = await owner.api.get<Problem>(path);
      expect([answer.status, answer.headers.get("content-type"), answer.body.code]).toEqual([
        404,
        "application/problem+json",
        "not-found",
      ]);
    },
  );
});

describe("values", () => {
  const RULES = [
    "x",
    "1.2.3",
    "01.2.3.4",
    "1.2.3.4/33",
    "1.2.3.4/-1",
    "1.2.3.4/",
    "1.2.3.4/8/8",
    "::1%eth0",
    "fe80::1%1/64",
    "0x7f.1",
    "2130706433",
    "::ffff:1.2.3.4/64",
    "1.2.3.4 ",
    "\u0000",
    "0.0.0.0/0",
    "::/0",
  ];
  test.each(RULES)("S4.11: the address rule %j is refused, on a new member and on a card", async (rule) => {
    const send = { body: JSON.stringify({ allowedIps: [rule] }) };
    const made = {
      body: JSON.stringify({ firstName: "A", lastName: "B", email: "a@example.com", allowedIps: [rule] }),
    };
    expect(await each([operation("PATCH /v1/members/{id}")], send, /^422 validation$/)).toEqual([]);
    expect(await each([operation("POST /v1/members")], made, /^422 validation$/)).toEqual([]);
  });

  const AMOUNTS = [
    "-1",
    "0",
    "1.5",
    '"1"',
    "1e308",
    "9007199254740993",
    "null",
    "true",
    "[1]",
    "{}",
    "-0",
    "1e400",
  ];
  test.each(AMOUNTS)("S4.21: %s credits are refused, spent or given", async (amount) => {
    expect(
      await each([operation("POST /v1/credits/spend")], { body: `{"amount":${amount}}` }, /^422 validation$/),
    ).toEqual([]);
    expect(
      await each(
        [operation("POST /v1/accounts/{id}/credits")],
        { body: `{"kind":"top_up","amount":${amount}}` },
        /^422 validation$/,
      ),
    ).toEqual([]);
    expect(
      await each(
        [operation("PATCH /v1/members/{id}")],
        { body: `{"creditLimit":${amount === "null" || amount === "0" || amount === "-0" ? "-5" : amount}}` },
        amount === "1e308" ? /^422 / : /^422 validation$/,
      ),
    ).toEqual([]);
  });

  const GRANTS: ReadonlyArray<readonly [title: string, grant: object]> = [
    ["S0.13: an access that is none of the three", { resourceType: "product", access: "admin" }],
    ["a type that is not known", { resourceType: "planet", access: "view" }],
    [
      "S0.11: an object that is not there",
      { resourceType: "product", resourceId: `prd_${UNKNOWN_ULID}`, access: "view" },
    ],
    [
      "S0.11: one object of a type that is given as a whole",
      { resourceType: "analytics", resourceId: "1", access: "view" },
    ],
    ["a type that is named like a prototype", { resourceType: "__proto__", access: "view" }],
  ];
  test.each(GRANTS)("a grant is refused: %s", async (_, grant) => {
    // All grants for oneself are refused.
    const toAnother = {
      ...operation("PUT /v1/members/{id}/grants"),
      path: `/v1/members/${colleague}/grants`,
    };
    expect(
      await each([toAnother], { body: JSON.stringify({ grants: [grant] }) }, /^422 validation$/),
    ).toEqual([]);
  });

  test.each(titled(["\u0000", "a\u0007b", "\ud800", " ", "", "x".repeat(201)]))(
    "the name %j is refused",
    async (_, name) => {
      expect(
        await each(
          [operation("PATCH /v1/products/{id}")],
          { body: JSON.stringify({ name }) },
          /^422 validation$/,
        ),
      ).toEqual([]);
    },
  );
});

describe("headers", () => {
  const commands = () =>
    all.filter(({ headers, isPublic }) => headers.includes("Idempotency-Key") && !isPublic);
  test.each(titled(["a b", "x".repeat(129), "ключ", '""', "a\tb"]))(
    "the Idempotency-Key %j cannot be read",
    async (_, key) => {
      const header = Buffer.from(key).toString("latin1");
      expect(
        await each(commands(), { headers: { "idempotency-key": header } }, orMissing("400 malformed")),
      ).toEqual([]);
    },
  );
  test("a ledger command without Idempotency-Key is refused", async () => {
    const send = { headers: { "idempotency-key": "" } };
    expect(
      await each(
        [operation("POST /v1/credits/spend"), operation("POST /v1/accounts/{id}/credits")],
        send,
        /^400 idempotency\/missing$/,
      ),
    ).toEqual([]);
  });
  test.each([
    ["", /^428 precondition-required$/],
    ['"999"', /^412 precondition-failed$/],
    ['W/"999"', /^412 precondition-failed$/],
    ["garbage", /^400 malformed$/],
    ["1", /^400 malformed$/],
  ])("a card is not edited with If-Match %j", async (tag, expected) => {
    const cards = [operation("PATCH /v1/members/{id}"), operation("PATCH /v1/products/{id}")];
    const edits = { body: JSON.stringify({}), headers: { "if-match": tag } };
    const before = await snapshot();
    for (const one of cards)
      expect(
        said(
          await call(one, {
            ...edits,
            body: one.path.includes("members") ? '{"position":"Chief"}' : '{"name":"New"}',
          }),
        ),
      ).toMatch(expected);
    expect(await snapshot()).toEqual(before);
  });
});
