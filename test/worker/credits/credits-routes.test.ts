import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { newIdempotencyKey, expectStatus, type Problem, type Reply } from "../../harness/client.ts";
import { type Caller, insertAccount, insertMember } from "./credits-fixture.ts";

let platform: Caller;
let admin: Caller;
let mia: Caller;

beforeAll(async () => {
  platform = await insertAccount("platform", "owner");
});
beforeEach(async () => {
  admin = await insertAccount("team", "admin");
  mia = await insertMember(admin.accountId, "member", { creditLimit: 50 });
});

type Body = Record<string, unknown> & Problem;

const give = (body: object, key = newIdempotencyKey(), accountId = admin.accountId): Promise<Reply<Body>> =>
  platform.api.post(`/v1/accounts/${accountId}/credits`, body, { idempotencyKey: key });
const spend = (caller: Caller, body: object, key = newIdempotencyKey()): Promise<Reply<Body>> =>
  caller.api.post("/v1/credits/spend", body, { idempotencyKey: key });
const summary = async (caller: Caller) => expectStatus(await caller.api.get("/v1/credits"), 200).body;
/** Without what names the single call. */
const lasting = ({ requestId: _, instance: __, ...body }: Body) => body;

describe("a spend over HTTP", () => {
  test("S4.22 the account pays, the member sees their own numbers only, always with the period", async () => {
    await give({ kind: "top_up", amount: 100 });
    const { status, body } = await spend(mia, { amount: 20, description: " a theme " });
    expect([status, body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^ent_/),
        at: expect.any(String),
        memberId: mia.memberId,
        amount: 20,
        description: "a theme",
        limit: 50,
        limitPeriod: "lifetime",
        spent: 20,
        remaining: 30,
      },
    ]);
    expect(await summary(mia)).toEqual({
      memberId: mia.memberId,
      limit: 50,
      limitPeriod: "lifetime",
      spent: 20,
      remaining: 30,
    });
    expect(await summary(admin)).toEqual({
      memberId: admin.memberId,
      limit: null,
      limitPeriod: "lifetime",
      spent: 0,
      remaining: 80,
      balance: 80,
      available: 80,
    });
  });

  test("S4.21 repeated: the same answer, marked, and charged once; refusals too", async () => {
    await give({ kind: "top_up", amount: 100 });
    const [first, again] = [await spend(mia, { amount: 30 }, "a"), await spend(mia, { amount: 30 }, "a")];
    expect([again.status, again.body, again.headers.get("idempotency-replayed")]).toEqual([
      201,
      first.body,
      "true",
    ]);
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    const [refused, refusedAgain] = [
      await spend(mia, { amount: 30 }, "b"),
      await spend(mia, { amount: 30 }, "b"),
    ];
    expect([refused.status, refused.body]).toMatchObject([
      402,
      {
        code: "credits/member-limit-exceeded",
        required: 30,
        limit: 50,
        limitPeriod: "lifetime",
        spent: 30,
        remaining: 20,
      },
    ]);
    expect(lasting(refusedAgain.body)).toEqual(lasting(refused.body));
    expect(refusedAgain.headers.get("idempotency-replayed")).toBe("true");
    expect(await spend(mia, { amount: 31 }, "a")).toMatchObject({
      status: 422,
      body: { code: "idempotency/mismatch" },
    });
    expect(await summary(mia)).toMatchObject({ spent: 30 });
  });

  test("K15 with its members in another order it is the same command, and so is a grant", async () => {
    const one = await give({ kind: "promo", amount: 100 }, "g");
    const two = await give({ amount: 100, kind: "promo" }, "g");
    const first = await spend(mia, { amount: 5, description: "x" }, "o");
    const again = await spend(mia, { description: "x", amount: 5 }, "o");
    expect([two.status, two.body, again.status, again.body]).toEqual([201, one.body, 201, first.body]);
    for (const { headers } of [two, again]) expect(headers.get("idempotency-replayed")).toBe("true");
    expect(await summary(mia)).toMatchObject({ spent: 5 });
  });

  test("a key belongs to its member: the same one of another member is another command", async () => {
    await give({ kind: "top_up", amount: 100 });
    expectStatus(await spend(mia, { amount: 1 }, "k"), 201);
    expect(await spend(admin, { amount: 2 }, "k")).toMatchObject({
      status: 201,
      body: { amount: 2, memberId: admin.memberId },
    });
  });

  test("S4.18 too few credits: 402, and nothing of the account's is shown", async () => {
    await give({ kind: "top_up", amount: 10 });
    const { status, body } = await spend(mia, { amount: 11 });
    expect([status, Object.keys(body).sort()]).toEqual([
      402,
      [
        "code",
        "detail",
        "instance",
        "limit",
        "limitPeriod",
        "remaining",
        "requestId",
        "required",
        "spent",
        "status",
        "title",
        "type",
      ],
    ]);
    expect(body.code).toBe("credits/insufficient-balance");
  });

  test.each([
    ["past its period", { currentPeriodEnd: 1 }],
    ["past due", { status: "past_due" }],
    ["canceled", { status: "canceled" }],
    ["none", { status: "none" }],
  ] as const)("S4.18 a subscription that is %s: 402", async (_, subscription) => {
    const owner = await insertAccount("team", "admin", subscription);
    await give({ kind: "top_up", amount: 10 }, newIdempotencyKey(), owner.accountId);
    expect(await spend(owner, { amount: 1 })).toMatchObject({
      status: 402,
      body: { code: "credits/subscription-inactive", required: 1, remaining: 10 },
    });
  });

  test.each([
    ["no key", { amount: 1 }, {}, 400, "idempotency/missing"],
    ["nothing", {}, { idempotencyKey: "k" }, 422, "validation"],
    ["0", { amount: 0 }, { idempotencyKey: "k" }, 422, "validation"],
    ["a fraction", { amount: 1.5 }, { idempotencyKey: "k" }, 422, "validation"],
    ["too much", { amount: 1_000_000_001 }, { idempotencyKey: "k" }, 422, "validation"],
    ["a text", { amount: "1" }, { idempotencyKey: "k" }, 422, "validation"],
    ["another's limit", { amount: 1, limit: 9 }, { idempotencyKey: "k" }, 422, "validation"],
    [
      "a description with a line break",
      { amount: 1, description: "a\nb" },
      { idempotencyKey: "k" },
      422,
      "validation",
    ],
  ])("bad input changes nothing: %s", async (_, body, ask, status, code) => {
    await give({ kind: "top_up", amount: 10 });
    expect(await mia.api.post("/v1/credits/spend", body, ask)).toMatchObject({ status, body: { code } });
    expect(await summary(admin)).toMatchObject({ balance: 10 });
  });

  test("a viewer neither spends nor sees credits", async () => {
    const vera = await insertMember(admin.accountId, "viewer");
    expect(await spend(vera, { amount: 1 })).toMatchObject({ status: 403 });
    for (const path of ["/v1/credits", "/v1/credits/ledger"])
      expect(await vera.api.get(path)).toMatchObject({ status: 403 });
  });
});

describe("the ledger over HTTP", () => {
  test("an admin pages through all of it, a member through own entries, without the balance", async () => {
    await give({ kind: "top_up", amount: 100 });
    for (const amount of [1, 2, 3]) {
      await spend(mia, { amount });
      await spend(admin, { amount: amount + 10 });
      await spend(mia, { amount: 90 });
    }
    const pages: unknown[] = [];
    for (let cursor: unknown = ""; cursor !== null; ) {
      const { data, nextCursor } = expectStatus(
        await admin.api.get<{ data: unknown[]; nextCursor: string | null }>(
          `/v1/credits/ledger?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`,
        ),
        200,
      ).body;
      pages.push(...data);
      cursor = nextCursor;
    }
    expect(pages.map((entry) => (entry as { amount: number }).amount)).toEqual([
      -13, -3, -12, -2, -11, -1, 100,
    ]);
    expect(pages[0]).toMatchObject({ kind: "spend", memberId: admin.memberId, balance: 58 });
    const own = expectStatus(await mia.api.get<{ data: { amount: number }[] }>("/v1/credits/ledger"), 200)
      .body.data;
    expect(own.map(({ amount }) => amount)).toEqual([-3, -2, -1]);
    expect(own.every((entry) => !("balance" in entry))).toBe(true);
    expect(
      expectStatus(await admin.api.get(`/v1/credits/ledger?memberId=${mia.memberId}`), 200).body,
    ).toMatchObject({
      data: [{ amount: -3 }, { amount: -2 }, { amount: -1 }],
    });
    expect(
      expectStatus(await mia.api.get(`/v1/credits/ledger?memberId=${admin.memberId}`), 200).body,
    ).toEqual({
      data: [],
      nextCursor: null,
    });
  });

  test.each(["limit=0", "limit=101", "cursor=x", "cursor=LTE", "memberId=x", "sort=at"])(
    "%s is 422",
    async (query) => {
      expect(await admin.api.get(`/v1/credits/ledger?${query}`)).toMatchObject({
        status: 422,
        body: { code: "validation" },
      });
    },
  );
});

describe("credits are given by the platform only", () => {
  test("a grant, and the same again", async () => {
    const body = { kind: "promo", amount: 40, priority: 5, expiresAt: "2999-01-01T00:00:00Z" };
    const first = await give(body, "g");
    expect([first.status, first.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^ent_/),
        lotId: expect.stringMatching(/^lot_/),
        accountId: admin.accountId,
        at: expect.any(String),
        kind: "promo",
        amount: 40,
        priority: 5,
        effectiveAt: first.body["at"],
        expiresAt: "2999-01-01T00:00:00.000Z",
        balance: 40,
      },
    ]);
    const again = await give(body, "g");
    expect([again.status, again.body, again.headers.get("idempotency-replayed")]).toEqual([
      201,
      first.body,
      "true",
    ]);
    expect(await give({ ...body, amount: 41 }, "g")).toMatchObject({
      status: 422,
      body: { code: "idempotency/mismatch" },
    });
    expect(expectStatus(await platform.api.get(`/v1/accounts/${admin.accountId}/credits`), 200).body).toEqual(
      {
        accountId: admin.accountId,
        balance: 40,
        available: 40,
      },
    );
  });

  test("what begins later is in the balance and cannot be spent yet", async () => {
    await give({ kind: "subscription", amount: 40, effectiveAt: "2999-01-01T00:00:00Z" });
    expect(await summary(admin)).toMatchObject({ balance: 40, available: 0, remaining: 0 });
    expect(await spend(admin, { amount: 1 })).toMatchObject({
      status: 402,
      body: { code: "credits/insufficient-balance" },
    });
  });

  test("a missing account is 404, for those who may ask; a tenant gives itself nothing", async () => {
    expect(
      await give({ kind: "promo", amount: 1 }, newIdempotencyKey(), "acc_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
    ).toMatchObject({ status: 404 });
    expect(await platform.api.get("/v1/accounts/x/credits")).toMatchObject({ status: 404 });
    for (const accountId of [admin.accountId, "acc_01ARZ3NDEKTSV4RRFFQ69G5FAV"]) {
      const tried = await admin.api.post(
        `/v1/accounts/${accountId}/credits`,
        { kind: "promo", amount: 1 },
        { idempotencyKey: newIdempotencyKey() },
      );
      expect(tried).toMatchObject({ status: 403, body: { code: "access/denied" } });
    }
    expect(await summary(admin)).toMatchObject({ balance: 0 });
  });

  test.each([
    ["an end in the past", { expiresAt: "2020-01-01T00:00:00Z" }, "/expiresAt"],
    [
      "an end before the beginning",
      { effectiveAt: "2999-01-02T00:00:00Z", expiresAt: "2999-01-01T00:00:00Z" },
      "/expiresAt",
    ],
    ["a time that is none", { expiresAt: "2999-02-30T00:00:00Z" }, "/expiresAt"],
    ["a time without its zone", { expiresAt: "2999-01-01T00:00:00" }, "/expiresAt"],
    ["another kind", { kind: "gift" }, "/kind"],
    ["a negative priority", { priority: -1 }, "/priority"],
    ["too much", { amount: 1_000_000_001 }, "/amount"],
  ])("%s is 422 and gives nothing", async (_, more, pointer) => {
    expect(await give({ kind: "promo", amount: 1, ...more })).toMatchObject({
      status: 422,
      body: { code: "validation", errors: [{ pointer }] },
    });
    expect(await summary(admin)).toMatchObject({ balance: 0 });
  });
});
