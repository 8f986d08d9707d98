import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { platformSql } from "../../../src/commands/platform.ts";
import {
  type Api,
  api,
  type Fetch,
  newIdempotencyKey,
  expectStatus,
  type Problem,
} from "../../harness/client.ts";
import {
  giveCredits,
  newAccount,
  newMember,
  type Person,
  activateSubscription,
} from "../../harness/people.ts";
import { deliverMessages, stagedMessage } from "./audit-fixture.ts";

interface Row {
  readonly id: string;
  readonly seq: number;
  readonly at: string;
  readonly actor: { readonly memberId: string | null; readonly email: string | null };
  readonly action: string;
  readonly resource: { readonly type: string; readonly id: string | null };
  readonly outcome: string;
  readonly reason: string | null;
  readonly cost: number | null;
  readonly requestId: string;
  readonly ip: string | null;
  readonly changes: unknown;
}
interface List {
  readonly data: Row[];
  readonly nextCursor: string | null;
}

const IP = "203.0.113.7";
const fetch: Fetch = (path, init) => {
  const headers = new Headers(init?.headers);
  if (!headers.has("cf-connecting-ip")) headers.set("cf-connecting-ip", IP);
  return (exports as unknown as { default: Fetcher }).default.fetch(`http://127.0.0.1:8787${path}`, {
    ...init,
    headers,
  } as never) as unknown as Promise<Response>;
};

let platform: Api;
let owner: Person;
let operator: Person;
let admin: Person;
let member: Person;
let viewer: Person;

const rows = async (who: Person, path: string) => expectStatus(await who.api.get<List>(path), 200).body;
const names = (list: List) => list.data.map((row) => `${row.action} ${row.outcome}`);

/** Every page of a list, as a caller walks it. */
async function walk(who: Person, path: string, cursor: string): Promise<Row[]> {
  const found: Row[] = [];
  for (let page = await rows(who, path); ; page = await rows(who, `${path}&${cursor}=${page.nextCursor}`)) {
    found.push(...page.data);
    if (page.nextCursor === null) return found;
  }
}

beforeAll(async () => {
  const { sql, apiKey } = platformSql({
    email: "platform@example.com",
    name: "Platform",
    firstName: "Pia",
    lastName: "Platt",
    now: Date.now(),
  });
  for (const statement of sql) await env.DB.prepare(statement).run();
  platform = api(fetch, apiKey);
  owner = await newAccount(fetch, platform, "vendor");
  admin = await newAccount(fetch, platform, "team");
  for (const { accountId } of [owner, admin]) await activateSubscription(platform, accountId);
  await giveCredits(platform, admin.accountId, 1_000);
  operator = await newMember(fetch, owner, { roles: ["operator"] });
  member = await newMember(fetch, admin, { roles: ["member"] });
  viewer = await newMember(fetch, admin, { roles: ["viewer"] });
});

describe("S0.5 the object log", () => {
  const create = async (name: string) =>
    operator.api.post<{ id: string }>("/v1/products", { name }, { idempotencyKey: newIdempotencyKey() });
  const grant = (access: string) =>
    owner.api.put(
      `/v1/members/${operator.memberId}/grants`,
      { grants: [{ resourceType: "product", access }] },
      { ifMatch: "*" },
    );

  test("each operation of an operator is one row with its actor, refusals and grants included", async () => {
    expectStatus(await grant("owner"), 200);
    const { id } = expectStatus(await create("Editor"), 201).body;
    expectStatus(await operator.api.patch(`/v1/products/${id}`, { name: "Editor 2" }, { ifMatch: "*" }), 200);
    expectStatus(await operator.api.del(`/v1/products/${id}`, { ifMatch: "*" }), 204);
    expectStatus(
      await operator.api.post("/v1/customers", { name: "Acme" }, { idempotencyKey: newIdempotencyKey() }),
      403,
    );
    expectStatus(await operator.api.get("/v1/customers"), 403);
    await deliverMessages([stagedMessage(owner.accountId), stagedMessage(owner.accountId)]);
    const log = await rows(owner, "/v1/object-log?limit=100");
    expect(log.data.map((row) => [row.action, row.outcome, row.actor.memberId])).toEqual([
      ["customer.create", "denied", operator.memberId],
      ["product.delete", "success", operator.memberId],
      ["product.edit", "success", operator.memberId],
      ["product.create", "success", operator.memberId],
      ["grant.edit", "success", owner.memberId],
    ]);
    expect(log.data.slice(1, 4).map((row) => row.resource)).toEqual(Array(3).fill({ type: "product", id }));
    expect(log.data[2]).toMatchObject({
      ip: IP,
      changes: { before: { name: "Editor" }, after: { name: "Editor 2" } },
    });
  });

  test("10 rows by default, 100 at most, and startingAfter goes on from a row", async () => {
    for (let index = 0; index < 12; index += 1) expectStatus(await create(`Product ${index}`), 201);
    expect((await rows(owner, "/v1/object-log")).data.length).toBe(10);
    const all = await rows(owner, "/v1/object-log?limit=100");
    const paged = await walk(owner, "/v1/object-log?limit=5", "startingAfter");
    expect(paged.map((row) => row.id)).toEqual(all.data.map((row) => row.id));
    expect(new Set(paged.map((row) => row.id)).size).toBe(paged.length);
  });

  test("it is the owner's to read, and no account sees another's", async () => {
    expect((await operator.api.get<Problem>("/v1/object-log")).body.code).toBe("access/denied");
    const [place] = (await rows(owner, "/v1/object-log")).data;
    const foreign = await admin.api.get<Problem>(`/v1/object-log?startingAfter=${place?.id}`);
    expect([foreign.status, foreign.body.errors?.[0]?.parameter]).toEqual([422, "startingAfter"]);
    expect((await rows(admin, "/v1/object-log?limit=100")).data).toEqual([]);
  });
});

describe("S1.16 and S1.38 the audit log", () => {
  test("an admin sees everybody's rows, a member the own ones, a viewer none", async () => {
    expectStatus(
      await member.api.post("/v1/credits/spend", { amount: 5 }, { idempotencyKey: newIdempotencyKey() }),
      201,
    );
    expectStatus(await member.api.get("/v1/members"), 403);
    expectStatus(
      await viewer.api.post("/v1/credits/spend", { amount: 5 }, { idempotencyKey: newIdempotencyKey() }),
      403,
    );
    const actors = (list: List) => new Set(list.data.map((row) => row.actor.memberId));
    const all = await rows(admin, "/v1/audit?limit=100");
    for (const { memberId } of [admin, member, viewer]) expect(actors(all)).toContain(memberId);
    const own = await rows(member, "/v1/audit?limit=100");
    expect([...actors(own)]).toEqual([member.memberId]);
    expect(own.data).toEqual(all.data.filter((row) => row.actor.memberId === member.memberId));
    expect(names(own).slice(0, 2)).toEqual(["member.view denied", "credits.spend success"]);
    expect(own.data[1]).toMatchObject({
      cost: 5,
      actor: { email: expect.stringContaining("@example.com") as string },
    });
    expect((await viewer.api.get<Problem>("/v1/audit")).status).toBe(403);
    expect((await member.api.get<Problem>("/v1/audit/verify")).status).toBe(403);
  });

  test("filters: action, all actions of a type, actor, resource, outcome, time, request", async () => {
    const all = (await rows(admin, "/v1/audit?limit=100")).data;
    const spent = all.find((row) => row.action === "credits.spend" && row.outcome === "success") as Row;
    const cases: [string, (row: Row) => boolean][] = [
      ["action=credits.spend", (row) => row.action === "credits.spend"],
      ["action=member.*", (row) => row.action.startsWith("member.")],
      [`actor=${member.memberId}`, (row) => row.actor.memberId === member.memberId],
      ["resourceType=member", (row) => row.resource.type === "member"],
      [
        `resourceType=credits&resourceId=${spent.resource.id}`,
        (row) => row.resource.id === spent.resource.id,
      ],
      ["outcome=denied", (row) => row.outcome === "denied"],
      [`from=${spent.at}`, (row) => row.at >= spent.at],
      [`to=${spent.at}`, (row) => row.at <= spent.at],
      [`requestId=${spent.requestId}`, (row) => row.requestId === spent.requestId],
      [
        `actor=${viewer.memberId}&action=member.*`,
        (row) => row.actor.memberId === viewer.memberId && row.action.startsWith("member."),
      ],
    ];
    for (const [query, matches] of cases) {
      const expected = all.filter(matches).map((row) => row.id);
      expect(
        (await rows(admin, `/v1/audit?limit=100&${query}`)).data.map((row) => row.id),
        query,
      ).toEqual(expected);
      if (!query.includes("&action")) expect(expected.length, query).toBeGreaterThan(0);
    }
    expect((await walk(admin, "/v1/audit?limit=2", "cursor")).map((row) => row.id)).toEqual(
      all.map((row) => row.id),
    );
  });

  test("K8 audit.view alone shows no login, e-mail or address of members whom one may not see", async () => {
    const reader = await newMember(fetch, owner, { roles: ["operator"], rights: ["audit.view"] });
    const invited = expectStatus(
      await owner.api.post<{ member: { id: string } }>(
        "/v1/invitations",
        { email: "ivy@example.com", firstName: "Ivy", lastName: "Ivory", roles: ["operator"] },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body;
    expectStatus(await operator.api.post("/v1/auth/token"), 200);
    const all = (await rows(owner, "/v1/audit?limit=100")).data;
    expect(JSON.stringify(all)).toMatch(/ivy@example\.com/);
    expect(all.map(({ action }) => action)).toContain("invitation.send");
    const seen = (await rows(reader, "/v1/audit?limit=100")).data;
    expect(seen.map(({ action }) => action.split(".")[0])).not.toContain("invitation");
    expect(seen.some(({ actor }) => actor.memberId === operator.memberId)).toBe(true);
    for (const { actor, ip } of seen.filter((row) => row.actor.memberId !== reader.memberId))
      expect([actor.email, ip]).toEqual([null, null]);
    for (const row of seen.filter(({ actor }) => actor.memberId === reader.memberId)) expect(row.ip).toBe(IP);
    expect(JSON.stringify(seen)).not.toMatch(
      new RegExp(`ivy@|Ivory|${all.find(({ actor }) => actor.memberId === owner.memberId)?.actor.email}`),
    );
    expect(invited.member.id).toMatch(/^mem_/);
  });

  test("it verifies from the first row to the object's head; an edited row is named", async () => {
    const good = expectStatus(await admin.api.get("/v1/audit/verify"), 200).body;
    expect(good).toMatchObject({
      ok: true,
      complete: true,
      unwitnessed: 0,
      firstFault: null,
      nextCursor: null,
    });
    expect(good["head"]).toEqual(good["witness"]);
    await env.DB.prepare(
      "UPDATE audit_event SET body = replace(body, 'success', 'denied') WHERE account_id = ? AND seq = 2",
    )
      .bind(admin.accountId)
      .run();
    expect((await admin.api.get("/v1/audit/verify")).body).toMatchObject({
      ok: false,
      length: 1,
      firstFault: { seq: 2, fault: "altered" },
    });
    await env.DB.prepare(
      "UPDATE audit_event SET personal = '[1]', body = '{' WHERE account_id = ? AND seq = 2",
    )
      .bind(admin.accountId)
      .run();
    expectStatus(await admin.api.get("/v1/audit?limit=100"), 200);
  });

  test("a caller who is refused outside any account leaves no row in a chain", async () => {
    const size = async () =>
      env.DB.prepare(
        "SELECT (SELECT count(*) FROM audit_event) + (SELECT count(*) FROM audit_outbox) AS n",
      ).first<number>("n");
    await deliverMessages([stagedMessage(owner.accountId), stagedMessage(admin.accountId)]);
    const before = await size();
    for (const credential of [null, "garbage", `tg_${"a".repeat(40)}`, "eyJhbGciOiJub25lIn0.e30."])
      expect((await api(fetch, credential).get("/v1/audit")).status).toBe(401);
    expect(await size()).toBe(before);
  });

  test.each([
    ["limit=0", "limit"],
    ["limit=101", "limit"],
    ["limit=x", "limit"],
    ["cursor=!", "cursor"],
    ["cursor=abc", "cursor"],
    ["cursor=LTE", "cursor"],
    ["actor=me", "actor"],
    ["action=%25", "action"],
    ["action=*", "action"],
    ["from=yesterday", "from"],
    ["to=2026-13-01T00:00:00Z", "to"],
    ["from=2026-13-01", "from"],
    ["outcome=good", "outcome"],
    ["resourceType=Product", "resourceType"],
    ["resourceId=%27", "resourceId"],
    ["requestId=%00", "requestId"],
    ["unknown=1", "unknown"],
  ])("a query of %s is refused", async (query, parameter) => {
    const { status, body } = await admin.api.get<Problem>(`/v1/audit?${query}`);
    expect([status, body.code, body.errors?.[0]?.parameter]).toEqual([422, "validation", parameter]);
  });

  test.each([
    "/v1/object-log?startingAfter=evt_1",
    "/v1/object-log?limit=1000",
    "/v1/calls?cursor=MQ",
    "/v1/audit/verify?cursor=e30",
    "/v1/calls?from=1",
  ])("%s is refused", async (path) => {
    expect((await admin.api.get<Problem>(path)).status).toBe(422);
  });
});

test("the call log tells an account its own calls, refused ones too; a member sees the own", async () => {
  const calls = async (who: Person) =>
    expectStatus(
      await who.api.get<{ data: { memberId: string; status: number; path: string }[] }>(
        "/v1/calls?limit=100",
      ),
      200,
    ).body.data;
  await expect
    .poll(async () => (await calls(member)).filter((row) => row.status === 403).length, { timeout: 20_000 })
    .toBeGreaterThan(0);
  expect(new Set((await calls(member)).map((row) => row.memberId))).toEqual(new Set([member.memberId]));
  expect(new Set((await calls(admin)).map((row) => row.memberId)).size).toBeGreaterThan(1);
  // K8: by member, method, path and all below it, status or its class, and period.
  interface Call {
    readonly memberId: string;
    readonly status: number;
    readonly path: string;
    readonly method: string;
    readonly at: string;
  }
  const narrowed = async (query: string) =>
    expectStatus(
      await admin.api.get<{ data: Call[] }>(`/v1/calls?limit=100&to=2100-01-01T00:00:00Z${query}`),
      200,
    ).body.data;
  const [newest] = await narrowed("&path=/v1/members");
  for (const [query, matches] of [
    [`&member=${member.memberId}`, ({ memberId }) => memberId === member.memberId],
    ["&status=403", ({ status }) => status === 403],
    ["&status=4xx", ({ status }) => status >= 400 && status < 500],
    ["&path=/v1/credits", ({ path }) => /^\/v1\/credits(\/|$)/.test(path)],
    ["&method=POST", ({ method }) => method === "POST"],
    [
      `&path=/v1/members&from=${newest?.at}`,
      ({ at, path }) => path.startsWith("/v1/members") && at >= (newest?.at ?? ""),
    ],
  ] as const satisfies ReadonlyArray<readonly [string, (row: Call) => boolean]>) {
    const found = await narrowed(query);
    expect(found.length, query).toBeGreaterThan(0);
    expect(found.every(matches), query).toBe(true);
  }
  expect(await narrowed("&from=2099-01-01T00:00:00Z")).toEqual([]);
  for (const query of ["status=9xx", "status=40", "path=members", "member=me", "method=FETCH"])
    expect((await admin.api.get(`/v1/calls?${query}`)).status, query).toBe(422);
});

test("K16 X-Request-Id is kept in the call log, and the log is filtered by it", async () => {
  type Calls = { data: { callerRequestId: string | null; path: string; memberId: string }[] };
  const logged = async (who: Person, id: string) =>
    expectStatus(await who.api.get<Calls>(`/v1/calls?callerRequestId=${encodeURIComponent(id)}`), 200).body
      .data;
  const [mine, kept] = [`trace/${crypto.randomUUID()}?&=+%`, { path: "/v1/me", memberId: member.memberId }];
  for (const id of [mine, mine, "two words", "x".repeat(129)])
    await member.api.get("/v1/me", { headers: { "x-request-id": id } });
  await expect.poll(async () => (await logged(member, mine)).length, { timeout: 20_000 }).toBe(2);
  expect(await logged(admin, mine)).toEqual(
    [1, 2].map(() => expect.objectContaining({ ...kept, callerRequestId: mine })),
  );
  expectStatus(await admin.api.get("/v1/me", { headers: { "x-request-id": `${mine}.` } }), 200);
  await expect.poll(async () => (await logged(admin, `${mine}.`)).length, { timeout: 20_000 }).toBe(1);
  expect(await logged(member, `${mine}.`)).toEqual([]);
  const all = expectStatus(await admin.api.get<Calls>("/v1/calls?limit=100"), 200).body.data.map(
    ({ callerRequestId }) => callerRequestId,
  );
  expect(new Set(all)).toEqual(new Set([null, mine, `${mine}.`]));
  expect((await admin.api.get("/v1/calls?callerRequestId=two%20words")).status).toBe(422);
});
