import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newApiKey, newMember, type Person } from "../../harness/people.ts";
import {
  outcomeOf,
  customerEvent,
  type Hook,
  JOIN_MAPPING,
  newHook,
  postSigned,
  postRaw,
  SECRETS,
  signMessage,
} from "../../harness/webhook.ts";
import {
  fetch,
  createPlatform,
  said,
  comparableRefusal,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

let platform: Api;
let owner: Person;
let stranger: Person;
beforeAll(async () => {
  platform = await createPlatform();
  owner = await createSubscribedAccount(platform, "team");
  stranger = await createSubscribedAccount(platform, "team");
});

let count = 0;
const nextEmail = () => `hook-${(count += 1)}@example.com`;
const REFUSED = "401 auth/invalid-credential";

interface Card {
  readonly id: string;
  readonly version: number;
  readonly newSecret?: string;
  readonly lastRefusal: { readonly at: string; readonly reason: string } | null;
  readonly secret: object;
}
const cardOf = async (hook: Pick<Hook, "id">, who = owner) =>
  expectStatus(await who.api.get<Card>(`/v1/hooks/${hook.id}`), 200).body;
const change = (hook: Pick<Hook, "id">, patch: object, who = owner) =>
  who.api.patch<Card>(`/v1/hooks/${hook.id}`, patch, { ifMatch: "*" });
const reasonOf = async (hook: Hook) => (await cardOf(hook)).lastRefusal?.reason;
/** As if the minute were over in which one refusal is noted. */
const later = (hook: Hook) =>
  env.DB.prepare("UPDATE hook SET last_refusal = NULL WHERE id = ?").bind(hook.id).run();

describe("a secret", () => {
  test("that the gate makes is shown once, and stands nowhere in the clear", async () => {
    const command = { idempotencyKey: newIdempotencyKey() };
    const body = { name: "Shop", scheme: "standard", mapping: JOIN_MAPPING };
    const made = expectStatus(await owner.api.post<Card>("/v1/hooks", body, command), 201).body;
    const secret = made.newSecret ?? "";
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const { newSecret: _, ...card } = made;
    expect(expectStatus(await owner.api.post("/v1/hooks", body, command), 201).body).toEqual(card);
    expect(await cardOf(made)).toEqual(card);
    expect(
      outcomeOf(await postSigned(fetch, { ...made, scheme: "standard", secret }, customerEvent(nextEmail()))),
    ).toBe("invited");
    const { results: tables } = await env.DB.prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'",
    ).all<{ name: string }>();
    for (const { name } of tables) {
      const { results } = await env.DB.prepare(`SELECT * FROM ${name}`).all();
      expect(JSON.stringify(results)).not.toContain(secret.slice(6, 40));
    }
  });

  test("and its successor are both good for a day, then only the latter", async () => {
    const hook = await newHook(owner.api);
    const { newSecret = "" } = expectStatus(await change(hook, { newSecret: true }), 200).body;
    const send = async (secret: string) =>
      outcomeOf(await postSigned(fetch, { ...hook, secret }, customerEvent(nextEmail())));
    expect([await send(hook.secret), await send(newSecret)]).toEqual(["invited", "invited"]);
    await env.DB.prepare("UPDATE hook SET previous_until = ? WHERE id = ?")
      .bind(Date.now() - 1, hook.id)
      .run();
    expect([await send(hook.secret), await send(newSecret)]).toEqual([REFUSED, "invited"]);
  });

  test("that others know ends at once", async () => {
    const hook = await newHook(owner.api, "stripe");
    expectStatus(await change(hook, { secret: "whsec_another-0123456789", keepPrevious: false }), 200);
    expect(outcomeOf(await postSigned(fetch, hook, customerEvent(nextEmail())))).toBe(REFUSED);
    expect(
      outcomeOf(
        await postSigned(fetch, { ...hook, secret: "whsec_another-0123456789" }, customerEvent(nextEmail())),
      ),
    ).toBe("invited");
  });

  test("that is in another hook's place opens nothing", async () => {
    const [one, two] = [await newHook(owner.api), await newHook(owner.api)];
    await env.DB.prepare("UPDATE hook SET secret = (SELECT secret FROM hook WHERE id = ?) WHERE id = ?")
      .bind(two.id, one.id)
      .run();
    expect(outcomeOf(await postSigned(fetch, one, customerEvent(nextEmail())))).toBe(REFUSED);
    await expect.poll(() => reasonOf(one)).toBe("secret_unreadable");
  });

  test.each([
    ["stripe", {}, "/secret"],
    ["github", { secret: "short" }, "/secret"],
    ["standard", { secret: SECRETS.stripe }, "/secret"],
  ])("of %s is asked for as that scheme has it: %j", async (scheme, more, pointer) => {
    const answer = await owner.api.post<{ errors: object[] }>(
      "/v1/hooks",
      { name: "Shop", scheme, mapping: JOIN_MAPPING, ...more },
      { idempotencyKey: newIdempotencyKey() },
    );
    expect([said(answer), answer.body.errors]).toEqual([
      "422 validation",
      [{ pointer, detail: expect.any(String) }],
    ]);
  });
});

describe("a caller", () => {
  test("learns the same of a missing or inactive hook, a blocked owner and a wrong signature", async () => {
    const { memberId, api: who } = await newMember(fetch, owner, { roles: ["admin"] });
    const [wrong, off, blocked] = [await newHook(owner.api), await newHook(owner.api), await newHook(who)];
    expectStatus(await change(off, { active: false }), 200);
    expectStatus(await owner.api.post(`/v1/members/${memberId}/block`), 200);
    const answers = [
      await postSigned(
        fetch,
        { ...wrong, secret: `whsec_${btoa("z".repeat(32))}` },
        customerEvent(nextEmail()),
      ),
      await postSigned(fetch, off, customerEvent(nextEmail())),
      await postSigned(fetch, blocked, customerEvent(nextEmail())),
      await postSigned(fetch, { ...wrong, id: "hok_01ARZ3NDEKTSV4RRFFQ69G5FAV" }, customerEvent(nextEmail())),
      await postSigned(fetch, { ...wrong, id: "x" }, customerEvent(nextEmail())),
    ];
    expect(new Set(answers.map(comparableRefusal)).size).toBe(1);
    expect(outcomeOf(answers[0] as never)).toBe(REFUSED);
    for (const [hook, reason] of [
      [wrong, "wrong_signature"],
      [off, "switched_off"],
      [blocked, "owner_blocked"],
    ] as const)
      await expect.poll(() => reasonOf(hook)).toBe(reason);
    expect(
      expectStatus(await owner.api.get<{ data: object[] }>(`/v1/hooks/${blocked.id}/deliveries`), 200).body
        .data,
    ).toEqual([]);
  });

  test("is noted once a minute, for any number of calls", async () => {
    const hook = await newHook(owner.api);
    const wrong = () =>
      postSigned(fetch, { ...hook, secret: `whsec_${btoa("z".repeat(32))}` }, customerEvent(nextEmail()));
    await wrong();
    await expect.poll(() => reasonOf(hook)).toBe("wrong_signature");
    const { lastRefusal, version } = await cardOf(hook);
    await postRaw(fetch, hook.id, "{}", {});
    await Promise.all(Array.from({ length: 5 }, wrong));
    expect(await cardOf(hook)).toMatchObject({ lastRefusal, version });
    await later(hook);
    await postRaw(fetch, hook.id, "{}", {});
    await expect.poll(() => reasonOf(hook)).toBe("headers_missing");
  });

  const BODIES: ReadonlyArray<readonly [title: string, body: string, expected: string]> = [
    ["no JSON", "{", "400 malformed"],
    ["nothing", "", "400 malformed"],
    ["a list", "[]", "422 validation"],
    ["null", "null", "422 validation"],
    ["a prototype", `{"__proto__":{"type":"customer.created"}}`, "422 validation"],
    ["30,000 lists in one another", "[".repeat(30_000) + "]".repeat(30_000), "422 validation"],
  ];
  test.each(BODIES)("with %s that is signed gets that answer, and once only", async (_, body, expected) => {
    const hook = await newHook(owner.api);
    const headers = await signMessage(hook, body);
    const [first, second] = [
      await postRaw(fetch, hook.id, body, headers),
      await postRaw(fetch, hook.id, body, headers),
    ];
    expect([first, second].map(outcomeOf)).toEqual([expected, `failed ${expected.slice(4)} again`]);
    expect(second.body.detail).toBe(first.body.detail);
  });

  test("that is refused says why, and says it again; one that is done says nothing", async () => {
    const hook = await newHook(owner.api);
    const email = nextEmail();
    const [done, refused, again] = [
      await postSigned(fetch, hook, customerEvent(email)),
      await postSigned(fetch, hook, customerEvent(email), { id: "msg_twice" }),
      await postSigned(fetch, hook, customerEvent(email), { id: "msg_twice" }),
    ];
    expect([done, refused].map(outcomeOf)).toEqual(["invited", "refused conflict/duplicate-invitation"]);
    expect([done.body.detail, refused.body.detail, again.body.detail]).toEqual([
      null,
      expect.stringContaining("resend"),
      refused.body.detail,
    ]);
    const deliveries = expectStatus(
      await owner.api.get<{ data: { detail: string | null }[] }>(`/v1/hooks/${hook.id}/deliveries`),
      200,
    ).body.data;
    expect(deliveries.map(({ detail }) => detail)).toEqual([refused.body.detail, null]);
  });

  test("with too much, another media type, none, or a query is refused before verification", async () => {
    const hook = await newHook(owner.api);
    expect(outcomeOf(await postRaw(fetch, hook.id, `"${"x".repeat(70_000)}"`, {}))).toBe("413 too-large");
    expect(
      outcomeOf(
        await postRaw(fetch, hook.id, "a=1", { "content-type": "application/x-www-form-urlencoded" }),
      ),
    ).toBe("415 media-type");
    expect(
      (await fetch(`/v1/hooks/${hook.id}`, { method: "POST", body: new Uint8Array([123, 125]) })).status,
    ).toBe(415);
    expect(
      (
        await fetch(`/v1/hooks/${hook.id}?a=1`, {
          method: "POST",
          body: "{}",
          headers: { "content-type": "application/json" },
        })
      ).status,
    ).toBe(422);
  });
});

describe("a hook", () => {
  test("is its owner's: others with power over the owner only switch it off or remove it", async () => {
    const maker = await newMember(fetch, owner, { roles: ["admin"] });
    const hook = await newHook(maker.api);
    for (const patch of [
      { mapping: JOIN_MAPPING },
      { secret: SECRETS.standard },
      { newSecret: true },
      { active: true },
      { name: "Mine" },
    ]) {
      expect([patch, said(await change(hook, patch))]).toEqual([patch, "403 access/denied"]);
    }
    expect(
      said(await owner.api.post(`/v1/hooks/${hook.id}/try`, { payload: customerEvent(nextEmail()) })),
    ).toBe("403 access/denied");
    expectStatus(await change(hook, { active: false }), 200);
    expect(outcomeOf(await postSigned(fetch, hook, customerEvent(nextEmail())))).toBe(REFUSED);
    expectStatus(await change(hook, { active: true, name: "Shop 2" }, maker), 200);
    expect(outcomeOf(await postSigned(fetch, hook, customerEvent(nextEmail())))).toBe("invited");
    expectStatus(await owner.api.del(`/v1/hooks/${hook.id}`), 204);
    expect(said(await maker.api.get(`/v1/hooks/${hook.id}`))).toBe("404 not-found");
  });

  test("is not there in another account", async () => {
    const hook = await newHook(owner.api);
    const missing = "hok_01ARZ3NDEKTSV4RRFFQ69G5FAV";
    for (const id of [hook.id, missing]) {
      const path = `/v1/hooks/${id}`;
      const answers = [
        await stranger.api.get(path),
        await stranger.api.patch(path, { active: false }, { ifMatch: "*" }),
        await stranger.api.del(path),
        await stranger.api.get(`${path}/deliveries`),
        await stranger.api.post(`${path}/try`, { payload: {} }),
      ];
      expect(answers.map(said)).toEqual(Array.from({ length: 5 }, () => "404 not-found"));
    }
    expect(expectStatus(await stranger.api.get<{ data: object[] }>("/v1/hooks"), 200).body.data).toEqual([]);
    expect(outcomeOf(await postSigned(fetch, hook, customerEvent(nextEmail())))).toBe("invited");
  });

  test("is not made with a credential that has less than its member", async () => {
    const scoped = api(
      fetch,
      await newApiKey(fetch, owner, owner.memberId, {
        scopes: ["hook.edit", "hook.view", "member.create", "member.block"],
      }),
    );
    const ending = api(
      fetch,
      await newApiKey(fetch, owner, owner.memberId, { expiresAt: "2030-01-01T00:00:00Z" }),
    );
    const hook = await newHook(owner.api);
    for (const who of [scoped, ending]) {
      expect(
        said(
          await who.post(
            "/v1/hooks",
            { name: "Shop", scheme: "standard", mapping: JOIN_MAPPING },
            { idempotencyKey: newIdempotencyKey() },
          ),
        ),
      ).toBe("403 access/denied");
      expect(said(await who.patch(`/v1/hooks/${hook.id}`, { newSecret: true }, { ifMatch: "*" }))).toBe(
        "403 access/denied",
      );
    }
    expectStatus(await scoped.patch(`/v1/hooks/${hook.id}`, { active: false }, { ifMatch: "*" }), 200);
  });

  test("needs an Idempotency-Key to be made and an ETag to be changed", async () => {
    expect(
      said(await owner.api.post("/v1/hooks", { name: "Shop", scheme: "standard", mapping: JOIN_MAPPING })),
    ).toBe("400 idempotency/missing");
    const hook = await newHook(owner.api);
    expect(said(await owner.api.patch(`/v1/hooks/${hook.id}`, { name: "x" }))).toBe(
      "428 precondition-required",
    );
    expect(said(await owner.api.patch(`/v1/hooks/${hook.id}`, { name: "x" }, { ifMatch: '"7"' }))).toBe(
      "412 precondition-failed",
    );
    expect(
      said(
        await owner.api.patch(
          `/v1/hooks/${hook.id}`,
          { secret: SECRETS.standard, newSecret: true },
          { ifMatch: "*" },
        ),
      ),
    ).toBe("422 validation");
  });
});
