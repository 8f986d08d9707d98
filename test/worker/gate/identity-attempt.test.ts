import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Call, endpoint } from "../../../src/gate/calls/call.ts";
import { handleRequest } from "../../../src/gate/pipeline/gate.ts";
import { GateRequest } from "../../../src/gate/calls/gate-request.ts";
import { legacyFingerprint } from "../../../src/kernel/http/idempotency.ts";
import type { Answer, Operation } from "../../../src/kernel/http/operation.ts";
import { Problem } from "../../../src/kernel/http/problem.ts";
import { TYPE_TABLE } from "../../../src/resources/registry.ts";
import { api, newIdempotencyKey, expectStatus, type Problem as Refusal } from "../../harness/client.ts";
import { newAccount, newMember, type Person } from "../../harness/people.ts";
import { fetchWithoutAddress, createPlatform, ORIGIN, statusOf } from "../access/operators-fixture.ts";
import { listEventIds } from "./identity-fixture.ts";

let platform: Awaited<ReturnType<typeof createPlatform>>;
let owner: Person;
beforeAll(async () => {
  platform = await createPlatform(fetchWithoutAddress);
  owner = await newAccount(fetchWithoutAddress, platform, "vendor");
  expectStatus(
    await platform.put(`/v1/accounts/${owner.accountId}/plan`, {
      restrictedAccounts: true,
      memberLimit: null,
      contactUrl: null,
    }),
    200,
  );
});

describe("an attempt that rests on what is remembered", () => {
  const operation: Operation = {
    method: "GET",
    path: "/x",
    operationId: "getThing",
    tag: "x",
    summary: "X.",
    right: "self",
    status: 200,
  };
  /** A call of the gate itself with a handler of our own. */
  function run(credential: string, handle: (call: Call) => Promise<Answer>): Promise<Answer> {
    const request = new Request(`${ORIGIN}/x`, { headers: { authorization: `Bearer ${credential}` } });
    const origin = { requestId: "req_1", ip: null, userAgent: null };
    const asked = new GateRequest({ request, env, operation, origin, params: {}, defer: () => undefined });
    return handleRequest(asked, endpoint(operation, handle), TYPE_TABLE, { principal: null });
  }
  const bump = (memberId: string) =>
    env.DB.prepare("UPDATE member SET version = version + 1 WHERE id = ?").bind(memberId).run();
  const warm = async (): Promise<Person> => {
    const member = await newMember(fetchWithoutAddress, owner, { roles: ["owner"] });
    expectStatus(await member.api.get("/v1/me"), 200);
    return member;
  };

  test("S1.7 K14 is repeated with fresh rights while its stamp is stale, up to a bound", async () => {
    const member = await warm();
    const versions: number[] = [];
    const always = run(member.apiKey, async (call) => {
      versions.push(call.principal.stamp.memberVersion);
      await bump(member.memberId);
      await call.read();
      return { status: 200 };
    });
    await expect(always).rejects.toMatchObject({ code: "stale", extra: { headers: { "Retry-After": "1" } } });
    expect(versions.map((version) => version - (versions[0] ?? 0))).toEqual(
      Array.from({ length: 20 }, (_, run) => run),
    );
  });

  test("S1.7: does not refuse, and does not answer, before D1 has said that its stamp holds", async () => {
    const member = await warm();
    const runs: string[] = [];
    await bump(member.memberId);
    expect(await run(member.apiKey, async () => ({ status: runs.push("answered") }))).toEqual({ status: 2 });
    await bump(member.memberId);
    await expect(
      run(member.apiKey, async () => {
        runs.push("refused");
        throw new Problem("not-found");
      }),
    ).rejects.toMatchObject({ code: "not-found" });
    expect(runs).toEqual(["answered", "answered", "refused", "refused"]);
  });

  test("S1.7: writes nothing when its stamp no longer holds", async () => {
    const member = await warm();
    await bump(member.memberId);
    const rows = () => env.DB.prepare("SELECT count(*) AS n FROM resource").first<number>("n");
    const before = (await rows()) ?? 0;
    expectStatus(await member.api.post("/v1/products", { name: "once" }), 201);
    expect(await rows()).toBe(before + 1);
  });
});

describe("a body", () => {
  const send = (method: string, path: string, body: string, headers: Record<string, string> = {}) =>
    fetchWithoutAddress(path, {
      method,
      body,
      headers: { authorization: `Bearer ${owner.apiKey}`, "content-type": "application/json", ...headers },
    });
  const faults = async (answer: Response) => {
    const { code, errors = [] } = await answer.json<Refusal>();
    return [
      answer.status,
      code,
      ...errors.map(({ pointer, parameter, header }) => pointer ?? parameter ?? header),
    ];
  };

  test("K15 whose members come in another order is the same command under one key", async () => {
    const [first, second] = [
      '{"name":"Order","description":"x"}',
      '{"description":"x","name":"Order"}',
    ] as const;
    const headers = { "idempotency-key": newIdempotencyKey() };
    const [one, two] = [
      await send("POST", "/v1/products", first, headers),
      await send("POST", "/v1/products", second, headers),
    ];
    expect([one.status, two.status, two.headers.get("idempotency-replayed")]).toEqual([201, 201, "true"]);
    expect(await two.json()).toEqual(await one.json());
    const other = await send("POST", "/v1/products", '{"name":"Order","description":"y"}', headers);
    expect(await faults(other)).toEqual([422, "idempotency/mismatch"]);
  });

  test("K15 a key that was remembered by the order in which members came still answers", async () => {
    const [body, headers] = ['{"name":"Old","description":"x"}', { "idempotency-key": newIdempotencyKey() }];
    expect((await send("POST", "/v1/products", body, headers)).status).toBe(201);
    const before = legacyFingerprint("POST", "/v1/products", JSON.parse(body));
    await env.DB.prepare("UPDATE idempotency SET fingerprint = ? WHERE key = ?")
      .bind(before, headers["idempotency-key"])
      .run();
    const again = await send("POST", "/v1/products", body, headers);
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
  });

  test.each([
    ["POST", "/v1/products", '{"name":"a","name":"b"}', "/name"],
    ["POST", "/v1/products", '{"name":"a","__proto__":{"x":1}}', "/__proto__"],
    [
      "POST",
      "/v1/invitations/bulk",
      '{"invitations":[{"email":"a@example.com","__proto__":{}}]}',
      "/invitations/0/__proto__",
    ],
    ["PATCH", "/v1/members/self", '{"rights":[],"rights":["product.edit"]}', "/rights"],
    ["POST", "/v1/auth/codes", '{"email":"a@example.com","email":"b@example.com"}', "/email"],
    ["POST", "/v1/auth/token", '{"scope":"all"}', "/scope"],
    ["POST", "/v1/members/self/block", '{"reason":"x"}', "/reason"],
    ["DELETE", "/v1/products/prd", "[]", ""],
  ])("K16 %s %s %s is 422 and names %j", async (method, path, body, pointer) => {
    const other = (await newMember(fetchWithoutAddress, owner, { roles: ["owner"] })).memberId;
    const product = expectStatus(await owner.api.post<{ id: string }>("/v1/products", { name: "p" }), 201)
      .body.id;
    const before = await listEventIds(owner.accountId);
    const [key, ifMatch] = [{ "idempotency-key": newIdempotencyKey() }, { "if-match": "*" }];
    const answer = await send(method, path.replace("self", other).replace("prd", product), body, {
      ...key,
      ...ifMatch,
    });
    expect(await faults(answer)).toEqual([422, "validation", pointer]);
    expect(await listEventIds(owner.accountId)).toEqual(before);
  });

  test("K16 an empty object on a route that takes none says nothing, and is taken", async () => {
    expect((await send("POST", "/v1/auth/token", "{}")).status).toBe(200);
  });

  test("K16 queries are told by parameter, bodies by pointer, headers by header", async () => {
    const errors = async (method: string, path: string, body?: string, headers = {}) =>
      (
        await (
          await fetchWithoutAddress(path, {
            method,
            headers: {
              authorization: `Bearer ${owner.apiKey}`,
              "content-type": "application/json",
              ...headers,
            },
            ...(body === undefined ? {} : { body }),
          })
        ).json<Refusal>()
      ).errors?.map(({ detail: _, ...place }) => place);
    expect(await errors("GET", "/v1/products?limit=0")).toEqual([{ parameter: "limit" }]);
    expect(await errors("GET", "/v1/me?nonsense=1")).toEqual([{ parameter: "nonsense" }]);
    expect(await errors("GET", "/v1/products?limit=1&limit=2")).toEqual([{ parameter: "limit" }]);
    expect(await errors("POST", "/v1/products", '{"name":1}')).toEqual([{ pointer: "/name" }]);
  });
});

describe("what was read before", () => {
  const product = async (name: string) =>
    expectStatus(await owner.api.post<{ id: string }>("/v1/products", { name }), 201).body.id;
  const page = async (path: string) =>
    expectStatus(await owner.api.get<{ nextCursor: string | null }>(path), 200).body.nextCursor ?? "";

  test("K16 a cursor goes on in its own list only: route, filters and account", async () => {
    const ids = [await product("a"), await product("b")];
    for (const name of ["a", "b"]) expectStatus(await owner.api.post("/v1/customers", { name }), 201);
    const cursor = await page("/v1/products?limit=1");
    expect(statusOf(await owner.api.get(`/v1/products?limit=5&cursor=${cursor}`))).toBe("200");
    const other = await newAccount(fetchWithoutAddress, platform, "vendor");
    const refused = await Promise.all([
      owner.api.get<Refusal>(`/v1/customers?cursor=${cursor}`),
      owner.api.get<Refusal>(`/v1/products?status=active&cursor=${cursor}`),
      other.api.get<Refusal>(`/v1/products?cursor=${cursor}`),
      owner.api.get<Refusal>(`/v1/audit?cursor=${await page("/v1/calls?limit=1")}`),
      owner.api.get<Refusal>(`/v1/products?cursor=${cursor.slice(0, -16)}`),
      owner.api.get<Refusal>(`/v1/products?cursor=${cursor.slice(-16)}x`),
    ]);
    expect(refused.map(({ status, body }) => [status, body.errors?.[0]?.parameter])).toEqual(
      refused.map(() => [422, "cursor"]),
    );
    expect(ids).toHaveLength(2);
  });

  test("K16 If-None-Match is 304 while the card shows the same, not by its version alone", async () => {
    const path = `/v1/products/${await product("c")}`;
    const tag = expectStatus(await owner.api.get(path), 200).headers.get("etag") ?? "";
    const ask = (ifNoneMatch: string) => owner.api.get(path, { headers: { "if-none-match": ifNoneMatch } });
    const same = await ask(tag);
    expect([same.status, same.body, same.headers.get("etag")]).toEqual([304, undefined, tag]);
    expect(
      await Promise.all(
        [`W/${tag}`, `"x", ${tag}`, "*", '"1"', '"x"'].map(async (other) => (await ask(other)).status),
      ),
    ).toEqual([304, 304, 304, 200, 200]);
    expectStatus(await owner.api.patch(path, { name: "d" }, { ifMatch: tag }), 200);
    expect((await ask(tag)).status).toBe(200);
    expect((await owner.api.patch(path, { name: "e" }, { ifMatch: tag })).status).toBe(412);
    expect(
      (await api(fetchWithoutAddress, null).get(path, { headers: { "if-none-match": "*" } })).status,
    ).toBe(401);
  });

  test("K16 a change of nothing makes no version and no row, and asks for rights and If-Match", async () => {
    const { memberId } = await newMember(fetchWithoutAddress, owner, { roles: ["owner"], firstName: "Mia" });
    const role = { name: newIdempotencyKey(), rights: ["product.view"] };
    const made = async (path: string, body: object) => {
      const answer = await owner.api.post<{ id: string }>(path, body, {
        idempotencyKey: newIdempotencyKey(),
      });
      return `${path}/${expectStatus(answer, 201).body.id}`;
    };
    const cards: [path: string, patch: object][] = [
      [await made("/v1/products", { name: "same" }), { name: "same" }],
      [`/v1/members/${memberId}`, { firstName: "Mia", roles: ["owner"] }],
      [`/v1/accounts/${owner.accountId}`, { settings: { locale: "en" } }],
      [await made("/v1/roles", role), role],
    ];
    for (const [path, patch] of cards) {
      const [{ body, headers }, before] = [
        expectStatus(await owner.api.get(path), 200),
        await listEventIds(owner.accountId),
      ];
      const same = expectStatus(
        await owner.api.patch<{ version: number }>(path, patch, { ifMatch: headers.get("etag") ?? "" }),
        200,
      );
      expect([path, same.body.version, same.headers.get("etag")]).toEqual([
        path,
        body["version"],
        `"${same.body.version}"`,
      ]);
      expect(await listEventIds(owner.accountId)).toEqual(before);
      expect([
        statusOf(await owner.api.patch(path, patch)),
        statusOf(await owner.api.patch(path, patch, { ifMatch: '"99"' })),
      ]).toEqual(["428 precondition-required", "412 precondition-failed"]);
    }
    const plan = expectStatus(
      await owner.api.get<{ plan: object; version: number }>(`/v1/accounts/${owner.accountId}`),
      200,
    ).body;
    expect(
      expectStatus(
        await platform.put<{ version: number }>(`/v1/accounts/${owner.accountId}/plan`, plan.plan),
        200,
      ).body.version,
    ).toBe(plan.version);
    const { version } = expectStatus(
      await owner.api.get<{ version: number }>(`/v1/members/${memberId}`),
      200,
    ).body;
    expect(
      expectStatus(
        await owner.api.put<{ version: number }>(`/v1/members/${memberId}/grants`, { grants: [] }),
        200,
      ).body.version,
    ).toBe(version);
  });
});
