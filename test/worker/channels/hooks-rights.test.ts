import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newMember, type Person } from "../../harness/people.ts";
import {
  outcomeOf,
  customerEvent,
  JOIN_MAPPING,
  newHook,
  newMessageId,
  postSigned,
  type Received,
} from "../../harness/webhook.ts";
import {
  fetch,
  createPlatform,
  replaceGrants,
  createObject,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

let platform: Api;
let owner: Person;
beforeAll(async () => {
  platform = await createPlatform();
  owner = await createSubscribedAccount(platform, "team");
});

let count = 0;
const nextEmail = () => `live-${(count += 1)}@example.com`;
const NO_ROLES = {
  typeAt: "/type",
  rules: JOIN_MAPPING.rules.map((rule) => ({
    ...rule,
    then: { ...rule.then, ...("roles" in rule.then ? { roles: [], rights: ["member.view"] } : {}) },
  })),
};
const MAY = ["hook.view", "hook.edit", "member.view", "member.create", "member.edit", "member.block"];
const rights = async (who: Person, list: readonly string[]) =>
  expectStatus(await owner.api.patch(`/v1/members/${who.memberId}`, { rights: list }, { ifMatch: "*" }), 200);
const deliveriesOf = async (hookId: string) =>
  expectStatus(
    await owner.api.get<{ data: (Received & { attempts: number })[] }>(`/v1/hooks/${hookId}/deliveries`),
    200,
  ).body.data;
interface Card {
  readonly id: string;
  readonly status: string;
  readonly source: string;
  readonly externalId: string | null;
  readonly invitedBy: string;
}
const found = async (email: string) => {
  const { results } = await env.DB.prepare(
    `SELECT id, status, source, external_id AS externalId, invited_by AS invitedBy FROM member
     WHERE account_id = ? AND email = ?`,
  )
    .bind(owner.accountId, email)
    .all();
  return results as unknown as Card[];
};

describe("S3.16: each delivery is decided with the rights that its owner has then", () => {
  test("an owner who lost the right is denied; the same message is done once they have it", async () => {
    const maker = await newMember(fetch, owner, { roles: ["member"], rights: MAY });
    const hook = await newHook(maker.api, "standard", NO_ROLES);
    const [id, email] = [newMessageId(), nextEmail()];
    await rights(
      maker,
      MAY.filter((right) => right !== "member.create"),
    );
    for (const _ of ["once", "twice"])
      expect(outcomeOf(await postSigned(fetch, hook, customerEvent(email, "c-1"), { id }))).toBe(
        "403 access/denied",
      );
    expect(await found(email)).toEqual([]);
    expect(await deliveriesOf(hook.id)).toMatchObject([
      { outcome: "denied", code: "access/denied", attempts: 2 },
    ]);
    await rights(maker, MAY);
    expect(outcomeOf(await postSigned(fetch, hook, customerEvent(email, "c-1"), { id }))).toBe("invited");
    expect(outcomeOf(await postSigned(fetch, hook, customerEvent(email, "c-1"), { id }))).toBe(
      "invited again",
    );
    expect(await deliveriesOf(hook.id)).toMatchObject([{ outcome: "invited", code: null, attempts: 3 }]);
    expect(await found(email)).toMatchObject([
      { status: "new", source: "external", externalId: "c-1", invitedBy: maker.memberId },
    ]);
  });

  test("an owner who was demoted gives no role that they could not give now", async () => {
    const maker = await newMember(fetch, owner, { roles: ["admin"] });
    const hook = await newHook(maker.api);
    expect(outcomeOf(await postSigned(fetch, hook, customerEvent(nextEmail())))).toBe("invited");
    expectStatus(
      await owner.api.patch(
        `/v1/members/${maker.memberId}`,
        { roles: ["member"], rights: MAY },
        { ifMatch: "*" },
      ),
      200,
    );
    expect(outcomeOf(await postSigned(fetch, hook, customerEvent(nextEmail())))).toBe("403 access/denied");
  });

  test("an owner who is removed takes the hook along", async () => {
    const maker = await newMember(fetch, owner, { roles: ["admin"] });
    const hook = await newHook(maker.api);
    await env.DB.prepare("DELETE FROM member WHERE id = ?").bind(maker.memberId).run();
    expect(outcomeOf(await postSigned(fetch, hook, customerEvent(nextEmail())))).toBe(
      "401 auth/invalid-credential",
    );
    expect(said(await owner.api.get(`/v1/hooks/${hook.id}`))).toBe("404 not-found");
  });

  test("the account's address rules hold, the owner's own do not", async () => {
    const shop = await createSubscribedAccount(platform, "team");
    expectStatus(
      await shop.api.patch(`/v1/members/${shop.memberId}`, { allowedIps: ["203.0.113.7"] }, { ifMatch: "*" }),
      200,
    );
    const hook = await newHook(shop.api);
    const ip = { "cf-connecting-ip": "198.51.100.9" };
    expect(outcomeOf(await postSigned(fetch, hook, customerEvent(nextEmail()), { headers: ip }))).toBe(
      "invited",
    );
    expectStatus(
      await shop.api.patch(
        `/v1/accounts/${shop.accountId}`,
        { allowedIps: ["203.0.113.0/24"] },
        { ifMatch: "*" },
      ),
      200,
    );
    const id = newMessageId();
    const message = customerEvent(nextEmail());
    expect(outcomeOf(await postSigned(fetch, hook, message, { id, headers: ip }))).toBe("403 ip/not-allowed");
    expect(outcomeOf(await postSigned(fetch, hook, message, { id }))).toBe("invited");
  });

  test("an owner who does not reach an object any more gives no member a grant on it", async () => {
    const vendor = await createSubscribedAccount(platform, "vendor");
    const product = await createObject(vendor, "products", { name: "Editor" });
    const maker = await newMember(fetch, vendor, { roles: ["operator"], rights: [...MAY, "grant.edit"] });
    await replaceGrants(vendor, maker.memberId, [
      { resourceType: "product", resourceId: product, access: "edit" },
    ]);
    const [rule] = NO_ROLES.rules;
    const mapping = {
      typeAt: "/type",
      rules: [
        {
          ...rule,
          then: { ...rule?.then, grants: [{ resourceType: "product", resourceId: product, access: "view" }] },
        },
      ],
    };
    const hook = await newHook(maker.api, "standard", mapping);
    expect(outcomeOf(await postSigned(fetch, hook, customerEvent(nextEmail())))).toBe("invited");
    await replaceGrants(vendor, maker.memberId, []);
    expect(outcomeOf(await postSigned(fetch, hook, customerEvent(nextEmail())))).toBe("403 access/denied");
  });

  test("an operator's hook stops with the plan that operators need", async () => {
    const vendor = await createSubscribedAccount(platform, "vendor");
    const maker = await newMember(fetch, vendor, { roles: ["operator"], rights: MAY });
    const hook = await newHook(maker.api, "standard", NO_ROLES);
    expectStatus(
      await platform.put(`/v1/accounts/${vendor.accountId}/plan`, { restrictedAccounts: false }),
      200,
    );
    expect(outcomeOf(await postSigned(fetch, hook, customerEvent(nextEmail())))).toBe(
      "402 plan/feature-required",
    );
  });

  test("the trail names the hook, its owner and what became of it, and no address in the clear", async () => {
    const shop = await createSubscribedAccount(platform, "team");
    const hook = await newHook(shop.api);
    const { body } = await postSigned(fetch, hook, customerEvent(nextEmail(), "c-9"));
    const { data } = expectStatus(
      await shop.api.get<{ data: { action: string; actor: object; changes: { after: object } }[] }>(
        "/v1/audit?limit=100",
      ),
      200,
    ).body;
    const told = data.find(({ action }) => action === "hook.deliver");
    expect(told).toMatchObject({
      actor: { memberId: shop.memberId, hookId: hook.id, apiKeyId: null },
      resource: { type: "hook", id: hook.id },
      changes: { after: { deliveryId: body.id, outcome: "invited" } },
    });
    expect(
      data
        .filter(({ actor }) => "hookId" in actor && actor.hookId === hook.id)
        .map(({ action }) => action)
        .sort(),
    ).toEqual(["hook.deliver", "invitation.send", "member.create"]);
  });
});

const AT = { pointer: "/created", as: "time" };

describe("a rule that its maker could not do now", () => {
  const invite = (more: object) => ({
    typeAt: "/type",
    rules: [
      JOIN_MAPPING.rules[1],
      { when: { type: "x" }, then: { ...JOIN_MAPPING.rules[0]?.then, ...more } },
    ],
  });
  const save = (who: Person, mapping: object) =>
    who.api.post<Record<string, unknown>>(
      "/v1/hooks",
      { name: "Shop", scheme: "standard", mapping },
      { idempotencyKey: newIdempotencyKey() },
    );
  const act = (then: object) => ({ typeAt: "/type", rules: [{ when: { type: "x" }, then }] });

  test("is refused when it is saved, and named", async () => {
    const maker = await newMember(fetch, owner, { roles: ["member"], rights: MAY });
    for (const more of [
      { roles: ["admin"] },
      { roles: ["member"] },
      { roles: [], rights: ["audit.view"] },
      { roles: [], grants: [{ resourceType: "product", access: "view" }] },
    ]) {
      const answer = await save(maker, invite(more));
      expect([more, said(answer), answer.body["rule"]]).toEqual([more, "403 access/denied", 1]);
    }
    expectStatus(await save(maker, invite({ roles: [], rights: ["member.view"] })), 201);
    await rights(maker, ["hook.view", "hook.edit", "member.view", "member.create"]);
    expect(said(await save(maker, act({ action: "block", externalId: { pointer: "/id" } })))).toBe(
      "403 access/denied",
    );
  });

  test.each([
    ["grant_credits", { accountId: { pointer: "/account" }, kind: "top_up", amount: { value: 5 } }],
    ["set_plan", { accountId: { pointer: "/account" }, plan: { restrictedAccounts: true }, at: AT }],
    ["set_subscription", { accountId: { pointer: "/account" }, status: { value: "active" }, at: AT }],
  ])("%s is the platform account's", async (action, then) => {
    for (const kind of ["team", "vendor", "seller", "dealer", "agency"]) {
      expect([
        kind,
        said(await save(await createSubscribedAccount(platform, kind), act({ action, ...then }))),
      ]).toEqual([kind, "403 access/denied"]);
    }
  });

  test("a role that is none is a fault of the mapping", async () => {
    const answer = await save(owner, invite({ roles: ["pope"] }));
    expect([said(answer), answer.body["errors"]]).toEqual([
      "422 validation",
      [{ pointer: "/mapping/rules/1/then/roles/0", detail: expect.any(String) }],
    ]);
  });
});
