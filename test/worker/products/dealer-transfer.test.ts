import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { type Api, expectStatus } from "../../harness/client.ts";
import { newAccount, newMember } from "../../harness/people.ts";
import { createDealer, type DealerFixture, createDealerKey, createObjectTree } from "./dealer-fixture.ts";
import { fetch, createPlatform, listIds, createObject, said } from "../access/operators-fixture.ts";

let platform: Api;
let world: DealerFixture;
beforeAll(async () => {
  platform = await createPlatform();
  world = await createDealer(platform);
});

const at = (accountId: string) => ({ headers: { "tollgate-account": accountId } });
const transfer = (who: Api, objectId: string, accountId: string, fromAccountId?: string) =>
  who.post(`/v1/objects/${objectId}/transfer`, {
    accountId,
    ...(fromAccountId === undefined ? {} : { fromAccountId }),
  });

describe("an object is handed over to a sub-dealer", () => {
  it("S3.44, S3.50 with all below it: gone here, there for the sub-dealer, seen from above", async () => {
    const { manager, subdealer, groups } = world;
    const { object, key, request, sos } = await createObjectTree(manager, groups.G);
    expectStatus(await transfer(manager.api, object, subdealer.accountId), 200);
    for (const path of [`objects/${object}`, `keys/${key}`, `requests/${request}`, `sos-licenses/${sos}`])
      expect(said(await manager.api.get(`/v1/${path}`)), path).toBe("404 not-found");
    expect(expectStatus(await subdealer.api.get(`/v1/objects/${object}`), 200).body).toMatchObject({
      id: object,
      groupId: "all",
      ownerId: subdealer.memberId,
      corporationId: null,
    });
    expectStatus(await manager.api.get(`/v1/objects/${object}`, at(subdealer.accountId)), 200);
    expectStatus(await manager.api.get(`/v1/requests/${request}`, at(subdealer.accountId)), 200);
    expectStatus(
      await subdealer.api.post(`/v1/keys/${key}/licenses`, { days: 30 }, { idempotencyKey: "from-below" }),
      201,
    );
  });

  it("and is taken back", async () => {
    const { manager, subdealer, groups } = world;
    const { object, key } = await createObjectTree(manager, groups.G);
    expectStatus(await transfer(manager.api, object, subdealer.accountId), 200);
    expectStatus(await transfer(manager.api, object, manager.accountId, subdealer.accountId), 200);
    expect(expectStatus(await manager.api.get(`/v1/keys/${key}`), 200).body["groupId"]).toBe("all");
    expect(said(await subdealer.api.get(`/v1/objects/${object}`))).toBe("404 not-found");
    expect(await listIds(subdealer.api, "objects")).not.toContain(object);
  });

  it("both trails tell of it", async () => {
    const { manager, subdealer, groups } = world;
    const { object } = await createObjectTree(manager, groups.G);
    expectStatus(await transfer(manager.api, object, subdealer.accountId), 200);
    const trail = expectStatus(
      await manager.api.get<{ data: object[] }>(`/v1/audit?action=object.transfer&resourceId=${object}`),
      200,
    ).body.data;
    expect(trail).toMatchObject([
      {
        outcome: "success",
        changes: { before: { accountId: manager.accountId }, after: { accountId: subdealer.accountId } },
      },
    ]);
  });
});

describe("no member hands over what is not theirs to give, or to an account they do not see", () => {
  it("needs the right to remove objects: a dealer user is refused, others do not see it", async () => {
    const { people, subdealer, inG, inH } = world;
    expect(said(await transfer(people.dealer_user.api, inG.object, subdealer.accountId))).toBe(
      "403 access/denied",
    );
    expect(said(await transfer(people.dealer_user.api, inH.object, subdealer.accountId))).toBe(
      "403 access/denied",
    );
    expect(said(await transfer(subdealer.api, world.below.object, world.manager.accountId))).toBe(
      "403 access/denied",
    );
  });

  it("the right to remove objects of one group reaches no other groups or sub-dealers", async () => {
    const { manager, subdealer, groups, inG, inH } = world;
    const helper = await newMember(fetch, manager, { roles: ["dealer_user"], rights: ["object.delete"] });
    expectStatus(
      await manager.api.put(`/v1/members/${helper.memberId}/object-groups`, { groupIds: [groups.G] }),
      200,
    );
    expect(said(await transfer(helper.api, inH.object, subdealer.accountId))).toBe("404 not-found");
    expect(said(await transfer(helper.api, inG.object, subdealer.accountId))).toBe("404 not-found");
    expect(said(await transfer(helper.api, world.below.object, manager.accountId, subdealer.accountId))).toBe(
      "404 not-found",
    );
  });

  it("another dealer, its sub-dealers, and other accounts are not there, at either end", async () => {
    const { manager, other, inG, elsewhere } = world;
    const foreign = await newAccount(fetch, platform, "subdealer", { parentId: other.accountId });
    for (const accountId of [other.accountId, foreign.accountId, "acc_none", ""]) {
      expect(said(await transfer(manager.api, inG.object, accountId)), accountId).toBe("404 not-found");
      expect(
        said(await transfer(manager.api, elsewhere.object, manager.accountId, accountId)),
        accountId,
      ).toBe("404 not-found");
    }
    expectStatus(await manager.api.get(`/v1/objects/${inG.object}`), 200);
    expectStatus(await other.api.get(`/v1/objects/${elsewhere.object}`), 200);
  });

  it("to where it is already is no transfer: no way out of a group", async () => {
    const { manager, groups, inG } = world;
    const helper = await newMember(fetch, manager, { roles: ["dealer_user"], rights: ["object.delete"] });
    expectStatus(
      await manager.api.put(`/v1/members/${helper.memberId}/object-groups`, { groupIds: [groups.G] }),
      200,
    );
    for (const who of [helper, manager])
      expect(said(await transfer(who.api, inG.object, manager.accountId))).toBe("422 validation");
    expect(expectStatus(await manager.api.get(`/v1/objects/${inG.object}`), 200).body["groupId"]).toBe(
      groups.G,
    );
  });

  it("the address rules of both ends hold", async () => {
    const { manager } = world;
    const guarded = await newAccount(fetch, platform, "subdealer", { parentId: manager.accountId });
    const { object } = await createObjectTree(manager, "all");
    expectStatus(await transfer(manager.api, object, guarded.accountId), 200);
    await env.DB.prepare(
      "UPDATE account SET allowed_ips = '[\"192.0.2.0/24\"]', version = version + 1 WHERE id = ?",
    )
      .bind(guarded.accountId)
      .run();
    expect(said(await transfer(manager.api, object, manager.accountId, guarded.accountId))).toBe(
      "403 ip/not-allowed",
    );
    expect(
      said(await transfer(manager.api, (await createObjectTree(manager, "all")).object, guarded.accountId)),
    ).toBe("403 ip/not-allowed");
  });

  it("sent again under its key it is answered the same, though the object has gone", async () => {
    const { manager, subdealer } = world;
    const { object } = await createObjectTree(manager, "all");
    const send = () =>
      manager.api.post(
        `/v1/objects/${object}/transfer`,
        { accountId: subdealer.accountId },
        { idempotencyKey: `transfer-${object}` },
      );
    const first = expectStatus(await send(), 200);
    const again = expectStatus(await send(), 200);
    expect([again.body, again.headers.get("idempotency-replayed")]).toEqual([first.body, "true"]);
  });

  it("a serial number that the sub-dealer has already stays where it is: nothing moves", async () => {
    const { manager, subdealer, groups } = world;
    const twin = await createObject(manager, "objects", { name: "Twin", groupId: groups.G });
    const key = await createDealerKey(manager, twin, { serial: "TWICE" });
    expectStatus(await transfer(manager.api, twin, subdealer.accountId), 200);
    const second = await createObject(manager, "objects", { name: "Second", groupId: groups.G });
    await createDealerKey(manager, second, { serial: "twice" });
    expect(said(await transfer(manager.api, second, subdealer.accountId))).toBe("409 conflict/duplicate");
    expectStatus(await manager.api.get(`/v1/objects/${second}`), 200);
    expect(said(await manager.api.get(`/v1/keys/${key}`))).toBe("404 not-found");
  });

  it.each([{}, { accountId: 1 }, { accountId: null, more: true }])(
    "%j is a fault of the body",
    async (body) => {
      expect(said(await world.manager.api.post(`/v1/objects/${world.inG.object}/transfer`, body))).toMatch(
        /^4(?:22 validation|04 not-found)$/,
      );
    },
  );
});
