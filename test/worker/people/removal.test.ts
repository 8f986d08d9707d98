import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { sha256Hex } from "../../../src/kernel/digest.ts";
import {
  type Api,
  api,
  newIdempotencyKey,
  expectStatus,
  type Problem,
  type Reply,
} from "../../harness/client.ts";
import { fillLogins } from "../../harness/logins.ts";
import { mailsTo } from "../../harness/mailbox.ts";
import { newAccount, newMemberWithoutKey, newMember, newToken, type Person } from "../../harness/people.ts";
import { listActions } from "../products/dealer-fixture.ts";
import { addMemberByPlatform } from "./invite-fixture.ts";
import {
  OTHER_IP,
  fetch,
  createPlatform,
  replaceGrants,
  HOME_IP,
  createObject,
  said,
  comparableRefusal,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

let platform: Api;
beforeAll(async () => {
  platform = await createPlatform();
});

const remove = (who: Api, memberId: string, ask: object = {}) => who.del(`/v1/members/${memberId}`, ask);
const blocking = ({ body }: Reply<unknown>) => (body as { blocking?: string[] }).blocking;
const NAMED_BY = ["access_grant", "api_key", "session", "hook", "invitation", "assessment"];
/** Rows that name a member and must go with it. */
const left = async (memberId: string) =>
  Promise.all(
    NAMED_BY.map(async (table) => [
      table,
      (
        await env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE member_id = ?`)
          .bind(memberId)
          .first<{ n: number }>()
      )?.n,
    ]),
  );

describe("a team", () => {
  let admin: Person;
  beforeAll(async () => {
    admin = await createSubscribedAccount(platform, "team");
  });

  test("S1.13: an admin adds and removes a member; keys and tokens end, no row names them", async () => {
    const member = await newMember(fetch, admin, {
      roles: ["member"],
      email: "gone@example.com",
      externalId: "hr-1",
    });
    await replaceGrants(admin, member.memberId, [{ resourceType: "product", access: "view" }]);
    const token = api(fetch, await newToken(fetch, member.apiKey));
    await newWaitingKey(admin, member);
    await rowsOf(member);
    expectStatus(
      await platform.put(`/v1/accounts/${admin.accountId}/members/${member.memberId}/assessments/2025`, {
        result: "A",
      }),
      200,
    );
    for (const who of [member.api, token]) expectStatus(await who.get("/v1/me"), 200);
    expect((await left(member.memberId)).filter(([, rows]) => rows === 0)).toEqual([]);

    expect(expectStatus(await remove(admin.api, member.memberId), 204).body).toBeUndefined();
    for (const who of [member.api, token])
      expect(said(await who.get("/v1/me"))).toBe("401 auth/invalid-credential");
    expect(await left(member.memberId)).toEqual(NAMED_BY.map((table) => [table, 0]));
    expect(
      await env.DB.prepare("SELECT count(*) AS n FROM delivery WHERE hook_id = 'hok_1'").first("n"),
    ).toBe(0);
    expect([
      said(await admin.api.get(`/v1/members/${member.memberId}`)),
      said(await remove(admin.api, member.memberId)),
    ]).toEqual(["404 not-found", "404 not-found"]);
    const former = await env.DB.prepare("SELECT * FROM former_member WHERE account_id = ?")
      .bind(admin.accountId)
      .all();
    expect(former.results.map((row) => [row["known_by"], row["member_id"]]).sort()).toEqual(
      [sha256Hex("external id hr-1"), sha256Hex("gone@example.com")]
        .sort()
        .map((name) => [name, member.memberId]),
    );
    expect(JSON.stringify(former.results)).not.toContain("gone@");
    expect(
      (await listActions(admin.api, "member.delete")).map(({ resource, outcome, changes }) => [
        resource.id,
        outcome,
        changes,
      ]),
    ).toEqual([
      [member.memberId, "failed", null],
      [
        member.memberId,
        "success",
        {
          before: expect.objectContaining({ email: "gone@example.com", roles: ["member"], status: "active" }),
          after: {},
        },
      ],
    ]);
    // The rows of what they did stay in the trail.
    expect(
      expectStatus(await admin.api.get<{ data: object[] }>(`/v1/audit?actor=${member.memberId}`), 200).body
        .data.length,
    ).toBeGreaterThan(0);
  });

  test("a member who comes back and goes again is remembered by every name", async () => {
    for (const externalId of ["hr-2", "hr-3", null]) {
      const { memberId } = await newMember(fetch, admin, {
        roles: ["viewer"],
        email: "again@example.com",
        externalId,
      });
      expectStatus(await remove(admin.api, memberId), 204);
    }
    const known = async (name: string) =>
      env.DB.prepare("SELECT count(*) AS n FROM former_member WHERE account_id = ? AND known_by = ?")
        .bind(admin.accountId, sha256Hex(name))
        .first("n");
    expect([
      await known("again@example.com"),
      await known("external id hr-2"),
      await known("external id hr-3"),
    ]).toEqual([3, 1, 1]);
  });

  test("every address of a removed member is remembered: card, invitation, sign-in", async () => {
    const member = await newMember(fetch, admin, { roles: ["viewer"], email: "invited@example.com" });
    await env.DB.prepare(
      "INSERT INTO user (id, email, created_at) VALUES ('usr_2', 'signs-in@example.com', 1)",
    ).run();
    await env.DB.prepare(
      "UPDATE member SET email = 'card@example.com', user_id = 'usr_2', version = version + 1 WHERE id = ?",
    )
      .bind(member.memberId)
      .run();
    expectStatus(await remove(admin.api, member.memberId), 204);
    const { results } = await env.DB.prepare("SELECT known_by AS hash FROM former_member WHERE member_id = ?")
      .bind(member.memberId)
      .all<{ hash: string }>();
    expect(results.map(({ hash }) => hash).sort()).toEqual(
      ["invited@example.com", "card@example.com", "signs-in@example.com"].map(sha256Hex).sort(),
    );
  });

  test("K5 a member who joined gets a mail, also one who unsubscribed", async () => {
    const [told, quiet, fresh] = [
      `told-${newIdempotencyKey()}@example.com`,
      `quiet-${newIdempotencyKey()}@example.com`,
      `fresh-${newIdempotencyKey()}@example.com`,
    ];
    const people = [
      (await newMember(fetch, admin, { roles: ["viewer"], email: told, language: "ru" })).memberId,
      (await newMember(fetch, admin, { roles: ["viewer"], email: quiet, notifications: { access: false } }))
        .memberId,
      await createObject(admin, "members", {
        firstName: "Frida",
        lastName: "Fresh",
        email: fresh,
        roles: ["viewer"],
      }),
    ];
    for (const memberId of people) expectStatus(await remove(admin.api, memberId), 204);
    const lettersTo = async (address: string) =>
      (await mailsTo(fetch, address))
        .map(({ template }) => template)
        .filter((template) => template !== "sign_in");
    expect(await Promise.all([told, quiet, fresh].map(lettersTo))).toEqual([["security"], ["security"], []]);
  });

  test("S1.13: an admin removes neither the account's owner nor themselves", async () => {
    const other = await newMember(fetch, admin, { roles: ["admin"] });
    expect(said(await remove(admin.api, admin.memberId))).toBe("409 conflict/last-admin");
    expect(said(await remove(other.api, admin.memberId))).toBe("409 conflict/last-admin");
    expect(said(await remove(other.api, other.memberId))).toBe("409 conflict/lockout");
    expectStatus(await remove(admin.api, other.memberId), 204);
  });

  test("the last active holder of the top role stays, also under another owner", async () => {
    const account = await createSubscribedAccount(platform, "team");
    const [one, two] = [
      await newMember(fetch, account, { roles: ["admin"] }),
      await newMember(fetch, account, { roles: ["admin"] }),
    ];
    // An owner who has not joined yet does not count as a holder.
    await env.DB.prepare("UPDATE member SET status = 'new', version = version + 1 WHERE id = ?")
      .bind(account.memberId)
      .run();
    const asked = await Promise.all([remove(one.api, two.memberId), remove(two.api, one.memberId)]);
    const answers = asked.map(said).sort();
    expect(answers[0]).toBe("204");
    expect(["401 auth/invalid-credential", "409 conflict/last-admin"]).toContain(answers[1]);
    expect(
      await env.DB.prepare("SELECT count(*) AS n FROM member WHERE account_id = ? AND status = 'active'")
        .bind(account.accountId)
        .first("n"),
    ).toBe(1);
  });

  test("without the right, the power, the account or a fresh ETag no member is removed", async () => {
    const [member, viewer] = [
      await newMember(fetch, admin, { roles: ["member"] }),
      await newMember(fetch, admin, { roles: ["viewer"] }),
    ];
    const stranger = await createSubscribedAccount(platform, "team");
    const clerk = await newMember(fetch, admin, { rights: ["member.view", "member.delete"] });
    expect([
      said(await remove(member.api, viewer.memberId)),
      said(await remove(clerk.api, viewer.memberId)),
    ]).toEqual(["403 access/denied", "403 access/denied"]);
    expect(comparableRefusal(await remove(stranger.api, member.memberId))).toBe(
      comparableRefusal(await remove(stranger.api, `mem_${"0".repeat(26)}`)),
    );
    expect(said(await remove(admin.api, member.memberId, { ifMatch: '"99"' }))).toBe(
      "412 precondition-failed",
    );
    for (const query of ["tasks=delete", "tasks=transfer", "tasks=keep", "tasks=", "force=1"])
      expect(said(await admin.api.del(`/v1/members/${member.memberId}?${query}`))).toBe("422 validation");
    const { headers } = expectStatus(await admin.api.get(`/v1/members/${member.memberId}`), 200);
    expectStatus(await remove(admin.api, member.memberId, { ifMatch: headers.get("etag") ?? "" }), 204);
  });

  test("a removed member's licenses pass to the owner, not to the next of the same name", async () => {
    const member = await newMember(fetch, admin, { roles: ["member"] });
    const themeId = await createObject({ api: platform }, "catalog", {
      name: "Aurora",
      vendor: "Nordlys",
      priceCredits: 0,
    });
    const license = await createObject(member, "licenses", { themeId });
    expectStatus(await remove(admin.api, member.memberId), 204);
    expect(
      await env.DB.prepare("SELECT owner_id, created_by FROM resource WHERE id = ?").bind(license).first(),
    ).toEqual({ owner_id: admin.memberId, created_by: member.memberId });
  });

  test("removing one reads what goes with them, however many others the account has", async () => {
    const crowd = await createSubscribedAccount(platform, "team");
    await fillLogins(env.DB, crowd.accountId, 2, 3_000);
    const each = (sql: string) =>
      env.DB.prepare(`${sql} FROM member WHERE account_id = ?`).bind(crowd.accountId).run();
    await each(
      `INSERT INTO api_key (id, account_id, member_id, created_by, name, created_at)
        SELECT 'key_' || id, account_id, id, id, 'k', 1`,
    );
    await each(
      `INSERT INTO assessment (account_id, member_id, year, result, at, written_by)
        SELECT account_id, id, 2025, 'A', 1, id`,
    );
    await each(
      `INSERT INTO access_grant (member_id, resource_type, resource_id, access, account_id)
        SELECT id, 'theme', '0', 'view', account_id`,
    );
    await each(
      `INSERT INTO invitation (id, account_id, kind, member_id, email, status,
          expires_at, invited_by, created_at, updated_at)
        SELECT 'inv_' || id, account_id, 'email', id, email, 'accepted', 1, id, 1, 1`,
    );
    await each(
      `INSERT INTO hook (id, account_id, member_id, name, scheme,
          secret, secret_at, mapping, created_at, updated_at)
        SELECT 'hok_' || id, account_id, id, 'h', 'stripe', 's', 1, '{}', 1, 1`,
    );
    const one = await env.DB.prepare("SELECT id FROM member WHERE account_id = ? AND login = '2000'")
      .bind(crowd.accountId)
      .first<string>("id");
    const { meta } = await env.DB.prepare("DELETE FROM member WHERE id = ?").bind(one).run();
    expect(meta.rows_read).toBeLessThan(50);
  });

  test("a key that a removed member made for another is claimed no more; custom roles stay", async () => {
    const [leaver, member] = [
      await newMember(fetch, admin, { roles: ["admin"] }),
      await newMemberWithoutKey(admin, { roles: ["member"] }),
    ];
    const { claim } = expectStatus(
      await leaver.api.post<{ claim: { token: string } }>(
        `/v1/members/${member.memberId}/api-keys`,
        { name: "late" },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body;
    const role = await createObject(leaver, "roles", { name: "Support" });
    expectStatus(await remove(admin.api, leaver.memberId), 204);
    expect(
      (await api(fetch, null).post("/v1/auth/claims", { token: claim.token })).status,
    ).toBeGreaterThanOrEqual(400);
    expectStatus(await admin.api.get(`/v1/roles/${role}`), 200);
  });
});

/** One that waits beside the member's own, as a row of old may. */
const newWaitingKey = (admin: Person, { memberId, accountId }: Person) =>
  env.DB.prepare(`INSERT INTO api_key
  (id, account_id, member_id, created_by, name, claim_state, claim_hash, claim_expires_at, created_at)
  VALUES ('key_waits', ?, ?, ?, 'waits', 'told', 'hash of a claim', 9999999999999, 1)`)
    .bind(accountId, memberId, admin.memberId)
    .run();

/** A session and a hook with a delivery, as sign-in and hooks leave them. */
async function rowsOf({ memberId, accountId }: Person): Promise<void> {
  await env.DB.batch([
    env.DB.prepare("INSERT INTO user (id, email, created_at) VALUES ('usr_1', 'gone@example.com', 1)"),
    env.DB.prepare(
      `INSERT INTO session (id, account_id, member_id, user_id, kid, expires_at, created_at, refreshed_at)
        VALUES ('ses_1', ?, ?, 'usr_1', 'k', 1, 1, 1)`,
    ).bind(accountId, memberId),
    env.DB.prepare(
      `INSERT INTO hook (id, account_id, member_id, name, scheme,
          secret, secret_at, mapping, created_at, updated_at)
        VALUES ('hok_1', ?, ?, 'Shop', 'standard', 's', 1, '{}', 1, 1)`,
    ).bind(accountId, memberId),
    env.DB.prepare(
      `INSERT INTO delivery (hook_id, id, message_id, digest, outcome, created_at, updated_at)
        VALUES ('hok_1', 'dlv_1', 'm', 'd', 'done', 1, 1)`,
    ),
  ]);
}

describe("S2.23: where a member is emptied first", () => {
  test("a marketplace: 409 says what is left; a blocked and empty member is removed for good", async () => {
    const admin = await createSubscribedAccount(platform, "seller");
    const agent = await newMember(fetch, admin, { roles: ["support_agent"] });
    const path = `/v1/members/${agent.memberId}`;
    expect(blocking(expectStatus(await remove(admin.api, agent.memberId), 409))).toEqual(["status", "roles"]);
    const refused = expectStatus(await remove(admin.api, agent.memberId), 409).body as unknown as Problem;
    expect(refused.code).toBe("conflict/not-removable");
    const organization = (await newAccount(fetch, platform, "customer_org", { parentId: admin.accountId }))
      .accountId;
    await replaceGrants(admin, agent.memberId, [
      { resourceType: "organization", resourceId: organization, access: "view" },
    ]);
    expectStatus(await admin.api.patch(path, { rights: ["audit.view"] }, { ifMatch: "*" }), 200);
    expectStatus(await admin.api.post(`${path}/block`), 200);
    expect(blocking(expectStatus(await remove(admin.api, agent.memberId), 409))).toEqual([
      "roles",
      "rights",
      "grants",
    ]);
    expectStatus(await admin.api.patch(path, { roles: [], rights: [] }, { ifMatch: "*" }), 200);
    expect(blocking(expectStatus(await remove(admin.api, agent.memberId), 409))).toEqual(["grants"]);
    await replaceGrants(admin, agent.memberId, []);
    expectStatus(await remove(admin.api, agent.memberId), 204);
    expect(said(await agent.api.get("/v1/me"))).toBe("401 auth/invalid-credential");
    // The 409 beside the removal: the first at once, its repeats within the minute as one.
    expect(
      (await listActions(admin.api, "member.delete")).map(({ outcome, changes }) => [
        outcome,
        changes === null,
      ]),
    ).toEqual([
      ["success", false],
      ["failed", true],
    ]);
  });

  test("a dealer: object groups are in the way too, and an unblock that comes first wins", async () => {
    const manager = await newAccount(fetch, platform, "dealer");
    const user = await newMember(fetch, manager, { roles: ["dealer_user"] });
    const path = `/v1/members/${user.memberId}`;
    expectStatus(await manager.api.put(`${path}/object-groups`, { groupIds: ["all"] }), 200);
    expectStatus(await manager.api.post(`${path}/block`), 200);
    expectStatus(await manager.api.patch(path, { roles: [] }, { ifMatch: "*" }), 200);
    expect(blocking(expectStatus(await remove(manager.api, user.memberId), 409))).toEqual(["objectGroups"]);
    expectStatus(await manager.api.put(`${path}/object-groups`, { groupIds: [] }), 200);
    expectStatus(await manager.api.post(`${path}/unblock`), 200);
    expect(blocking(expectStatus(await remove(manager.api, user.memberId), 409))).toEqual(["status"]);
    expectStatus(await manager.api.post(`${path}/block`), 200);
    expectStatus(await remove(manager.api, user.memberId), 204);
  });

  test("an account with operators, from any address that may call", async () => {
    const owner = await createSubscribedAccount(platform, "vendor");
    const operator = await newMember(fetch, owner, { roles: ["operator"] });
    expect(blocking(expectStatus(await remove(owner.api, operator.memberId), 409))).toEqual([
      "status",
      "roles",
    ]);
    await replaceGrants(owner, operator.memberId, [{ resourceType: "product", access: "view" }]);
    expectStatus(await owner.api.post(`/v1/members/${operator.memberId}/block`), 200);
    // The plan that operators need has lapsed: they can still be emptied.
    expectStatus(
      await platform.put(`/v1/accounts/${owner.accountId}/plan`, {
        restrictedAccounts: false,
        memberLimit: null,
        contactUrl: null,
      }),
      200,
    );
    await replaceGrants(owner, operator.memberId, []);
    expectStatus(
      await owner.api.patch(`/v1/members/${operator.memberId}`, { roles: [] }, { ifMatch: "*" }),
      200,
    );
    expectStatus(await remove(owner.api, operator.memberId, { ip: OTHER_IP }), 204);
    expect(HOME_IP).not.toBe(OTHER_IP);
  });

  test("K11 the owner removes an aggregator whose role no manager gives, and gets the objects", async () => {
    const manager = await newAccount(fetch, platform, "dealer");
    const aggregator = await addMemberByPlatform(fetch, platform, manager.accountId, ["aggregator"]);
    expect(blocking(expectStatus(await remove(manager.api, aggregator.memberId), 409))).toEqual(["status"]);
    const objectId = await createObject(manager, "objects", { name: "Shop", groupId: "all" });
    expectStatus(
      await manager.api.put(`/v1/objects/${objectId}/owner`, { memberId: aggregator.memberId }),
      200,
    );
    const license = await createObject(
      { api: platform },
      `accounts/${manager.accountId}/aggregator-licenses`,
      {
        memberId: aggregator.memberId,
        name: "WS",
      },
    );
    expectStatus(await manager.api.post(`/v1/members/${aggregator.memberId}/block`), 200);
    expectStatus(await remove(manager.api, aggregator.memberId), 204);
    expect(
      expectStatus(await manager.api.get<{ ownerId: string }>(`/v1/objects/${objectId}`), 200).body.ownerId,
    ).toBe(manager.memberId);
    expect(await env.DB.prepare("SELECT id FROM resource WHERE id = ?").bind(license).first()).toBeNull();
  });
});
