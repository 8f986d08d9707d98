import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { Permit } from "../../../src/gate/permits/permit.ts";
import { openDb } from "../../../src/kernel/db.ts";
import { insertMember } from "../../../src/people/members/member.store.ts";
import type { MemberRow } from "../../../src/people/members/member.card.ts";
import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { fillLogins } from "../../harness/logins.ts";
import { addMemberByPlatform, newAccount, type Person } from "../../harness/people.ts";
import { listActions, actingIn } from "../products/dealer-fixture.ts";
import { fetch, createPlatform, statusOf } from "../access/operators-fixture.ts";

interface Made {
  readonly id: string;
  readonly login: string | null;
  readonly invitationId: string;
}

let platform: Api;
beforeAll(async () => {
  platform = await createPlatform();
});

let count = 0;
const person = (more: object = {}) => ({
  firstName: "Dora",
  lastName: "Dealer",
  email: `d${(count += 1)}@example.com`,
  roles: ["dealer_user"],
  ...more,
});
const add = (who: Api, more: object = {}, idempotencyKey = newIdempotencyKey()) =>
  who.post<Made>("/v1/members", person(more), { idempotencyKey });
const added = async (who: Api, more: object = {}): Promise<Made> =>
  expectStatus(await add(who, more), 201).body;
/** Blocked, emptied and removed: a login is free only then. */
async function remove(who: Api, id: string): Promise<void> {
  expectStatus(await who.post(`/v1/members/${id}/block`), 200);
  expectStatus(await who.patch(`/v1/members/${id}`, { roles: [] }, { ifMatch: "*" }), 200);
  expectStatus(await who.del(`/v1/members/${id}`), 204);
}
const newDealer = () => newAccount(fetch, platform, "dealer");

describe("S3.9 a login", () => {
  test("is four digits, given in order from 0001 in each account of a dealer or sub-dealer", async () => {
    const dealer = await newDealer();
    expect(expectStatus(await dealer.api.get<Made>(`/v1/members/${dealer.memberId}`), 200).body.login).toBe(
      "0001",
    );
    const logins = [await added(dealer.api), await added(dealer.api, { roles: ["client"] })].map(
      ({ login }) => login,
    );
    const placed = expectStatus(
      await platform.post<Made>(
        `/v1/accounts/${dealer.accountId}/members`,
        person({ roles: ["aggregator"] }),
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body;
    expect([...logins, placed.login]).toEqual(["0002", "0003", "0004"]);
    const below = await newAccount(fetch, platform, "subdealer", { parentId: dealer.accountId });
    const user = expectStatus(
      await platform.post<Made>(`/v1/accounts/${below.accountId}/members`, person({ roles: ["client"] }), {
        idempotencyKey: newIdempotencyKey(),
      }),
      201,
    ).body;
    expect(user.login).toBe("0002");
    expect(
      expectStatus(
        await actingIn(dealer, below.accountId).get<{ data: Made[] }>("/v1/members"),
        200,
      ).body.data.map(({ login }) => login),
    ).toEqual(["0001", "0002"]);
    for (const kind of ["vendor", "team", "seller", "agency"]) {
      const other = await newAccount(fetch, platform, kind);
      expect(
        expectStatus(await other.api.get<Made>(`/v1/members/${other.memberId}`), 200).body.login,
        kind,
      ).toBeNull();
    }
  });

  test("cannot be chosen or changed by any caller", async () => {
    const dealer = await newDealer();
    const { id, login } = await added(dealer.api);
    expect(statusOf(await add(dealer.api, { login: "7777" }))).toBe("422 validation");
    expect(
      statusOf(
        await platform.post(`/v1/accounts/${dealer.accountId}/members`, person({ login: "7777" }), {
          idempotencyKey: newIdempotencyKey(),
        }),
      ),
    ).toBe("422 validation");
    expect(statusOf(await dealer.api.patch(`/v1/members/${id}`, { login: "7777" }, { ifMatch: "*" }))).toBe(
      "422 validation",
    );
    expectStatus(
      await dealer.api.patch(
        `/v1/members/${id}`,
        { username: "Renamed", roles: ["client"] },
        { ifMatch: "*" },
      ),
      200,
    );
    expectStatus(await dealer.api.post(`/v1/members/${id}/block`), 200);
    expectStatus(await dealer.api.post(`/v1/members/${id}/unblock`), 200);
    const { body } = expectStatus(
      await dealer.api.get<Made & { readOnlyFields: string[] }>(`/v1/members/${id}`),
      200,
    );
    expect([body.login, body.readOnlyFields.includes("login")]).toEqual([login, true]);
  });

  test("is the same for the same Idempotency-Key, and is in the trail", async () => {
    const dealer = await newDealer();
    const [key, body] = [newIdempotencyKey(), person()];
    const first = expectStatus(
      await dealer.api.post<Made>("/v1/members", body, { idempotencyKey: key }),
      201,
    );
    await added(dealer.api);
    const again = expectStatus(
      await dealer.api.post<Made>("/v1/members", body, { idempotencyKey: key }),
      201,
    );
    expect([again.body.login, again.body.id, again.headers.get("idempotency-replayed")]).toEqual([
      "0002",
      first.body.id,
      "true",
    ]);
    const told = (await listActions(dealer.api, "member.create")).find(
      ({ resource }) => resource.id === first.body.id,
    );
    expect(told?.changes).toMatchObject({ after: { login: "0002" } });
    expect(
      await env.DB.prepare("SELECT count(*) AS n FROM member WHERE account_id = ?")
        .bind(dealer.accountId)
        .first("n"),
    ).toBe(3);
  });

  test("given to many at once is another for each", async () => {
    const dealer = await newDealer();
    const made = await Promise.all(Array.from({ length: 40 }, () => added(dealer.api)));
    expect(made.map(({ login }) => login).sort()).toEqual(
      Array.from({ length: 40 }, (_, n) => String(n + 2).padStart(4, "0")),
    );
  });
});

describe("S3.52 a dealer with nearly 9,999 members", () => {
  let dealer: Person;
  beforeAll(async () => {
    dealer = await newDealer();
    await fillLogins(env.DB, dealer.accountId, 2, 9_996);
  });

  test("K16 gives the lowest free login again after 9999; the 10,000th member is refused", async () => {
    const early = expectStatus(await dealer.api.get<{ data: Made[] }>("/v1/members?limit=100"), 200).body
      .data;
    const [low, high] = ["0020", "0030"].map(
      (wanted) => early.find(({ login }) => login === wanted)?.id ?? "",
    );
    expectStatus(await dealer.api.del(`/v1/members/${high}`), 204);
    expectStatus(await dealer.api.del(`/v1/members/${low}`), 204);
    const [one, two, three] = [await added(dealer.api), await added(dealer.api), await added(dealer.api)];
    expect([one.login, two.login, three.login]).toEqual(["9997", "9998", "9999"]);
    expect([(await added(dealer.api)).login, (await added(dealer.api)).login]).toEqual(["0020", "0030"]);
    const refused = await add(dealer.api);
    expect([statusOf(refused), (refused.body as unknown as { detail: string }).detail]).toEqual([
      "409 conflict/member-limit",
      expect.stringMatching(/at most 9999 members/),
    ]);
    expect(JSON.stringify(refused.body)).not.toMatch(/plan\b|contact/);
    expectStatus(await dealer.api.post(`/v1/members/${two.id}/block`), 200);
    for (const _ of [1, 2]) expect(statusOf(await add(dealer.api))).toBe("409 conflict/member-limit");
    expect(
      statusOf(
        await platform.post(`/v1/accounts/${dealer.accountId}/members`, person({ roles: ["aggregator"] }), {
          idempotencyKey: newIdempotencyKey(),
        }),
      ),
    ).toBe("409 conflict/member-limit");
    expect(
      await env.DB.prepare("SELECT count(*) AS n FROM member WHERE account_id = ?")
        .bind(dealer.accountId)
        .first("n"),
    ).toBe(9_999);

    // Removed, and taken back before they came: both free the login.
    await remove(dealer.api, one.id);
    expect((await added(dealer.api)).login).toBe("9997");
    expectStatus(await dealer.api.del(`/v1/invitations/${three.invitationId}`), 204);
    expect(statusOf(await dealer.api.get(`/v1/members/${three.id}`))).toBe("404 not-found");
    expect((await added(dealer.api)).login).toBe("9999");
    expect(statusOf(await add(dealer.api))).toBe("409 conflict/member-limit");
  });

  test("a lower limit of the plan counts too", async () => {
    const small = await newDealer();
    expectStatus(
      await platform.put(`/v1/accounts/${small.accountId}/plan`, {
        restrictedAccounts: false,
        memberLimit: 2,
        contactUrl: null,
      }),
      200,
    );
    expect((await added(small.api)).login).toBe("0002");
    expect(statusOf(await add(small.api))).toBe("409 conflict/member-limit");
  });

  test("finds the next login in its index, never in the members themselves", async () => {
    const [insert] = insertMember(
      openDb(env.DB),
      new Permit(["mem_1"]),
      { accountId: dealer.accountId, id: "mem_1" } as MemberRow,
      [],
      true,
    );
    const { sql, params } = (insert as unknown as { toSQL(): { sql: string; params: unknown[] } }).toSQL();
    const plan = (
      await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .bind(...params.map((value) => value ?? null))
        .all<{ detail: string }>()
    ).results.map(({ detail }) => detail);
    const asked = plan.filter((line) => /(?:SCAN|SEARCH) (?:member|taken)/.test(line));
    expect(asked.length).toBeGreaterThanOrEqual(3);
    expect(
      asked.filter((line) => !/SEARCH (?:member|taken) USING COVERING INDEX member_login/.test(line)),
    ).toEqual([]);
  });
});

describe("S3.39 S3.41 who adds members at a dealer", () => {
  test("a manager adds users and clients, but no manager, sub-dealer or aggregator", async () => {
    const dealer = await newDealer();
    for (const role of ["dealer_user", "client"]) expectStatus(await add(dealer.api, { roles: [role] }), 201);
    for (const role of ["dealer_manager", "subdealer", "aggregator"])
      expect(statusOf(await add(dealer.api, { roles: [role] })), role).toBe("403 access/denied");
    for (const role of ["dealer_user", "subdealer", "client", "aggregator"]) {
      const who = await addMemberByPlatform(fetch, platform, dealer.accountId, [role]);
      for (const given of ["dealer_user", "client", role])
        expect(statusOf(await add(who.api, { roles: [given] })), `${role} adds ${given}`).toBe(
          "403 access/denied",
        );
      expect(statusOf(await who.api.del(`/v1/members/${dealer.memberId}`)), role).toBe("403 access/denied");
    }
  });
});
