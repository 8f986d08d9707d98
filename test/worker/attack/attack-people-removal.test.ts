import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newMember } from "../../harness/people.ts";
import { fetchInterruptedAt } from "../resources/charge-fixture.ts";
import { type DealerFixture, createDealer } from "../products/dealer-fixture.ts";
import { fetch, createPlatform, createSubscribedAccount } from "../access/operators-fixture.ts";

let platform: Api;
let world: DealerFixture;
beforeAll(async () => {
  platform = await createPlatform();
  world = await createDealer(platform);
}, 120_000);

interface Told {
  readonly action: string;
  readonly resource: { readonly type: string; readonly id: string | null };
  readonly changes: { readonly before: Record<string, unknown>; readonly after: object } | null;
}

/** What the trail tells since the member was removed, the newest first. */
async function toldSince(who: Api): Promise<Told[]> {
  const { data } = expectStatus(await who.get<{ data: Told[] }>("/v1/audit?limit=50"), 200).body;
  return data.slice(
    0,
    data.findIndex(({ action }) => action === "member.delete"),
  );
}

test("the trail has a license that ends, and an object that passes to the owner, at a removal", async () => {
  const {
    manager,
    people: { aggregator },
    own,
    platform: admin,
  } = world;
  const license = expectStatus(
    await admin.post<{ id: string }>(
      `/v1/accounts/${manager.accountId}/aggregator-licenses`,
      { memberId: aggregator.memberId, name: "L" },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  ).body.id;
  await env.DB.prepare(
    `UPDATE member
     SET roles = '[]', rights = '[]', object_group_ids = '[]', status = 'blocked', version = version + 1
     WHERE id = ?`,
  )
    .bind(aggregator.memberId)
    .run();
  expectStatus(await manager.api.del(`/v1/members/${aggregator.memberId}`), 204);
  const { results } = await env.DB.prepare("SELECT id, owner_id FROM resource WHERE id IN (?, ?)")
    .bind(license, own.object)
    .all();
  expect(results).toEqual([{ id: own.object, owner_id: manager.memberId }]);
  const told = (await toldSince(manager.api)).filter(({ resource }) =>
    [license, own.object].includes(resource.id ?? ""),
  );
  expect(told.map(({ action, resource, changes }) => [action, resource.id, changes])).toEqual(
    expect.arrayContaining([
      ["aggregator_license.revoke", license, { before: { ownerId: aggregator.memberId }, after: {} }],
      [
        "object.edit",
        own.object,
        { before: { ownerId: aggregator.memberId }, after: { ownerId: manager.memberId } },
      ],
    ]),
  );
  expect(told).toHaveLength(2);
});

/** Licenses as they lie in the store, from the number `from` on. */
const give = (accountId: string, memberId: string, count: number, from = 1) =>
  env.DB.prepare(`
  INSERT INTO resource
    (id, account_id, type, owner_id, name, status, attributes, version, created_by, created_at, updated_at)
  WITH RECURSIVE n (i) AS (SELECT ?4 UNION ALL SELECT i + 1 FROM n WHERE i < ?4 + ?3 - 1)
  SELECT printf('lic_%s_%04d', ?2, i), ?1, 'license', ?2, 'L', 'active', '{}', 1, ?2, 1, 1 FROM n`)
    .bind(accountId, memberId, count, from)
    .run();

const toldOf = async (accountId: string, action: string): Promise<Told[]> => {
  const { results } = await env.DB.prepare(
    `SELECT event FROM audit_outbox WHERE account_id = ?1
     UNION ALL SELECT body FROM audit_event WHERE account_id = ?1`,
  )
    .bind(accountId)
    .all<{ event: string }>();
  return results.map(({ event }) => JSON.parse(event) as Told).filter((event) => event.action === action);
};

test.each([50, 120])(
  "%i licenses that become the owner's stand there, one by one or together",
  async (count) => {
    const owner = await createSubscribedAccount(platform, "team");
    const member = await newMember(fetch, owner, { roles: ["member"] });
    await give(owner.accountId, member.memberId, count);
    expectStatus(await owner.api.del(`/v1/members/${member.memberId}`), 204);
    expect(
      await env.DB.prepare("SELECT count(*) AS n FROM resource WHERE account_id = ? AND owner_id = ?")
        .bind(owner.accountId, owner.memberId)
        .first("n"),
    ).toBe(count);
    const told = await toldOf(owner.accountId, "license.edit");
    expect(told).toHaveLength(count > 50 ? 1 : count);
    const ids = told.flatMap(({ resource, changes }) =>
      resource.id === null ? (changes?.before["ids"] as string[]) : [resource.id],
    );
    expect(new Set(ids).size).toBe(count);
  },
);

test("what comes to the member while the removal is under way is handed over and told, too", async () => {
  const owner = await createSubscribedAccount(platform, "team");
  for (const step of [1, 2, 3, 4, 5, 6]) {
    const member = await newMember(fetch, owner, { roles: ["member"] });
    await give(owner.accountId, member.memberId, 1);
    expectStatus(
      await owner.api
        .via(fetchInterruptedAt(step, async () => void (await give(owner.accountId, member.memberId, 1, 2))))
        .del(`/v1/members/${member.memberId}`),
      204,
    );
    const { results } = await env.DB.prepare(
      "SELECT id FROM resource WHERE owner_id = ?1 AND created_by = ?2 ORDER BY id",
    )
      .bind(owner.memberId, member.memberId)
      .all<{ id: string }>();
    const told = (await toldOf(owner.accountId, "license.edit")).filter(
      ({ changes }) => changes?.before["ownerId"] === member.memberId,
    );
    expect([step, told.map(({ resource }) => resource.id).sort()]).toEqual([
      step,
      results.map(({ id }) => id),
    ]);
  }
});
