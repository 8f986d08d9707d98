import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type Api,
  api,
  newIdempotencyKey,
  expectStatus,
  type Problem,
  type Reply,
} from "../../harness/client.ts";
import { giveCredits, newMember, newToken, type Person } from "../../harness/people.ts";
import {
  OTHER_IP,
  fetch,
  createPlatform,
  HOME_IP,
  said,
  createSubscribedAccount,
} from "./operators-fixture.ts";

let platform: Api;
/** The account's owner, and so an admin. */
let owner: Person;

beforeAll(async () => {
  platform = await createPlatform();
});
beforeEach(async () => {
  owner = await createSubscribedAccount(platform, "team");
});

type Card = {
  id: string;
  roles: string[];
  rights: string[];
  status: string;
  creditLimit: number | null;
  version: number;
  allowedIps: string[];
};
const keyed = () => ({ idempotencyKey: newIdempotencyKey() });
const ANY = { ifMatch: "*" };
const NO = "403 access/denied";
const add = (roles: readonly string[], more: object = {}) => newMember(fetch, owner, { roles, ...more });
const patch = (who: Person, whom: Person, body: object, ask: object = ANY) =>
  who.api.patch<Card>(`/v1/members/${whom.memberId}`, body, ask);
const card = async (whom: Person) =>
  expectStatus(await owner.api.get<Card>(`/v1/members/${whom.memberId}`), 200).body;
const person = (more: object) => ({
  firstName: "Nina",
  lastName: "New",
  email: `nina-${newIdempotencyKey()}@example.com`,
  ...more,
});

describe("roles", () => {
  test("S1.6 roles of active and blocked members change at any time; one admin always stays", async () => {
    const member = await add(["viewer"]);
    expectStatus(await patch(owner, member, { roles: ["member"] }), 200);
    expectStatus(await owner.api.post(`/v1/members/${member.memberId}/block`), 200);
    expect(expectStatus(await patch(owner, member, { roles: ["admin"] }), 200).body).toMatchObject({
      roles: ["admin"],
      status: "blocked",
    });
    for (const roles of [["member"], [], ["viewer"]])
      expect(said(await patch(owner, owner, { roles })), String(roles)).toBe("409 conflict/last-admin");
    expect(said(await patch(owner, owner, { roles: ["ghost"] }))).toBe("422 validation");
    expect((await card(owner)).roles).toEqual(["admin"]);
  });

  test("S1.7, S1.33 the next call obeys a changed role, with the same key and token", async () => {
    const member = await add(["admin"]);
    const callers = [member.api, api(fetch, await newToken(fetch, member.apiKey))];
    const status = async () => Promise.all(callers.map(async (who) => said(await who.get("/v1/members"))));
    expect(await status()).toEqual(["200", "200"]);
    for (let round = 0; round < 5; round += 1) {
      expectStatus(await patch(owner, member, { roles: ["viewer"] }), 200);
      expect(await status()).toEqual([NO, NO]);
      expectStatus(await patch(owner, member, { roles: ["admin"] }), 200);
      expect(await status()).toEqual(["200", "200"]);
    }
  });

  test("S1.33 rights come from the role and change with it alone", async () => {
    const member = await add(["viewer"]);
    const rights = async () =>
      expectStatus(await member.api.get<{ rights: string[] }>("/v1/me"), 200).body.rights;
    expect(await rights()).toEqual(["catalog.view", "license.view", "report.download"]);
    expectStatus(await patch(owner, member, { roles: ["member"] }), 200);
    expect(await rights()).toEqual([
      "api_key.revoke",
      "api_key.view",
      "audit.view",
      "catalog.view",
      "credits.spend",
      "credits.view",
      "license.provision",
      "license.view",
      "theme.download",
    ]);
    expectStatus(await patch(owner, member, { roles: ["member", "viewer"] }), 200);
    expect(await rights()).toContain("report.download");
  });

  test("S1.14 an admin gives roles; a member and a viewer none; no one a role above their own", async () => {
    const [admin, member, viewer] = [await add(["admin"]), await add(["member"]), await add(["viewer"])];
    for (const who of [member, viewer]) {
      for (const whom of [who, viewer, owner])
        expect(said(await patch(who, whom, { roles: ["admin"] }))).toBe(NO);
      expect(said(await who.api.post("/v1/members", person({ roles: ["viewer"] }), keyed()))).toBe(NO);
    }
    // With the right to edit members, but without a role that may give any.
    expectStatus(
      await patch(owner, member, {
        rights: ["member.create", "member.edit", "member.view", "member.block", "grant.edit"],
      }),
      200,
    );
    for (const roles of [["admin"], ["member"], ["viewer"]]) {
      expect(said(await member.api.post("/v1/members", person({ roles }), keyed())), String(roles)).toBe(NO);
    }
    for (const whom of [member, viewer, admin]) {
      expect(said(await patch(member, whom, { roles: ["admin"] }))).toBe(NO);
      expect(said(await patch(member, whom, { firstName: "Changed" }))).toBe(NO);
      expect(said(await member.api.post(`/v1/members/${whom.memberId}/block`))).toBe(NO);
      expect(said(await member.api.put(`/v1/members/${whom.memberId}/grants`, { grants: [] }))).toBe(NO);
    }
    expectStatus(await patch(admin, viewer, { roles: ["admin"] }), 200);
    expect([(await card(member)).roles, (await card(admin)).roles]).toEqual([["member"], ["admin"]]);
  });

  test("S1.6 of two admins who demote each other at once, one does: never both, never none", async () => {
    for (let round = 0; round < 5; round += 1) {
      const [one, two] = [await add(["admin"]), await add(["admin"])];
      const answers = [
        await Promise.all([patch(one, two, { roles: ["viewer"] }), patch(two, one, { roles: ["viewer"] })]),
      ]
        .flat()
        .map(said)
        .sort();
      expect(answers).toEqual(["200", NO]);
      expect([await card(one), await card(two)].map(({ roles }) => roles[0]).sort()).toEqual([
        "admin",
        "viewer",
      ]);
    }
  });

  test("S1.6 the last admin stays, also where another owns the account: no demotion, no block", async () => {
    const [one, two] = [await add(["admin"]), await add(["admin"])];
    await env.DB.prepare(
      "UPDATE account SET owner_member_id = 'mem_gone', version = version + 1 WHERE id = ?",
    )
      .bind(owner.accountId)
      .run();
    expectStatus(await patch(one, owner, { roles: ["viewer"] }), 200);
    const answers = await Promise.all([
      patch(one, one, { roles: ["viewer"] }),
      patch(two, two, { roles: ["viewer"] }),
    ]);
    expect(answers.map(said).sort()).toEqual(["200", "409 conflict/last-admin"]);
    const last = said(answers[0]) === "200" ? two : one;
    expect(said(await patch(last, last, { roles: ["member"] }))).toBe("409 conflict/last-admin");
    expect(said(await last.api.post(`/v1/members/${last.memberId}/block`))).toBe("409 conflict/lockout");
    const { results } = await env.DB.prepare(
      "SELECT id FROM member WHERE account_id = ? AND status = 'active' AND roles LIKE '%admin%'",
    )
      .bind(owner.accountId)
      .all();
    expect(results).toEqual([{ id: last.memberId }]);
  });

  test("S1.6 the account's owner is not demoted or blocked by another admin either", async () => {
    const admin = await add(["admin"]);
    expect(said(await patch(admin, owner, { roles: ["member"] }))).toBe("409 conflict/last-admin");
    expect(said(await admin.api.post(`/v1/members/${owner.memberId}/block`))).toBe("409 conflict/last-admin");
    expect(await card(owner)).toMatchObject({ roles: ["admin"], status: "active" });
  });
});

describe("the audit log", () => {
  test("S1.16, S1.38 exists: an admin reads all rows, a member their own, a viewer none", async () => {
    const [member, viewer] = [await add(["member"]), await add(["viewer"])];
    for (const who of [member, viewer]) expect(said(await who.api.get("/v1/members"))).toBe(NO);
    const actors = async (who: Person) => {
      const { body } = expectStatus(
        await who.api.get<{ data: { actor: { memberId: string } }[] }>("/v1/audit?limit=100"),
        200,
      );
      return [...new Set(body.data.map(({ actor }) => actor.memberId))].sort();
    };
    const all = await actors(owner);
    for (const { memberId } of [owner, member, viewer]) expect(all).toContain(memberId);
    expect(await actors(member)).toEqual([member.memberId]);
    expect(said(await viewer.api.get("/v1/audit"))).toBe(NO);
    expect(said(await member.api.get(`/v1/audit?actor=${owner.memberId}`))).toBe("200");
    expect(
      expectStatus(await member.api.get<{ data: [] }>(`/v1/audit?actor=${owner.memberId}`), 200).body.data,
    ).toEqual([]);
  });
});

describe("addresses that would lock one out", () => {
  test("409 on one's card and account, unless one's address is among them or it is confirmed", async () => {
    const account = `/v1/accounts/${owner.accountId}`;
    for (const change of [
      (body: object) => patch(owner, owner, body),
      (body: object) => owner.api.patch<Card>(account, body, ANY),
    ]) {
      expect(said(await change({ allowedIps: [OTHER_IP] }))).toBe("409 conflict/lockout");
      expect(said(await change({ allowedIps: ["2001:db8::/32"] }))).toBe("409 conflict/lockout");
      expect(said(await change({ allowedIps: ["0.0.0.0/0"] }))).toBe("422 validation");
      expect(
        expectStatus(await change({ allowedIps: [OTHER_IP, `${HOME_IP}/24`] }), 200).body.allowedIps.length,
      ).toBe(2);
      expectStatus(await change({ allowedIps: [] }), 200);
    }
    const other = await add(["member"]);
    expectStatus(await patch(owner, other, { allowedIps: [OTHER_IP] }), 200);
    expect(said(await other.api.get("/v1/me"))).toBe("403 ip/not-allowed");
    expectStatus(await patch(owner, owner, { allowedIps: [OTHER_IP], confirmLockout: true }), 200);
    expect(said(await owner.api.get("/v1/me"))).toBe("403 ip/not-allowed");
    expectStatus(await owner.api.get("/v1/me", { ip: OTHER_IP }), 200);
  });
});

describe("If-Match and Idempotency-Key", () => {
  test("a change names the version: 428 without, 412 with an old one, and nothing is written", async () => {
    const member = await add(["viewer"]);
    const { headers, body: before } = expectStatus(
      await owner.api.get<Card>(`/v1/members/${member.memberId}`),
      200,
    );
    const read = headers.get("etag") ?? "";
    expect(said(await patch(owner, member, { roles: ["member"] }, {}))).toBe("428 precondition-required");
    expect(said(await patch(owner, member, { roles: ["member"] }, { ifMatch: '"0"' }))).toBe(
      "412 precondition-failed",
    );
    expect(await card(member)).toEqual(before);
    const changed = expectStatus(await patch(owner, member, { roles: ["member"] }, { ifMatch: read }), 200);
    expect(changed.headers.get("etag")).toBe(`"${before.version + 1}"`);
    expect(said(await patch(owner, member, { roles: ["admin"] }, { ifMatch: read }))).toBe(
      "412 precondition-failed",
    );
    const two = await Promise.all(
      [1, 2].map(() =>
        patch(owner, member, { position: "Lead" }, { ifMatch: changed.headers.get("etag") ?? "" }),
      ),
    );
    expect(two.map(said).sort()).toEqual(["200", "412 precondition-failed"]);
  });

  test("a repeated creation gets the same answer, also at once; another body is refused", async () => {
    const [key, body] = [keyed(), person({ roles: ["member"] })];
    const [first, second] = await Promise.all(
      [1, 2].map(() => owner.api.post<Card>("/v1/members", body, key)),
    );
    expect([first?.status, second?.status, second?.body]).toEqual([201, 201, first?.body]);
    const third = expectStatus(await owner.api.post<Card>("/v1/members", body, key), 201);
    expect([third.body, third.headers.get("idempotency-replayed")]).toEqual([first?.body, "true"]);
    expect(said(await owner.api.post("/v1/members", { ...body, firstName: "Other" }, key))).toBe(
      "422 idempotency/mismatch",
    );
    expect(said(await owner.api.post("/v1/members", body, keyed()))).toBe("409 conflict/duplicate-member");
    const admin = await add(["admin"]);
    expectStatus(await admin.api.post("/v1/members", person({}), key), 201);
  });

  test("of several who add the same person, or the last one that the plan allows, one succeeds", async () => {
    const twin = person({ roles: ["viewer"] });
    const twins = await Promise.all(
      Array.from({ length: 4 }, () => owner.api.post("/v1/members", twin, keyed())),
    );
    expect(twins.map(said).sort()).toEqual(["201", ...Array(3).fill("409 conflict/duplicate-member")]);
    expectStatus(
      await platform.put(`/v1/accounts/${owner.accountId}/plan`, {
        restrictedAccounts: true,
        memberLimit: 3,
      }),
      200,
    );
    const last = await Promise.all(
      Array.from({ length: 4 }, () => owner.api.post("/v1/members", person({ roles: ["viewer"] }), keyed())),
    );
    expect(last.map(said).sort()).toEqual(["201", ...Array(3).fill("409 conflict/member-limit")]);
  });

  test("rights are decided before a repeated call is answered", async () => {
    const admin = await add(["admin"]);
    const [key, body] = [keyed(), person({ roles: ["member"] })];
    expectStatus(await admin.api.post("/v1/members", body, key), 201);
    expectStatus(await patch(owner, admin, { roles: ["viewer"] }), 200);
    expect(said(await admin.api.post("/v1/members", body, key))).toBe(NO);
  });
});

describe("credits of a member (`member` stands for the specialist)", () => {
  const spend = (who: Person, amount: number) =>
    who.api.post<Record<string, unknown> & Partial<Problem>>("/v1/credits/spend", { amount }, keyed());
  const numbers = async (who: Person) =>
    expectStatus(
      await who.api.get<{ spent: number; remaining: number; balance?: number }>("/v1/credits"),
      200,
    ).body;
  const limit = (whom: Person, creditLimit: unknown): Promise<Reply<Card>> =>
    patch(owner, whom, { creditLimit });
  beforeEach(() => giveCredits(platform, owner.accountId, 100));

  test("S4.20 a limit is a whole number from 0 on, and goes with the roles that may have one", async () => {
    const [member, admin, viewer] = [await add(["member"]), await add(["admin"]), await add(["viewer"])];
    for (const creditLimit of [0, 10, null])
      expect(expectStatus(await limit(member, creditLimit), 200).body.creditLimit).toBe(creditLimit);
    for (const creditLimit of [-1, 1.5, "10", Number.MAX_SAFE_INTEGER + 1])
      expect(said(await limit(member, creditLimit)), String(creditLimit)).toBe("422 validation");
    for (const whom of [admin, viewer, owner]) {
      expect(said(await limit(whom, 10))).toBe("422 validation");
      expectStatus(await limit(whom, null), 200);
    }
    for (const roles of [["admin"], ["viewer"], []]) {
      expect(
        said(await owner.api.post("/v1/members", person({ roles, creditLimit: 10 }), keyed())),
        String(roles),
      ).toBe("422 validation");
    }
    expectStatus(await limit(member, 10), 200);
    expect(expectStatus(await patch(owner, member, { roles: ["viewer"] }), 200).body.creditLimit).toBeNull();
  });

  test("S4.21 of 100 spends at once ⌊limit/cost⌋ succeed, and a refusal charges nothing", async () => {
    const member = await add(["member"], { creditLimit: 25 });
    const answers = await Promise.all(Array.from({ length: 100 }, () => spend(member, 2)));
    expect(answers.filter(({ status }) => status === 201).length).toBe(12);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(new Set(refused.map(said))).toEqual(new Set(["402 credits/member-limit-exceeded"]));
    expect(refused[0]?.body).toMatchObject({ required: 2, limit: 25, spent: 24, remaining: 1 });
    expect([await numbers(member), (await numbers(owner)).balance]).toEqual([
      expect.objectContaining({ spent: 24, remaining: 1 }),
      76,
    ]);
    expectStatus(await spend(member, 1), 201);
    expect(said(await spend(member, 1))).toBe("402 credits/member-limit-exceeded");
  });

  test("S4.22 a member's spend is charged to the account's balance, in the member's name", async () => {
    const [one, two] = [await add(["member"]), await add(["member"], { creditLimit: 50 })];
    expectStatus(await spend(one, 30), 201);
    expectStatus(await spend(two, 20), 201);
    expect((await numbers(owner)).balance).toBe(50);
    const { data } = expectStatus(
      await owner.api.get<{ data: { memberId: string; amount: number; kind: string }[] }>(
        "/v1/credits/ledger",
      ),
      200,
    ).body;
    expect(
      data.filter(({ kind }) => kind === "spend").map(({ memberId, amount }) => [memberId, amount]),
    ).toEqual([
      [two.memberId, -20],
      [one.memberId, -30],
    ]);
    expect(
      expectStatus(
        await one.api.get<{ data: { memberId: string }[] }>("/v1/credits/ledger"),
        200,
      ).body.data.map(({ memberId }) => memberId),
    ).toEqual([one.memberId]);
  });

  test("S4.23 without a limit a member may spend all that the account has", async () => {
    const member = await add(["member"]);
    expect(await numbers(member)).toMatchObject({ limit: null, remaining: 100 });
    expectStatus(await spend(owner, 40), 201);
    expect(await numbers(member)).toMatchObject({ remaining: 60 });
    expectStatus(await spend(member, 60), 201);
    expect(said(await spend(member, 1))).toBe("402 credits/insufficient-balance");
  });
});
