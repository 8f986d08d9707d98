import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { app } from "../../../src/app.ts";
import { type Api, expectStatus, toReply } from "../../harness/client.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { listActions, postOnce, type DealerFixture, createDealer } from "./dealer-fixture.ts";
import { addMemberByPlatform } from "../people/invite-fixture.ts";
import { fetch, createPlatform, HOME_IP, listIds, said } from "../access/operators-fixture.ts";

let platform: Api;
let world: DealerFixture;
beforeAll(async () => {
  platform = await createPlatform();
  world = await createDealer(platform);
}, 120_000);

describe("aggregator licenses", () => {
  it("S3.61 S3.62 K8 the aggregator alone lists and copies its token, not the platform", async () => {
    const {
      manager,
      people: { aggregator, client },
    } = world;
    const path = `accounts/${manager.accountId}/aggregator-licenses`;
    const issued = expectStatus(
      await postOnce(platform, path, { memberId: aggregator.memberId, name: "WhiteServer" }),
      201,
    ).body;
    expect(JSON.stringify(issued)).not.toMatch(/token|kid/);
    const copy = async (who: Person, id = issued.id) =>
      who.api.post<{ token: string; header: string }>(`/v1/aggregator-licenses/${id}/copy`);
    const first = expectStatus(await copy(aggregator), 200).body;
    expect(first).toEqual({
      token: expect.stringMatching(new RegExp(`^${issued.id}\\.[\\w-]{43}$`)),
      header: "AggregatorAuthentication",
    });
    expect(expectStatus(await copy(aggregator), 200).body).toEqual(first);
    const next = expectStatus(
      await postOnce(platform, path, { memberId: aggregator.memberId, name: "Second" }),
      201,
    ).body;
    expect(expectStatus(await copy(aggregator, next.id), 200).body.token.slice(-43)).not.toBe(
      first.token.slice(-43),
    );
    // K8: no role sees all aggregator licenses, so the top role sees what was done; a client and a user of
    // the dealer are not.
    const copied = expectStatus(
      await manager.api.get<{
        data: { actor: { memberId: string; login: string }; resource: { id: string } }[];
      }>("/v1/audit?action=aggregator_license.copy"),
      200,
    ).body;
    expect(copied.data.map(({ actor }) => actor.memberId)).toEqual(Array(3).fill(aggregator.memberId));
    const { login } = expectStatus(await aggregator.api.get<{ member: { login: string } }>("/v1/me"), 200)
      .body.member;
    expect([...new Set(copied.data.map(({ actor }) => actor.login))]).toEqual([login]);
    expect(login).toMatch(/^\d{4}$/);
    const reader = await newMember(fetch, manager, { roles: ["dealer_user"], rights: ["audit.view"] });
    expect(await listActions(reader.api, "aggregator_license.copy")).toEqual([]);
    const copies = await env.DB.prepare(
      `SELECT COUNT(*) AS n FROM audit_event
       WHERE account_id = ? AND action = 'aggregator_license.copy' AND member_id = ?`,
    )
      .bind(manager.accountId, aggregator.memberId)
      .first("n");
    expect([copies, (await listActions(platform, "aggregator_license.create")).length]).toEqual([3, 2]);
    const { results } = await env.DB.prepare(
      "SELECT attributes FROM resource WHERE type = 'aggregator_license'",
    ).all();
    expect(JSON.stringify(results)).not.toContain(first.token.slice(-43));
    for (const memberId of [client.memberId, world.other.memberId, "x"])
      expect(said(await postOnce(platform, path, { memberId, name: "N" }))).toBe("422 validation");
    const expired = expectStatus(
      await postOnce(platform, path, {
        memberId: aggregator.memberId,
        name: "Old",
        expiresAt: "2020-01-01T00:00:00Z",
      }),
      201,
    ).body;
    expect(said(await copy(aggregator, expired.id))).toBe("409 conflict/state");
    expect(said(await postOnce(manager.api, path, { memberId: aggregator.memberId, name: "N" }))).toBe(
      "403 access/denied",
    );
    const second = await addMemberByPlatform(fetch, platform, manager.accountId, ["aggregator"]);
    expect(said(await copy(second))).toBe("404 not-found");
    expect(await listIds(second.api, "aggregator-licenses")).toEqual([]);
  });

  it("the platform takes a license back, in both trails, and only from the account that has it", async () => {
    const {
      manager,
      other,
      people: { aggregator },
    } = world;
    const { id } = expectStatus(
      await postOnce(platform, `accounts/${manager.accountId}/aggregator-licenses`, {
        memberId: aggregator.memberId,
        name: "Short",
      }),
      201,
    ).body;
    const path = (accountId: string) => `/v1/accounts/${accountId}/aggregator-licenses/${id}`;
    for (const { api } of [manager, aggregator])
      expect(said(await api.del(path(manager.accountId)))).toBe("403 access/denied");
    expect(said(await platform.del(path(other.accountId)))).toBe("404 not-found");
    expectStatus(await platform.del(path(manager.accountId)), 204);
    expect(said(await platform.del(path(manager.accountId)))).toBe("404 not-found");
    expect(said(await aggregator.api.post(`/v1/aggregator-licenses/${id}/copy`))).toBe("404 not-found");
    expect((await listActions(platform, "aggregator_license.revoke")).length).toBe(1);
  });

  it("a token outlives a rotation while its signing key is there; after that it is another", async () => {
    const {
      manager,
      people: { aggregator },
    } = world;
    const { id } = expectStatus(
      await postOnce(platform, `accounts/${manager.accountId}/aggregator-licenses`, {
        memberId: aggregator.memberId,
        name: "Long",
      }),
      201,
    ).body;
    const copy = async (keys: readonly object[]) => {
      const context = createExecutionContext();
      const request = new Request(`http://127.0.0.1:8787/v1/aggregator-licenses/${id}/copy`, {
        method: "POST",
        headers: { authorization: `Bearer ${aggregator.apiKey}`, "cf-connecting-ip": HOME_IP },
      });
      const answer = await toReply<{ token: string }>(
        await app.fetch(request, { ...env, SIGNING_KEYS: JSON.stringify(keys) }, context),
      );
      await waitOnExecutionContext(context);
      return expectStatus(answer, 200).body.token;
    };
    const old = JSON.parse(env.SIGNING_KEYS) as object[];
    const next = { ...old[0], kid: "test-2", d: "another" };
    const first = await copy(old);
    expect(await copy([next, ...old])).toBe(first);
    const second = await copy([next]);
    expect(second).not.toBe(first);
    // It stays with the key that it was made by last.
    expect(await copy([...old, next])).toBe(second);
  });
});
