import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { accountObjectOf } from "../../../src/credits/account-stub.object.ts";
import { sweepCharges } from "../../../src/resources/charge-sweep.change.ts";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import {
  giveCredits,
  newAccount,
  newApiKey,
  newMember,
  newToken,
  type Person,
  activateSubscription,
} from "../../harness/people.ts";
import { fetch, createPlatform, statusOf } from "../gate/identity-fixture.ts";

let platform: Api;
let owner: Person;
beforeAll(async () => {
  platform = await createPlatform();
});
beforeEach(async () => {
  owner = await newAccount(fetch, platform, "team");
});

const RESTORED = "503 state/restored";
const log = async <
  Row = {
    action: string;
    actor: { login: string | null };
    ip: string | null;
    changes: { after: Record<string, never> } | null;
  },
>(
  who: Api,
  query = "",
) => expectStatus(await who.get<{ data: Row[] }>(`/v1/audit?limit=100${query}`), 200).body.data;
const verify = async (who: Api) =>
  expectStatus(
    await who.get<{ ok: boolean; erased: number; firstFault: { seq: number; fault: string } | null }>(
      "/v1/audit/verify",
    ),
    200,
  ).body;
const run = (sql: string, ...values: unknown[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .run();

/** What an older file of D1 is for the account's chain: its last rows were never written. */
async function putBack({ accountId }: Person, rows: number): Promise<number> {
  const seq =
    Number(
      await env.DB.prepare("SELECT seq FROM audit_head WHERE account_id = ?")
        .bind(accountId)
        .first<number>("seq"),
    ) - rows;
  await env.DB.batch([
    env.DB.prepare("DELETE FROM audit_event WHERE account_id = ? AND seq > ?").bind(accountId, seq),
    env.DB.prepare(`
      UPDATE audit_head SET seq = ?2,
        hash = (SELECT hash FROM audit_event WHERE account_id = ?1 AND seq = ?2),
        ledger_seq = (SELECT coalesce(max(ledger_seq), 0) FROM audit_event WHERE account_id = ?1)
      WHERE account_id = ?1`).bind(accountId, seq),
  ]);
  return seq;
}

const stateOf = async (accountId: string) =>
  expectStatus(
    await platform.get<{ database: { seq: number; hash: string }; lost: object | null }>(
      `/v1/accounts/${accountId}/restored-state`,
    ),
    200,
  ).body;
const accept = async (accountId: string) =>
  platform.post(`/v1/accounts/${accountId}/restored-state/accept`, {
    ...(await stateOf(accountId)).database,
    reason: "restored",
  });

describe("K9 S1.38 an older copy of D1 stops the account at the next sealing", () => {
  test("the sealing of a call marks it; calls then answer 503, and other accounts go on", async () => {
    const other = await newAccount(fetch, platform, "team");
    await activateSubscription(platform, owner.accountId);
    await giveCredits(platform, owner.accountId, 5);
    const token = await newToken(fetch, owner.apiKey);
    const made = expectStatus(
      await platform.post<{ id: string; claim: { token: string } }>(
        `/v1/accounts/${owner.accountId}/members`,
        { roles: ["admin"], email: `${newIdempotencyKey()}@example.com`, firstName: "A", lastName: "B" },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body;
    await log(owner.api);
    await putBack(owner, 2);
    expect(statusOf(await owner.api.get("/v1/audit"))).toBe(RESTORED);
    for (const answer of [
      await owner.api.get("/v1/me"),
      await api(fetch, token).get("/v1/members"),
      await owner.api.post("/v1/auth/token"),
      await owner.api.get("/v1/audit/verify"),
      await api(fetch, null).post("/v1/auth/claims", { token: made.claim.token }),
      await owner.api.post("/v1/credits/spend", { amount: 1 }, { idempotencyKey: newIdempotencyKey() }),
      await platform.post(
        `/v1/accounts/${owner.accountId}/credits`,
        { kind: "top_up", amount: 1 },
        { idempotencyKey: newIdempotencyKey() },
      ),
    ])
      expect(statusOf(answer)).toBe(RESTORED);
    expect(statusOf(await other.api.get("/v1/me"))).toBe("200");
    expectStatus(await accept(owner.accountId), 200);
    expect(statusOf(await owner.api.get("/v1/me"))).toBe("200");
    expect(await verify(owner.api)).toMatchObject({ ok: true });
  });

  test("a priced change that was accepted waits, and is paid once after the acceptance", async () => {
    const agency = await newAccount(fetch, platform, "agency");
    await activateSubscription(platform, agency.accountId);
    await giveCredits(platform, agency.accountId, 1_000);
    const tool = expectStatus(
      await platform.post<{ id: string }>(
        "/v1/tools",
        { key: `t-${newIdempotencyKey()}`, name: "T", createCost: 5, updateCost: 2 },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body.id;
    await log(agency.api);
    const head = await env.DB.prepare(
      "SELECT seq, hash, ledger_seq AS ledgerSeq FROM audit_head WHERE account_id = ?",
    )
      .bind(agency.accountId)
      .first<{ seq: number; hash: string; ledgerSeq: number }>();
    if (head === null) throw new Error("the account has no head");
    // Only the object knows yet: the call is admitted, accepted in D1, and not paid.
    await accountObjectOf(env, agency.accountId).refuseUntilAccepted(agency.accountId, head);
    const key = newIdempotencyKey();
    const create = () =>
      agency.api.post("/v1/tasks", { toolId: tool, name: "Task" }, { idempotencyKey: key });
    expect(statusOf(await create())).toBe(RESTORED);
    await sweepCharges(env, 0);
    expect(
      await env.DB.prepare("SELECT status FROM charge WHERE account_id = ?").bind(agency.accountId).all(),
    ).toMatchObject({ results: [{ status: "pending" }] });
    await putBack(agency, 1);
    expect(statusOf(await agency.api.get("/v1/audit"))).toBe(RESTORED);
    expectStatus(await accept(agency.accountId), 200);
    expectStatus(await create(), 201);
    expect((await log<{ cost: number | null }>(agency.api, "&action=task.create")).length).toBe(1);
  });

  test("the platform, while its own state waits, reads, ends access and accepts, nothing else", async () => {
    const {
      account: { id: accountId },
    } = expectStatus(await platform.get<{ account: { id: string } }>("/v1/me"), 200).body;
    await log(platform);
    await putBack({ ...owner, accountId }, 1);
    expect(statusOf(await platform.get("/v1/audit"))).toBe("200");
    expect(
      statusOf(
        await platform.put(`/v1/accounts/${owner.accountId}/plan`, {
          restrictedAccounts: true,
          memberLimit: null,
          contactUrl: null,
        }),
      ),
    ).toBe(RESTORED);
    expect(statusOf(await platform.post("/v1/auth/token"))).toBe("200");
    expect(statusOf(await platform.del("/v1/api-keys/key_00000000000000000000000000"))).toBe("404 not-found");
    expect(statusOf(await accept(owner.accountId))).toBe("409 conflict/state");
    expectStatus(await accept(accountId), 200);
    expect(
      statusOf(
        await platform.put(`/v1/accounts/${owner.accountId}/plan`, {
          restrictedAccounts: true,
          memberLimit: null,
          contactUrl: null,
        }),
      ),
    ).toBe("200");
    expect(await verify(platform)).toMatchObject({ ok: true });
  });

  test("a crash between the object and D1: the same command finishes and shows the same gap", async () => {
    await log(owner.api);
    await putBack(owner, 1);
    expect(statusOf(await owner.api.get("/v1/audit"))).toBe(RESTORED);
    const { database, lost } = await stateOf(owner.accountId);
    await accountObjectOf(env, owner.accountId).acceptRestored(owner.accountId, {
      ...database,
      ledgerSeq: 0,
    });
    expect(statusOf(await owner.api.get("/v1/me"))).toBe(RESTORED);
    expect(expectStatus(await accept(owner.accountId), 200).body).toMatchObject({ lost });
    expect(
      (await log(owner.api, "&action=account.accept_restored")).map(({ changes }) => changes?.after["lost"]),
    ).toEqual([lost]);
    expect(await verify(owner.api)).toMatchObject({ ok: true });
  });
});

describe("K9 S1.38 personal values go by an erasure only", () => {
  let member: Person;
  beforeEach(async () => {
    member = await newMember(fetch, owner, { roles: ["member"], firstName: "Petra", lastName: "Person" });
    expectStatus(await member.api.get("/v1/me", { ip: "192.0.2.9" }), 200);
    expectStatus(await member.api.post("/v1/auth/token", undefined, { ip: "192.0.2.9" }), 200);
    await log(owner.api);
  });
  const erase = (who: Api, body: object = {}) =>
    who.post<{ rows: number; events: string[] }>("/v1/audit/erasures", {
      memberId: member.memberId,
      ...body,
    });
  const remove = async () => {
    const card = expectStatus(await owner.api.get(`/v1/members/${member.memberId}`), 200);
    return statusOf(
      await owner.api.del(`/v1/members/${member.memberId}`, { ifMatch: card.headers.get("etag") ?? "" }),
    );
  };
  const faultOf = async () => (await verify(owner.api)).firstFault?.fault ?? null;

  test.each([
    ["all of them", "UPDATE audit_event SET personal = '{}' WHERE account_id = ?"],
    [
      "one value, as an erasure leaves it",
      `UPDATE audit_event SET personal = json_set(personal, '$."/actor/email"', NULL)
        WHERE account_id = ? AND seq = 2`,
    ],
    [
      "one value and its place",
      `UPDATE audit_event SET personal = json_remove(personal, '$."/actor/email"')
        WHERE account_id = ? AND seq = 2`,
    ],
  ])("blanked by hand, %s: verify names it", async (_, sql) => {
    expect(await faultOf()).toBeNull();
    await run(sql, owner.accountId);
    expect(await faultOf()).toBe("personal-erased");
  });

  test("an erasure takes the removed member's values only; verify finds any other gap", async () => {
    expect(statusOf(await erase(owner.api))).toBe("409 conflict/state");
    expect(await remove()).toBe("204");
    const answer = expectStatus(await erase(owner.api, { reason: "asked for" }), 200).body;
    expect(answer.events.length).toBe(1);
    const text = JSON.stringify(await log(owner.api));
    for (const word of ["Petra", "Person", "192.0.2.9"]) expect(text).not.toContain(word);
    expect(text).toContain("Olga");
    expect(await verify(owner.api)).toMatchObject({ ok: true, erased: answer.rows });
    expect(expectStatus(await erase(owner.api), 200).body).toMatchObject({ rows: 0, events: [] });
    await run(
      `UPDATE audit_event SET personal = '{}'
        WHERE account_id = ? AND seq = (SELECT max(seq) FROM audit_event WHERE account_id = ?1)`,
      owner.accountId,
    );
    expect(await faultOf()).toBe("personal-erased");
  });

  test("an erasure that the account's object does not know excuses nothing", async () => {
    expect(await remove()).toBe("204");
    const { events } = expectStatus(await erase(owner.api), 200).body;
    const object = accountObjectOf(env, owner.accountId);
    await object.erase(owner.accountId, member.memberId, { id: events[0] ?? "", digest: "another" });
    expect(await faultOf()).toBe("personal-erased");
  });

  test("only the account's top role and the platform erase, and each in the trail of both", async () => {
    const vendor = await newAccount(fetch, platform, "vendor");
    await activateSubscription(platform, vendor.accountId);
    const [operator, deleting] = [
      await newMember(fetch, vendor, { roles: ["operator"] }),
      await newMember(fetch, vendor, { roles: ["operator"], rights: ["member.delete"] }),
    ];
    const stranger = await newAccount(fetch, platform, "team");
    expect(await remove()).toBe("204");
    for (const [who, more, refused] of [
      [operator.api, {}, "403 access/denied"],
      [deleting.api, {}, "403 access/denied"],
      [stranger.api, { accountId: owner.accountId }, "403 access/denied"],
      [platform, { accountId: "acc_00000000000000000000000000" }, "404 not-found"],
      [owner.api, { memberId: 5 }, "422 validation"],
    ] as const)
      expect(statusOf(await erase(who, more))).toBe(refused);
    expect(
      expectStatus(await erase(platform, { accountId: owner.accountId }), 200).body.rows,
    ).toBeGreaterThan(0);
    for (const who of [owner.api, platform])
      expect((await log(who, "&action=audit.erase&outcome=success")).length).toBe(1);
    expect(await verify(owner.api)).toMatchObject({ ok: true });
    expect(
      JSON.stringify(await accountObjectOf(env, owner.accountId).entriesAfter(owner.accountId, 0, 10)),
    ).not.toContain("Petra");
  });

  test("a text of a tenant that looks like a digest is no erased value", async () => {
    const vendor = await newAccount(fetch, platform, "vendor");
    expectStatus(
      await vendor.api.post(
        "/v1/products",
        { name: `sha256:${"0".repeat(64)}` },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    );
    expect(await verify(vendor.api)).toMatchObject({ ok: true, erased: 0 });
    await newApiKey(fetch, vendor, vendor.memberId);
  });
});
