import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Api, newIdempotencyKey, expectStatus, type Problem } from "../../harness/client.ts";
import { newMember, type Person } from "../../harness/people.ts";
import {
  outcomeOf,
  customerEvent,
  type Hook,
  JOIN_MAPPING,
  newHook,
  postSigned,
} from "../../harness/webhook.ts";
import { fetch, createPlatform, said, createSubscribedAccount } from "../access/operators-fixture.ts";

let platform: Api;
let owner: Person;
let maker: Person;
let hook: Hook;
/** A member in every state that an event can meet. */
const PEOPLE = ["member", "waiting", "blocked", "revoked", "removed"] as const;
const email = (name: string) => `${name}@shop.example`;
const ids = new Map<string, string>();

beforeAll(async () => {
  platform = await createPlatform();
  owner = await createSubscribedAccount(platform, "team");
  maker = await newMember(fetch, owner, { roles: ["admin"] });
  hook = await newHook(maker.api);
  for (const name of PEOPLE) {
    const card = {
      firstName: "P",
      lastName: "P",
      email: email(name),
      roles: ["member"],
      externalId: `id-${name}`,
      notify: true,
    };
    const made = expectStatus(
      await owner.api.post<{ id: string; invitationId: string }>("/v1/members", card, {
        idempotencyKey: newIdempotencyKey(),
      }),
      201,
    ).body;
    ids.set(name, made.id).set(`${name} invitation`, made.invitationId);
  }
  const set = (sql: string, ...values: unknown[]) =>
    env.DB.prepare(sql)
      .bind(...values)
      .run();
  await set("UPDATE member SET status = 'active' WHERE id = ?", ids.get("member"));
  await set("UPDATE member SET email = ? WHERE id = ?", "owner@shop.example", owner.memberId);
  await set("UPDATE member SET email = ? WHERE id = ?", "maker@shop.example", maker.memberId);
  expectStatus(await owner.api.post(`/v1/members/${ids.get("blocked")}/block`), 200);
  expectStatus(await owner.api.del(`/v1/invitations/${ids.get("revoked invitation")}`), 204);
  expectStatus(await owner.api.del(`/v1/members/${ids.get("removed")}`), 204);
});

interface Told {
  readonly outcome: string;
  readonly code: string | null;
  readonly rule: number | null;
  readonly eventType: string | null;
  readonly errors: readonly object[];
}
const told = ({ outcome, code, rule, eventType, errors }: Told): Told => ({
  outcome,
  code,
  rule,
  eventType,
  errors,
});
const event = (type: string, data: object) => ({ type, data });
const rowsOf = async () =>
  (
    await env.DB.batch(
      ["member", "invitation", "former_member", "delivery", "mail_outbox", "audit_outbox", "audit_event"].map(
        (table) => env.DB.prepare(`SELECT COUNT(*) AS n FROM ${table}`),
      ),
    )
  ).map(({ results }) => results);

/** Tries it, then sends it. What both say, once they say the same. */
async function both(payload: object, which: Hook = hook, who: Person = maker): Promise<Told> {
  const before = await rowsOf();
  const trial = told(
    expectStatus(await who.api.post<Told>(`/v1/hooks/${which.id}/try`, { payload }), 200).body,
  );
  expect(await rowsOf()).toEqual(before);
  await postSigned(fetch, which, payload);
  const [delivery] = expectStatus(
    await who.api.get<{ data: Told[] }>(`/v1/hooks/${which.id}/deliveries?limit=1`),
    200,
  ).body.data;
  expect(trial).toEqual(told(delivery as Told));
  return trial;
}

describe("S3.16: what /try answers is what becomes of the message, and it changes nothing", () => {
  test.each([
    ["no member yet", () => customerEvent(email("new")), "invited", null],
    ["an event that no rule is for", () => event("order.paid", {}), "ignored", null],
    ["an event without a type", () => ({ data: {} }), "failed", "validation"],
    [
      "an address that is not there",
      () => event("customer.created", { name: "A", id: "1" }),
      "failed",
      "validation",
    ],
    ["an address that is none", () => customerEvent("nobody"), "failed", "validation"],
    [
      "a name with a line break",
      () => event("customer.created", { email: email("x"), name: "A\nB", id: "1" }),
      "failed",
      "validation",
    ],
    ["a member", () => customerEvent(email("member")), "refused", "conflict/duplicate-member"],
    [
      "a member, in capitals",
      () => customerEvent(email("MEMBER").toUpperCase()),
      "refused",
      "conflict/duplicate-member",
    ],
    [
      "a member's id with another address",
      () => customerEvent(email("other"), "id-member"),
      "refused",
      "conflict/duplicate-member",
    ],
    ["an invited member", () => customerEvent(email("waiting")), "refused", "conflict/duplicate-invitation"],
    ["a blocked member", () => customerEvent(email("blocked")), "refused", "conflict/former-member"],
    [
      "a blocked member, by the id with another address",
      () => customerEvent(email("other"), "id-blocked"),
      "refused",
      "conflict/former-member",
    ],
    [
      "a member whose invitation was taken back",
      () => customerEvent(email("revoked")),
      "refused",
      "conflict/former-member",
    ],
    ["a removed member", () => customerEvent(email("removed")), "refused", "conflict/former-member"],
    [
      "a removed member, by the id with another address",
      () => customerEvent(email("other"), "id-removed"),
      "refused",
      "conflict/former-member",
    ],
    [
      "a block of the account's owner",
      () => customerEvent("owner@shop.example", "x", "customer.deleted"),
      "refused",
      "conflict/last-admin",
    ],
    [
      "a block of the hook's owner",
      () => customerEvent("maker@shop.example", "x", "customer.deleted"),
      "refused",
      "conflict/lockout",
    ],
    [
      "a block of two at once",
      () => customerEvent(email("member"), "id-waiting", "customer.deleted"),
      "refused",
      "conflict/state",
    ],
    [
      "a block of a member",
      () => customerEvent(email("member"), "id-member", "customer.deleted"),
      "blocked",
      null,
    ],
    [
      "a block of a blocked member",
      () => customerEvent(email("blocked"), "id-blocked", "customer.deleted"),
      "blocked",
      null,
    ],
    [
      "a block of an unknown person",
      () => customerEvent(email("nobody"), "id-nobody", "customer.deleted"),
      "barred",
      null,
    ],
  ] as const)("%s", async (_, payload, outcome, code) => {
    expect(await both(payload())).toMatchObject({ outcome, code });
  });

  test("the account's domains and its number of members", async () => {
    const shop = await createSubscribedAccount(platform, "team");
    const own = await newHook(shop.api);
    await env.DB.prepare(
      `UPDATE account
       SET settings = json_set(settings, '$.allowedEmailDomains', json('["shop.example"]')),
         version = version + 1
       WHERE id = ?`,
    )
      .bind(shop.accountId)
      .run();
    expect(await both(customerEvent("a@other.example"), own, shop)).toMatchObject({
      outcome: "refused",
      code: "validation",
      errors: [{ pointer: "/email" }],
    });
    expectStatus(
      await platform.put(`/v1/accounts/${shop.accountId}/plan`, { restrictedAccounts: true, memberLimit: 1 }),
      200,
    );
    expect(await both(customerEvent("a@shop.example"), own, shop)).toMatchObject({
      outcome: "refused",
      code: "conflict/member-limit",
    });
  });

  test("rights that its owner lost", async () => {
    const rights = ["hook.view", "hook.edit", "member.view", "member.create", "member.block", "member.edit"];
    const clerk = await newMember(fetch, owner, { roles: ["member"], rights });
    const [invite, block] = JOIN_MAPPING.rules;
    const own = await newHook(clerk.api, "standard", {
      typeAt: "/type",
      rules: [{ ...invite, then: { ...invite?.then, roles: [], rights: ["member.view"] } }, block],
    });
    expectStatus(
      await owner.api.patch(
        `/v1/members/${clerk.memberId}`,
        { rights: rights.slice(0, 3) },
        { ifMatch: "*" },
      ),
      200,
    );
    expect(await both(customerEvent(email("late")), own, clerk)).toMatchObject({
      outcome: "denied",
      code: "access/denied",
      rule: 0,
    });
    expect(await both(customerEvent(email("late"), "1", "customer.deleted"), own, clerk)).toMatchObject({
      outcome: "denied",
      code: "access/denied",
      rule: 1,
    });
  });
});

describe("no member is brought back", () => {
  test("a block before its invitation keeps them out, by the address or by the id", async () => {
    const send = async (payload: object) => outcomeOf(await postSigned(fetch, hook, payload));
    const byId = {
      typeAt: "/type",
      rules: [
        JOIN_MAPPING.rules[0],
        {
          when: { type: "customer.deleted" },
          then: { action: "block", externalId: { pointer: "/data/id" } },
        },
      ],
    };
    const other = await newHook(maker.api, "standard", byId);
    expect(await send(customerEvent(email("early"), "id-early", "customer.deleted"))).toBe("barred");
    expect(
      outcomeOf(await postSigned(fetch, other, customerEvent("", "id-early-2", "customer.deleted"))),
    ).toBe("barred");
    for (const [address, id] of [
      ["early", "another"],
      ["another", "id-early"],
      ["third", "id-early-2"],
    ] as const) {
      expect([address, await send(customerEvent(email(address), id))]).toEqual([
        address,
        "refused conflict/former-member",
      ]);
    }
  });

  test("a blocked member stays blocked, and the answer names no member", async () => {
    const answer = await postSigned(fetch, hook, customerEvent(email("blocked")));
    expect(answer.body).toMatchObject({ outcome: "refused", memberId: null });
    expect(JSON.stringify(answer.body)).not.toContain("example");
    expect(expectStatus(await owner.api.get(`/v1/members/${ids.get("blocked")}`), 200).body["status"]).toBe(
      "blocked",
    );
  });

  test("a member whom a hook blocked cannot come in by the invitation that it had sent", async () => {
    const { body } = await postSigned(fetch, hook, customerEvent(email("shortlived"), "id-shortlived"));
    expect(
      outcomeOf(
        await postSigned(
          fetch,
          hook,
          customerEvent(email("shortlived"), "id-shortlived", "customer.deleted"),
        ),
      ),
    ).toBe("blocked");
    expect(expectStatus(await owner.api.get(`/v1/members/${body.memberId}`), 200).body["status"]).toBe(
      "blocked",
    );
    expect(
      outcomeOf(await postSigned(fetch, hook, customerEvent(email("shortlived"), "id-shortlived"))),
    ).toBe("refused conflict/former-member");
  });
});

describe("a mapping that is at fault is refused by the place of each fault", () => {
  const [rule] = JOIN_MAPPING.rules;
  const then = (more: object) => ({
    typeAt: "/type",
    rules: [{ ...rule, then: { ...rule?.then, ...more } }],
  });
  const at = (place: string) => `/mapping${place}`;
  test.each([
    ["no rule", { typeAt: "/type", rules: [] }, at("/rules")],
    ["too many rules", { typeAt: "/type", rules: Array.from({ length: 21 }, () => rule) }, at("/rules")],
    ["no place for the type", { rules: [rule] }, at("/typeAt")],
    ["a place that is no pointer", { typeAt: "type", rules: [rule] }, at("/typeAt")],
    ["a pointer with a bad escape", then({ email: { pointer: "/a~2" } }), at("/rules/0/then/email/pointer")],
    ["an unknown member", { typeAt: "/type", rules: [rule], else: 1 }, at("/else")],
    [
      "an unknown member of a rule",
      { typeAt: "/type", rules: [{ ...rule, unless: 1 }] },
      at("/rules/0/unless"),
    ],
    ["an unknown member of an action", then({ password: "x" }), at("/rules/0/then/password")],
    [
      "an unknown member of a source",
      then({ email: { pointer: "/a", eval: "x" } }),
      at("/rules/0/then/email/eval"),
    ],
    [
      "both a pointer and a value",
      then({ email: { pointer: "/a", value: "a@example.com" } }),
      at("/rules/0/then/email"),
    ],
    ["neither", then({ email: {} }), at("/rules/0/then/email")],
    ["a fixed address that is none", then({ email: { value: "nobody" } }), at("/rules/0/then/email/value")],
    ["an action that is none", then({ action: "delete_everything" }), at("/rules/0/then/action")],
    [
      "a block without a person",
      { typeAt: "/type", rules: [{ ...rule, then: { action: "block" } }] },
      at("/rules/0/then"),
    ],
    [
      "a condition on an object",
      { typeAt: "/type", rules: [{ ...rule, when: { type: "x", equals: [{ pointer: "/a", value: {} }] } }] },
      at("/rules/0/when/equals/0/value"),
    ],
    ["no type to fit", { typeAt: "/type", rules: [{ ...rule, when: {} }] }, at("/rules/0/when/type")],
    [
      "a grant on a type that is none",
      then({ grants: [{ resourceType: "moon", access: "view" }] }),
      at("/rules/0/then/grants/0/resourceType"),
    ],
  ])("%s", async (_, mapping, pointer) => {
    const answer = await owner.api.post<Problem>(
      "/v1/hooks",
      { name: "Shop", scheme: "standard", mapping },
      { idempotencyKey: newIdempotencyKey() },
    );
    expect([said(answer), answer.body.errors?.map((fault) => fault.pointer)]).toEqual([
      "422 validation",
      [pointer],
    ]);
    const patched = await maker.api.patch<Problem>(`/v1/hooks/${hook.id}`, { mapping }, { ifMatch: "*" });
    expect([said(patched), patched.body.errors?.map((fault) => fault.pointer)]).toEqual([
      "422 validation",
      [pointer],
    ]);
  });
});
