import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { servedEndpoints } from "../../../src/app.ts";
import { mintKey } from "../../../src/gate/credentials/api-key.ts";
import { BODY_LIMIT } from "../../../src/kernel/http/body.ts";
import {
  type Api,
  newIdempotencyKey,
  expectStatus,
  type Problem,
  type Reply,
  toReply,
} from "../../harness/client.ts";
import { encodeCursor, forgeCursor } from "../../harness/forged-cursor.ts";
import {
  newAccount,
  newApiKey,
  newMember,
  newToken,
  type Person,
  activateSubscription,
} from "../../harness/people.ts";
import { LEAVE_MAPPING } from "../../harness/webhook.ts";
import { fetchWithoutAddress, createPlatform, statusOf } from "../access/operators-fixture.ts";
import {
  updateKeyRow,
  listEventIds,
  keyIdOf,
  lastEvent,
  newProduct,
  comparableRefusal,
} from "./identity-fixture.ts";

let platform: Api;
let owner: Person;
let token: string;

beforeAll(async () => {
  platform = await createPlatform(fetchWithoutAddress);
  owner = await newAccount(fetchWithoutAddress, platform, "vendor");
  await activateSubscription(platform, owner.accountId);
  token = await newToken(fetchWithoutAddress, owner.apiKey);
});

const send = async (path: string, init: RequestInit = {}): Promise<Reply<Problem>> =>
  toReply(await fetchWithoutAddress(path, init));
const as = (credential: string, more: Record<string, string> = {}) => ({
  headers: { authorization: `Bearer ${credential}`, ...more },
});
const INVALID = "401 auth/invalid-credential";

describe("exactly one credential", () => {
  const carriers = (): Record<string, string> => ({
    Authorization: `Bearer ${owner.apiKey}`,
    "X-API-Key": owner.apiKey,
    usr: btoa("0001;b59c67bf196a4758191e42f76670ceba;b59c67bf196a4758191e42f76670ceba"),
    AggregatorAuthentication: `Token ${token}`,
  });
  const NAMES = ["Authorization", "X-API-Key", "usr", "AggregatorAuthentication"];
  const PAIRS = NAMES.flatMap((first, index) =>
    NAMES.slice(index + 1).map((second) => [first, second] as const),
  );

  test.each(PAIRS)("%s and %s together are refused, and no chain has a word of it", async (first, second) => {
    const before = await listEventIds();
    const headers = Object.fromEntries(
      Object.entries(carriers()).filter(([name]) => name === first || name === second),
    );
    expect(Object.keys(headers)).toHaveLength(2);
    const answer = await send("/v1/me", { headers });
    expect(comparableRefusal(answer)).toMatchObject({
      status: 401,
      code: "auth/invalid-credential",
      challenge: 'Bearer realm="tollgate"',
      detail: expect.stringContaining("exactly one credential"),
    });
    expect(statusOf(await send("/v1/me", { headers: { ...headers, [second]: "" } }))).toBe(INVALID);
    expect(await listEventIds()).toEqual(before);
  });

  test.each([
    ["Authorization", "200"],
    ["X-API-Key", "200"],
    ["usr", INVALID],
    ["AggregatorAuthentication", INVALID],
  ])("%s alone answers %s", async (name, answer) => {
    expect(statusOf(await send("/v1/me", { headers: { [name]: carriers()[name] ?? "" } }))).toBe(answer);
  });

  test("a credential in the query, in a cookie or in the body is none", async () => {
    expect(statusOf(await send(`/v1/me?access_token=${token}`))).toBe(INVALID);
    expect(statusOf(await send("/v1/me", { headers: { cookie: `access_token=${token}` } }))).toBe(INVALID);
    expect(
      statusOf(
        await send("/v1/auth/token", {
          method: "POST",
          body: JSON.stringify({ access_token: token }),
          headers: { "content-type": "application/json" },
        }),
      ),
    ).toBe(INVALID);
  });

  test("a header that is sent twice is refused", async () => {
    const headers = new Headers(as(token).headers);
    headers.append("authorization", `Bearer ${token}`);
    expect(statusOf(await send("/v1/me", { headers }))).toBe(INVALID);
  });
});

describe("a caller outside any account", () => {
  const expired = "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6InRlc3QtMSJ9.eyJleHAiOjF9.AAAA";
  const STRANGERS: ReadonlyArray<
    readonly [answer: string, method: string, path: string, headers: () => Record<string, string>]
  > = [
    [INVALID, "GET", "/v1/me", () => ({})],
    [INVALID, "GET", "/v1/me", () => as("garbage").headers],
    [INVALID, "GET", "/v1/me", () => as(expired).headers],
    [INVALID, "GET", "/v1/me", () => as(`${token.slice(0, -8)}AAAAAAAA`).headers],
    [INVALID, "GET", "/v1/me", () => as(mintKey(new Uint8Array(32))).headers],
    [INVALID, "GET", "/v1/me", () => ({ "x-api-key": mintKey(new Uint8Array(32)) })],
    [
      INVALID,
      "POST",
      "/v1/products",
      () =>
        as(`${owner.apiKey.slice(0, 10)}${owner.apiKey[10] === "a" ? "b" : "a"}${owner.apiKey.slice(11)}`)
          .headers,
    ],
    [INVALID, "POST", "/v1/auth/token", () => ({ ...as(token).headers, "x-api-key": owner.apiKey })],
    ["404 not-found", "GET", "/v1/nothing", () => as(token).headers],
    ["405 method-not-allowed", "DELETE", "/v1/me", () => as(token).headers],
    ["415 media-type", "POST", "/v1/auth/claims", () => ({ "content-type": "text/plain" })],
    ["422 validation", "POST", "/v1/auth/claims", () => ({})],
  ];
  test("leaves nothing but a row in the call log, for any input", async () => {
    const before = await listEventIds();
    const answers = await Promise.all(
      STRANGERS.map(([, method, path, headers]) =>
        send(path, {
          method,
          headers: { ...headers(), "cf-connecting-ip": "198.51.100.7", "user-agent": "stranger" },
        }),
      ),
    );
    expect(answers.map(statusOf)).toEqual(STRANGERS.map(([answer]) => answer));
    const ids = JSON.stringify(answers.map(({ body }) => body.requestId));
    const rows = async () =>
      (
        await env.DB.prepare(`
      SELECT account_id, member_id, api_key_id, method, l.path, status || ' ' || code AS answer, ip,
        user_agent
      FROM call_log l JOIN json_each(?) AS asked ON asked.value = request_id ORDER BY asked.key`)
          .bind(ids)
          .all()
      ).results;
    await expect.poll(rows, { timeout: 20_000 }).toEqual(
      STRANGERS.map(([answer, method, path]) => ({
        account_id: "",
        member_id: null,
        api_key_id: null,
        method,
        path,
        answer,
        ip: "198.51.100.7",
        user_agent: "stranger",
      })),
    );
    expect(await listEventIds()).toEqual(before);
  });

  test("but a refusal of a known caller is in the chain of the account, and of no other", async () => {
    const other = await newAccount(fetchWithoutAddress, platform, "vendor");
    const member = await newMember(fetchWithoutAddress, owner, { roles: ["owner"] });
    const memberToken = await newToken(fetchWithoutAddress, member.apiKey);
    expectStatus(await owner.api.post(`/v1/members/${member.memberId}/block`), 200);
    const before = [await listEventIds(owner.accountId), await listEventIds(other.accountId)] as const;
    expect(statusOf(await send("/v1/me", as(memberToken)))).toBe("401 auth/blocked");
    expect((await listEventIds(owner.accountId)).length).toBe(before[0].length + 1);
    expect(await listEventIds(other.accountId)).toEqual(before[1]);
    expect(await lastEvent(owner.api)).toMatchObject({
      outcome: "denied",
      reason: "auth/blocked",
      actor: { memberId: member.memberId },
    });
  });

  test("an expired key is known, and its refusal too", async () => {
    const key = await newApiKey(
      fetchWithoutAddress,
      owner,
      (await newMember(fetchWithoutAddress, owner, { roles: ["owner"] })).memberId,
    );
    await updateKeyRow(await keyIdOf(key), { expires_at: Date.now() - 1 });
    expect(statusOf(await send("/v1/me", as(key)))).toBe(INVALID);
    expect(await lastEvent(owner.api)).toMatchObject({
      outcome: "denied",
      reason: "auth/invalid-credential",
    });
  });
});

describe("the id of a request", () => {
  test("is made here, in the answer and the trail; the caller's own is handed back, never used", async () => {
    const headers = { "x-request-id": "callers-own", "tollgate-request-id": "req_forged" };
    const [first, again] = [await send("/v1/me", { headers }), await send("/v1/me", { headers })];
    for (const { body, headers: answered } of [first, again]) {
      expect(body.requestId).toMatch(/^req_[0-9A-HJKMNP-TV-Z]{26}$/);
      expect([answered.get("tollgate-request-id"), body["instance"]]).toEqual([
        body.requestId,
        `urn:request:${body.requestId}`,
      ]);
      expect(answered.get("x-request-id")).toBe("callers-own");
    }
    expect(first.body.requestId).not.toBe(again.body.requestId);
    const made = expectStatus(await owner.api.post("/v1/products", { name: "x" }, { headers }), 201);
    expect(await lastEvent(owner.api)).toMatchObject({
      action: "product.create",
      requestId: made.headers.get("tollgate-request-id"),
    });
  });

  test.each(["a b", "x".repeat(129), "", "a\tb"])(
    "of the caller is not handed back when it is %j",
    async (id) => {
      const { headers } = await send("/v1/me", { headers: { "x-request-id": id } });
      expect(headers.get("x-request-id")).toBeNull();
    },
  );
});

describe("methods and paths", () => {
  const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
  const paths = Map.groupBy(
    servedEndpoints.map(({ operation }) => operation),
    ({ path }) => path,
  );
  const concrete = (path: string) => path.replaceAll(/:\w+/g, "x");

  test("a method that a path does not have answers 405 and names the path's own, everywhere", async () => {
    const wrong: unknown[] = [];
    for (const [path, operations] of paths) {
      const served = operations.map(({ method }) => method as string);
      for (const method of [...METHODS, ...(served.includes("GET") ? [] : ["HEAD"])].filter(
        (one) => !served.includes(one),
      )) {
        const { status, headers } = await send(concrete(path), { method, ...as(token) });
        const allow = new Set(headers.get("allow")?.split(", "));
        const expected = new Set([...served, ...(served.includes("GET") ? ["HEAD"] : [])]);
        if (status !== 405 || allow.symmetricDifference(expected).size > 0)
          wrong.push([method, path, status, [...allow]]);
      }
    }
    expect(paths.size).toBeGreaterThan(20);
    expect(wrong).toEqual([]);
  });

  test("405 is a problem like any other, for a stranger too", async () => {
    expect(comparableRefusal(await send("/v1/me", { method: "DELETE" }))).toEqual({
      status: 405,
      contentType: "application/problem+json",
      challenge: null,
      type: "/problems/method-not-allowed",
      code: "method-not-allowed",
      title: "The method does not exist here",
      detail: "Use one of the methods in the Allow header.",
    });
  });

  test("HEAD answers as GET does, without the body, and asks for the same credential", async () => {
    const [get, head] = [
      await send("/v1/me", as(token)),
      await send("/v1/me", { method: "HEAD", ...as(token) }),
    ];
    expect([head.status, head.body, head.headers.get("content-type")]).toEqual([
      200,
      undefined,
      get.headers.get("content-type"),
    ]);
    for (const init of [{}, as("garbage")])
      expect(await send("/v1/me", { method: "HEAD", ...init })).toMatchObject({
        status: 401,
        body: undefined,
      });
    expect((await send("/v1/me", { method: "HEAD" })).headers.get("www-authenticate")).toBe(
      'Bearer realm="tollgate"',
    );
  });

  const NOWHERE = [
    "/v1",
    "/v1/",
    "/v1/me/",
    "//v1/me",
    "/V1/ME",
    "/v1/me;x",
    "/v1/me%20",
    "/v1/%6De/x",
    "/v1/members/a/b/c",
    "/.env",
    "/v1/__proto__",
    "/problems/__proto__",
    "/problems/constructor",
    "/problems/auth/nothing",
    "/problems/%00",
    "/problems/%",
    "/problems/%E0%A4%A",
    "/%",
    "/%00",
    "/%ff",
    "/..%2f..%2fetc",
    `/${"x".repeat(8_000)}`,
  ];
  test.each(NOWHERE)("nothing is at %s, with or without a credential", async (path) => {
    for (const init of [{}, as(token), { method: "OPTIONS" }, { method: "POST", body: "{" }]) {
      const answer = await send(path, init);
      const expected =
        path.startsWith("/problems/") && "method" in init ? "405 method-not-allowed" : "404 not-found";
      expect(statusOf(answer)).toBe(expected);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
    }
  });

  const NOBODY = [
    "x",
    "mem_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "%00",
    "%",
    "%E0%A4%A",
    "%ff",
    "'%20OR%201=1--",
    "..%2fmembers",
    "%F0%9F%97%9D",
    "__proto__",
    "x".repeat(4_000),
    "%ED%A0%80",
  ];
  test.each(NOBODY)("no member, account, product or key has the id %s", async (id) => {
    const asks = [
      `GET /v1/members/${id}`,
      `POST /v1/members/${id}/block`,
      `GET /v1/members/${id}/api-keys`,
      `GET /v1/accounts/${id}`,
      `GET /v1/products/${id}`,
      `DELETE /v1/api-keys/${id}`,
    ].map((ask) => ask.split(" "));
    const answers = await Promise.all(
      asks.map(async ([method, path = ""]) =>
        statusOf(await send(path, { method: method ?? "", ...as(token) })),
      ),
    );
    expect(answers).toEqual(asks.map(() => "404 not-found"));
  });
});

describe("what a call is refused for is the same whether its caller is remembered or not", () => {
  const json = { "content-type": "application/json" };
  const BODIES: ReadonlyArray<
    readonly [answer: string, body: () => BodyInit | null, headers: Record<string, string>]
  > = [
    ["400 malformed", () => '{"name":', json],
    ["400 malformed", () => new Uint8Array([0x22, 0xff, 0x22]), json],
    ["413 too-large", () => JSON.stringify({ name: "x".repeat(BODY_LIMIT) }), json],
    ["413 too-large", () => new Blob([JSON.stringify({ name: "x".repeat(BODY_LIMIT) })]).stream(), json],
    ["415 media-type", () => '{"name":"x"}', { "content-type": "text/plain" }],
    ["422 validation", () => '{"name":"x","more":1}', json],
    ["422 validation", () => null, {}],
  ];
  test.each(BODIES)("%s", async (expected, body, headers) => {
    const key = await newApiKey(
      fetchWithoutAddress,
      owner,
      (await newMember(fetchWithoutAddress, owner, { roles: ["owner"] })).memberId,
    );
    const count = () => env.DB.prepare("SELECT count(*) AS n FROM resource").first<number>("n");
    const before = await count();
    const post = async () =>
      statusOf(
        await send("/v1/products", {
          method: "POST",
          body: body(),
          ...as(key, headers),
          duplex: "half",
        } as RequestInit),
      );
    expect([await post(), await post(), await post()]).toEqual([expected, expected, expected]);
    expect(await count()).toBe(before);
  });
});

describe("a cursor of hostile make", () => {
  const lists = servedEndpoints
    .map(({ operation }) => operation)
    .filter(({ method, query }) => method === "GET" && query !== undefined);
  const POSITIONS = [
    '"\\u0000"',
    '"\\ud800"',
    '"\' OR 1=1--"',
    '"%"',
    "[]",
    "{}",
    "null",
    "-1",
    "1e400",
    "9007199254740993",
    '{"__proto__":1}',
    '""',
    "{",
  ];
  let owners: Person[];
  let hook: string;
  let platformId: string;
  beforeAll(async () => {
    platformId = expectStatus(await platform.get<{ account: { id: string } }>("/v1/me"), 200).body.account.id;
    owners = [
      owner,
      ...(await Promise.all(
        ["team", "seller", "dealer", "agency"].map((kind) => newAccount(fetchWithoutAddress, platform, kind)),
      )),
    ];
    hook = expectStatus(
      await owner.api.post<{ id: string }>(
        "/v1/hooks",
        { name: "Shop", scheme: "standard", mapping: LEAVE_MAPPING },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body.id;
    // A dealer's manager has no aggregator licenses by role.
    await env.DB.prepare(
      "UPDATE member SET rights = '[\"aggregator_license.view\"]', version = version + 1 WHERE id = ?",
    )
      .bind(owners[3]?.memberId ?? "")
      .run();
  });
  const OTHER_LIST = "must be a nextCursor of this list, with the same filters";
  /** Lists without pages, and the one that goes on after an event, know no cursor. */
  const NO_CURSOR = "is not known here";
  /**
   * The answer and the first fault. Asked by the platform for its own, else by the first owner whose model
   * knows the right.
   */
  async function asked(
    template: string,
    cursor: (accountId: string, path: string) => string,
  ): Promise<readonly string[]> {
    const isPlatforms = template.startsWith("/v1/accounts");
    const callers = isPlatforms
      ? [{ ...owner, api: platform, actsOn: platformId }]
      : owners.map((who) => ({ ...who, actsOn: who.accountId }));
    for (const { api: who, accountId, memberId, actsOn } of callers) {
      const named = isPlatforms ? template.replace("/:id", `/${accountId}`) : template;
      const path = named
        .replace("/:name", "/usage")
        .replace("/hooks/:id", `/hooks/${hook}`)
        .replaceAll(/:\w+/g, memberId);
      const answer = await who.get<Problem>(`${path}?cursor=${cursor(actsOn, path)}`);
      if (answer.status !== 403) return [template, statusOf(answer), answer.body.errors?.[0]?.detail ?? ""];
    }
    return [template, "403", ""];
  }
  test.each(POSITIONS)("%s is a fault of the query or the end of a list, in every list", async (position) => {
    const answers = await Promise.all(
      lists.map(({ path }) => asked(path, (...list) => forgeCursor(position, ...list))),
    );
    expect(lists.length).toBeGreaterThan(25);
    expect(
      answers.filter(
        ([, answer, fault]) => !/^(200|422 validation)$/.test(answer ?? "") || fault === OTHER_LIST,
      ),
    ).toEqual([]);
  });
  test("K16 a cursor that names no list is a fault of the query, in every list", async () => {
    const answers = await Promise.all(
      lists.map(({ path }) => asked(path, () => encodeCursor(`"${owner.accountId}"`))),
    );
    expect(answers.filter(([, answer]) => answer !== "422 validation")).toEqual([]);
    expect(new Set(answers.map(([, , fault]) => fault))).toEqual(new Set([OTHER_LIST, NO_CURSOR]));
  });
});

test("answers are not cached on the way, but for the published keys, and say their type", async () => {
  const product = await newProduct(owner.api);
  const asks = [
    ["/v1/me", as(token)],
    [`/v1/products/${product}`, as(token)],
    ["/v1/me", {}],
    ["/nothing", {}],
    ["/problems", {}],
  ] as const;
  for (const [path, init] of asks) {
    const answer = await send(path, init);
    expect([answer.headers.get("cache-control"), answer.headers.get("x-content-type-options")]).toEqual([
      "no-store",
      "nosniff",
    ]);
  }
  expect((await send("/.well-known/jwks.json")).headers.get("cache-control")).toBe("public, max-age=300");
});

test("the API's document is public, names this gate, and holds the whole surface", async () => {
  const { status, body } = await toReply<{ openapi: string; servers: unknown; paths: object }>(
    await fetchWithoutAddress("/openapi.json"),
  );
  expect([status, body.openapi, body.servers]).toEqual([200, "3.1.0", [{ url: env.ISSUER }]]);
  // Parameters that all methods of a path have stand beside its methods.
  const methods = Object.values(body.paths).flatMap((path: object) =>
    Object.keys(path).filter((key) => key !== "parameters"),
  );
  expect(methods).toHaveLength(servedEndpoints.length);
});

test("every problem leads to its own page, and the list holds them all", async () => {
  const { body } = await toReply<{ data: { code: string; status: number }[] }>(
    await fetchWithoutAddress("/problems"),
  );
  for (const { code, ...row } of body.data)
    expect(expectStatus(await toReply(await fetchWithoutAddress(`/problems/${code}`)), 200).body).toEqual({
      code,
      ...row,
    });
});

test("S0.1, S0.2: without the plan an operator is refused with a contact, but for own data", async () => {
  const operator = await newMember(fetchWithoutAddress, owner, {
    roles: ["operator"],
    grants: [{ resourceType: "product", access: "view" }],
  });
  const operatorToken = await newToken(fetchWithoutAddress, operator.apiKey);
  const plan = (restrictedAccounts: boolean) =>
    platform.put(`/v1/accounts/${owner.accountId}/plan`, {
      restrictedAccounts,
      contactUrl: "mailto:sales@vendor.example",
    });
  const list = async (credential: string) => statusOf(await send("/v1/products", as(credential)));
  expect([await list(operator.apiKey), await list(operatorToken)]).toEqual(["200", "200"]);
  expectStatus(await plan(false), 200);
  expect([await list(operator.apiKey), await list(operatorToken), await list(owner.apiKey)]).toEqual([
    "402 plan/feature-required",
    "402 plan/feature-required",
    "200",
  ]);
  expect((await send("/v1/products", as(operatorToken))).body).toMatchObject({
    feature: "restrictedAccounts",
    contact: "mailto:sales@vendor.example",
  });
  expect(statusOf(await send("/v1/me", as(operatorToken)))).toBe("200");
  expectStatus(await plan(true), 200);
  expect([await list(operator.apiKey), await list(operatorToken)]).toEqual(["200", "200"]);
});
