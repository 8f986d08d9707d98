import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { PRESETS } from "../../../src/access/model.ts";
import { RIGHT_NAMES } from "../../../src/access/right.ts";
import { type Api, api, newIdempotencyKey, expectStatus, type Reply } from "../../harness/client.ts";
import { newApiKey, newMemberWithoutKey, newMember, type Person } from "../../harness/people.ts";
import {
  listActions,
  actingIn,
  postOnce,
  type DealerFixture,
  createDealer,
  createDealerKey,
  createObjectTree,
} from "./dealer-fixture.ts";
import { fetchWithDelayedWrite } from "../gate/delayed-write.ts";
import { addMemberByPlatform } from "../people/invite-fixture.ts";
import {
  fetch,
  createPlatform,
  HOME_IP,
  listIds,
  createObject,
  said,
  comparableRefusal,
} from "../access/operators-fixture.ts";

let platform: Api;
let world: DealerFixture;
beforeAll(async () => {
  platform = await createPlatform();
  world = await createDealer(platform);
}, 120_000);

const groupsOf = async (memberId: string, groupIds: readonly string[]) =>
  expectStatus(await world.manager.api.put(`/v1/members/${memberId}/object-groups`, { groupIds }), 200);
const rightsOf = async (memberId: string, rights: readonly string[]) =>
  expectStatus(await world.manager.api.patch(`/v1/members/${memberId}`, { rights }, { ifMatch: "*" }), 200);
describe("S3.55 object groups", () => {
  it("S3.55 keep objects, keys, requests, licenses apart; no group is nothing, all everything", async () => {
    const {
      people: { dealer_user: user },
      manager,
      inG,
      own,
      inH,
      groups,
    } = world;
    const sees = async (path: string) => ((await listIds(user.api, path)) as string[]).sort();
    const wanted = { objects: "object", keys: "key", requests: "request", "sos-licenses": "sos" } as const;
    for (const [path, part] of Object.entries(wanted))
      expect(await sees(path)).toEqual([inG[part], own[part]].sort());
    await groupsOf(user.memberId, [groups.H]);
    for (const [path, part] of Object.entries(wanted)) expect(await sees(path)).toEqual([inH[part]]);
    await groupsOf(user.memberId, []);
    for (const path of Object.keys(wanted)) expect(await sees(path)).toEqual([]);
    expect(said(await user.api.get(`/v1/objects/${inH.object}`))).toBe("404 not-found");
    await groupsOf(user.memberId, ["all"]);
    for (const path of Object.keys(wanted))
      expect(await sees(path)).toEqual(((await listIds(manager.api, path)) as string[]).sort());
    await groupsOf(user.memberId, [groups.G]);
  });

  it("S3.55 the objects of one group are listed, as far as they are seen", async () => {
    const {
      manager,
      people: { dealer_user: user, client },
      groups,
      inG,
      own,
      inH,
      inNone,
    } = world;
    const of = async (who: Person, groupId: string) => {
      const ids = await listIds(who.api, `objects?groupId=${groupId}`);
      return typeof ids === "string" ? ids : ids.toSorted();
    };
    expect([await of(manager, groups.G), await of(manager, groups.H)]).toEqual([
      [inG.object, own.object].sort(),
      [inH.object],
    ]);
    expect(await of(manager, "all")).toContain(inNone.object);
    expect([await of(user, groups.G), await of(user, groups.H), await of(user, "all")]).toEqual([
      [inG.object, own.object].sort(),
      [],
      [],
    ]);
    expect([await of(manager, "ogr_01ARZ3NDEKTSV4RRFFQ69G5FAV"), await of(client, groups.G)]).toEqual([
      "404 not-found",
      "404 not-found",
    ]);
    expect(said(await manager.api.get(`/v1/keys?groupId=${groups.G}`))).toBe("422 validation");
  });

  it("S3.55 an object moves with all that is under it, by put and take, and the trail tells", async () => {
    const {
      people: { dealer_user: user },
      manager,
      groups,
    } = world;
    const moving = await createObjectTree(manager, groups.H);
    const parts = [
      ["objects", moving.object],
      ["keys", moving.key],
      ["requests", moving.request],
      ["sos-licenses", moving.sos],
    ] as const;
    const seen = () =>
      Promise.all(parts.map(async ([path, id]) => (await user.api.get(`/v1/${path}/${id}`)).status));
    expect(await seen()).toEqual([404, 404, 404, 404]);
    const before = expectStatus(await manager.api.get<{ version: number }>(`/v1/keys/${moving.key}`), 200)
      .body.version;
    expect(
      expectStatus(
        await manager.api.post<{ groupId: string }>(`/v1/object-groups/${groups.G}/objects`, {
          objectId: moving.object,
        }),
        200,
      ).body.groupId,
    ).toBe(groups.G);
    expect(await seen()).toEqual([200, 200, 200, 200]);
    expect(
      expectStatus(await manager.api.get<{ version: number }>(`/v1/keys/${moving.key}`), 200).body.version,
    ).toBe(before + 1);
    // What is made under it from now on is where it is.
    expect(
      expectStatus(await user.api.get(`/v1/keys/${await createDealerKey(manager, moving.object)}`), 200).body[
        "groupId"
      ],
    ).toBe(groups.G);
    expectStatus(await manager.api.del(`/v1/object-groups/${groups.G}/objects/${moving.object}`), 204);
    expect(await seen()).toEqual([404, 404, 404, 404]);
    expect(said(await manager.api.del(`/v1/object-groups/${groups.G}/objects/${moving.object}`))).toBe(
      "404 not-found",
    );
    const log = expectStatus(
      await manager.api.get<{ data: { action: string; resource: { id: string } }[] }>(
        "/v1/object-log?limit=100",
      ),
      200,
    ).body.data;
    expect(
      log.filter((event) => event.resource.id === moving.object && event.action === "object_group.edit")
        .length,
    ).toBe(2);
  });

  it("S3.55 a move needs sight of both ends, and not the right alone", async () => {
    const {
      people: { dealer_user: user },
      groups,
      inG,
      inH,
    } = world;
    await rightsOf(user.memberId, ["object_group.edit"]);
    const put = (group: string, objectId: string) =>
      user.api.post(`/v1/object-groups/${group}/objects`, { objectId });
    expect(said(await put(groups.G, inH.object))).toBe("404 not-found");
    expect(said(await put(groups.H, inG.object))).toBe("403 access/denied");
    expect(said(await put("all", inG.object))).toBe("403 access/denied");
    expect(said(await user.api.del(`/v1/object-groups/${groups.G}/objects/${inG.object}`))).toBe(
      "403 access/denied",
    );
    expect(said(await put(groups.G, inG.object))).toBe("200");
    await rightsOf(user.memberId, []);
  });

  it("S3.27 a manager chooses any member's groups, also where only the platform edits the card", async () => {
    const {
      people: { subdealer, dealer_user: user },
      manager,
      groups,
    } = world;
    const path = `/v1/members/${subdealer.memberId}`;
    expect(
      expectStatus(
        await manager.api.put<{ objectGroupIds: string[] }>(`${path}/object-groups`, {
          groupIds: [groups.G],
        }),
        200,
      ).body.objectGroupIds,
    ).toEqual([groups.G]);
    expect(said(await manager.api.patch(path, { phone: "1" }, { ifMatch: "*" }))).toBe("403 access/denied");
    // With some groups only, power over the member is needed too.
    await rightsOf(user.memberId, ["object_group.edit", "member.view"]);
    expect(said(await user.api.put(`${path}/object-groups`, { groupIds: [] }))).toBe("403 access/denied");
    await rightsOf(user.memberId, []);
  });

  it('a group goes when nothing is in it and no member has it; "all" never', async () => {
    const {
      manager,
      people: { client },
    } = world;
    const group = await createObject(manager, "object-groups", { name: "Short" });
    const objectId = await createObject(manager, "objects", { name: "In it", groupId: group });
    const remove = async () => said(await manager.api.del(`/v1/object-groups/${group}`));
    expect(await remove()).toBe("409 conflict/not-removable");
    expectStatus(await manager.api.post("/v1/object-groups/all/objects", { objectId }), 200);
    await groupsOf(client.memberId, [world.groups.G, group]);
    expect(await remove()).toBe("409 conflict/not-removable");
    await groupsOf(client.memberId, [world.groups.G]);
    expect(await remove()).toBe("204");
    expect(said(await postOnce(manager.api, "objects", { name: "N", groupId: group }))).toBe("404 not-found");
    expect(said(await manager.api.del("/v1/object-groups/all"))).toBe("404 not-found");
    expect(said(await postOnce(manager.api, "object-groups", { name: "ALL" }))).toBe("422 validation");
    expect(said(await postOnce(manager.api, "object-groups", { name: "g" }))).toBe("409 conflict/duplicate");
  });

  it("nothing is put into a group that goes meanwhile", async () => {
    const { manager } = world;
    const puts: ((who: Api, groupId: string, objectId: string) => Promise<Reply<unknown>>)[] = [
      (who, groupId) =>
        who.post(
          "/v1/objects",
          { name: "Late", groupId },
          { idempotencyKey: newIdempotencyKey(), ip: HOME_IP },
        ),
      (who, groupId, objectId) =>
        who.post(`/v1/object-groups/${groupId}/objects`, { objectId }, { ip: HOME_IP }),
    ];
    for (const put of puts) {
      const [groupId, objectId] = [
        await createObject(manager, "object-groups", { name: newIdempotencyKey() }),
        await createObject(manager, "objects", { name: "Waits" }),
      ];
      let wasHeld = false;
      const held = fetchWithDelayedWrite(async () => {
        expectStatus(await manager.api.del(`/v1/object-groups/${groupId}`), 204);
        wasHeld = true;
      });
      expect([said(await put(manager.api.via(held), groupId, objectId)), wasHeld]).toEqual([
        "404 not-found",
        true,
      ]);
      expect(expectStatus(await manager.api.get(`/v1/objects/${objectId}`), 200).body["groupId"]).toBe("all");
    }
  });

  it("a key made while its object moves is never left behind", async () => {
    const { manager, groups } = world;
    const objectId = await createObject(manager, "objects", { name: "Restless", groupId: groups.G });
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        index % 2 === 0
          ? manager.api.post(`/v1/object-groups/${index % 4 === 0 ? groups.H : groups.G}/objects`, {
              objectId,
            })
          : postOnce(manager.api, "keys", { objectId, serial: newIdempotencyKey() }),
      ),
    );
    const { results } = await env.DB.prepare(
      "SELECT DISTINCT group_id FROM resource WHERE id = ?1 OR root_id = ?1",
    )
      .bind(objectId)
      .all();
    expect(results.length).toBe(1);
  });
});

describe("sub-dealers", () => {
  it("S3.37 S3.38 S3.50 the dealer's own manager sees sub-dealers' objects, requests and users", async () => {
    const { manager, subdealer, other, below } = world;
    const there = actingIn(manager, subdealer.accountId);
    expect(await listIds(there, "objects")).toEqual([below.object]);
    expect(await listIds(there, "requests")).toEqual([below.request]);
    expect(await listIds(there, "members")).toEqual([subdealer.memberId]);
    expect(await listIds(manager.api, "dealers")).toEqual([manager.accountId, subdealer.accountId]);
    const missing = await manager.api.get(`/v1/dealers/acc_01ARZ3NDEKTSV4RRFFQ69G5FAV`);
    expect(comparableRefusal(await manager.api.get(`/v1/dealers/${other.accountId}`))).toBe(
      comparableRefusal(missing),
    );
    expect(said(await actingIn(manager, other.accountId).get("/v1/objects"))).toBe("404 not-found");
    expect(comparableRefusal(await actingIn(manager, other.accountId).get("/v1/objects"))).toBe(
      comparableRefusal(await actingIn(manager, "acc_01ARZ3NDEKTSV4RRFFQ69G5FAV").get("/v1/objects")),
    );
    // The other way round there is nothing either.
    expect(said(await actingIn(subdealer, manager.accountId).get("/v1/objects"))).toBe("404 not-found");
    expect(said(await subdealer.api.get(`/v1/dealers/${manager.accountId}`))).toBe("404 not-found");
  });

  it.each(["dealer_user", "client"] as const)(
    "S3.51 a %s sees them with the right, from the next call on, and no longer without it",
    async (role) => {
      const { people, subdealer, below } = world;
      const there = actingIn(people[role], subdealer.accountId);
      const asks = ["objects", `objects/${below.object}`];
      const answers = () => Promise.all(asks.map(async (path) => (await there.get(`/v1/${path}`)).status));
      expect(await answers()).toEqual([404, 404]);
      for (let round = 0; round < 3; round += 1) {
        await rightsOf(people[role].memberId, ["subdealer.view_entities"]);
        expect(await answers()).toEqual([200, 200]);
        expect(((await listIds(people[role].api, "dealers")) as string[]).includes(subdealer.accountId)).toBe(
          true,
        );
        await rightsOf(people[role].memberId, []);
        expect(await answers()).toEqual([404, 404]);
      }
    },
  );

  it("S3.45 a dealer's data is edited by its manager under If-Match, and told in the trail", async () => {
    const { manager, people } = world;
    const path = `/v1/dealers/${manager.accountId}`;
    const etag = expectStatus(await manager.api.get(path), 200).headers.get("etag") ?? "";
    expect(
      expectStatus(
        await manager.api.patch<{ profile: { city: string } }>(
          path,
          { profile: { city: "Minsk" } },
          { ifMatch: etag },
        ),
        200,
      ).body.profile.city,
    ).toBe("Minsk");
    expect(said(await manager.api.patch(path, { name: "Late" }, { ifMatch: etag }))).toBe(
      "412 precondition-failed",
    );
    expect(said(await manager.api.patch(path, { kind: "platform" }, { ifMatch: "*" }))).toBe(
      "422 validation",
    );
    expect(
      expectStatus(await people.subdealer.api.get<{ profile: { city: string } }>(path), 200).body.profile
        .city,
    ).toBe("Minsk");
    expect(said(await people.subdealer.api.patch(path, { name: "N" }, { ifMatch: "*" }))).toBe(
      "403 access/denied",
    );
    expect((await listActions(manager.api, "dealer.edit")).length).toBeGreaterThan(0);
  });

  it("K6 a dealer's name holds no link", async () => {
    for (const name of ["Refund https://evil.example/r", "evil-site.com/login"]) {
      expect(
        said(
          await world.manager.api.patch(`/v1/dealers/${world.manager.accountId}`, { name }, { ifMatch: "*" }),
        ),
      ).toBe("422 validation");
    }
  });
});

describe("licenses", () => {
  it("S3.46 a license extends the key and writes a request; sub-dealers find the key", async () => {
    const { people, manager, groups } = world;
    const objectId = await createObject(manager, "objects", { name: "Licensed", groupId: groups.G });
    const key = await createDealerKey(manager, objectId);
    const first = expectStatus(
      await postOnce(people.subdealer.api, `keys/${key}/licenses`, { days: 10 }),
      201,
    ).body;
    const second = expectStatus(
      await postOnce(people.dealer_user.api, `keys/${key}/licenses`, { days: 5 }),
      201,
    ).body;
    expect(second["validFrom"]).toBe(first["expiresAt"]);
    expect(Date.parse(String(second["expiresAt"])) - Date.parse(String(first["validFrom"]))).toBe(
      15 * 86_400_000,
    );
    const shown = expectStatus(await people.client.api.get(`/v1/keys/${key}`), 200).body;
    expect(shown["expiresAt"]).toBe(second["expiresAt"]);
    expect(await listIds(manager.api, `requests?keyId=${key}`)).toEqual([second.id, first.id]);
    expect(said(await people.subdealer.api.get(`/v1/keys/${key}`))).toBe("404 not-found");
    for (const days of [0, -1, 1.5, 3_661, "5", null])
      expect(said(await postOnce(manager.api, `keys/${key}/licenses`, { days }))).toBe("422 validation");
    expect(
      said(
        await manager.api.patch(`/v1/keys/${key}`, { expiresAt: "2099-01-01T00:00:00Z" }, { ifMatch: "*" }),
      ),
    ).toBe("422 validation");
    expect(
      (await listActions(manager.api, "key.generate_license")).filter((event) => event.resource.id === key)
        .length,
    ).toBe(2);
    const statuses = [];
    for (let asked = 0; asked < 3; asked += 1)
      statuses.push((await postOnce(manager.api, `keys/${key}/licenses`, { days: 3_660 })).status);
    expect(statuses).toEqual([201, 409, 409]);
  });

  it("licenses that are generated at once add up", async () => {
    const { manager, inG } = world;
    const key = await createDealerKey(manager, inG.object);
    const one = async (): Promise<Record<string, unknown>> => {
      const answer = await postOnce(manager.api, `keys/${key}/licenses`, { days: 1 });
      // Rights or the key changed while it ran: the caller is asked to repeat it.
      return said(answer) === "503 stale" ? one() : expectStatus(answer, 201).body;
    };
    const made = await Promise.all(Array.from({ length: 8 }, one));
    const [from, to] = [
      Math.min(...made.map((each) => Date.parse(String(each["validFrom"])))),
      Math.max(...made.map((each) => Date.parse(String(each["expiresAt"])))),
    ];
    expect(to - from).toBe(8 * 86_400_000);
    expect(
      Date.parse(String(expectStatus(await manager.api.get(`/v1/keys/${key}`), 200).body["expiresAt"])),
    ).toBe(to);
  });

  it("a serial is one key's in its dealer, letter case aside; a key with a history stays", async () => {
    const { manager, other, inG, elsewhere } = world;
    const serial = `A${newIdempotencyKey()}`;
    const key = await createObject(manager, "keys", { objectId: inG.object, serial });
    expect(
      said(await postOnce(manager.api, "keys", { objectId: inG.object, serial: serial.toUpperCase() })),
    ).toBe("409 conflict/duplicate");
    await createObject(other, "keys", { objectId: elsewhere.object, serial });
    expect(await listIds(manager.api, `keys?serial=${serial}`)).toEqual([key]);
    expect(said(await manager.api.del(`/v1/keys/${inG.key}`))).toBe("409 conflict/not-removable");
    expect(said(await manager.api.del(`/v1/objects/${inG.object}`))).toBe("409 conflict/not-removable");
    for (const path of ["requests", "sos-licenses"])
      expect((await manager.api.post(`/v1/${path}`, {})).status).not.toBe(201);
    expect(said(await manager.api.patch(`/v1/requests/${inG.request}`, { days: 1 }, { ifMatch: "*" }))).toBe(
      "405 method-not-allowed",
    );
  });

  it("an object is shown with its corporation and owner; its owner is of the account", async () => {
    const {
      manager,
      other,
      people: { aggregator },
      corporation,
      own,
    } = world;
    const card = expectStatus(
      await manager.api.patch(`/v1/objects/${own.object}`, { corporationId: corporation }, { ifMatch: "*" }),
      200,
    ).body;
    expect([card["corporationId"], card["ownerId"]]).toEqual([corporation, aggregator.memberId]);
    expect(await listIds(manager.api, `objects?corporationId=${corporation}`)).toEqual([own.object]);
    expect(said(await manager.api.del(`/v1/corporations/${corporation}`))).toBe("409 conflict/not-removable");
    for (const memberId of [other.memberId, "mem_01ARZ3NDEKTSV4RRFFQ69G5FAV"])
      expect(said(await manager.api.put(`/v1/objects/${own.object}/owner`, { memberId }))).toBe(
        "404 not-found",
      );
    expect(said(await manager.api.put(`/v1/objects/${own.object}/owner`, { memberId: 1 }))).toBe(
      "422 validation",
    );
    expect(await listIds(aggregator.api, "objects")).toEqual([own.object]);
  });
});

describe("the log keeps object groups apart", () => {
  interface Row {
    readonly action: string;
    readonly actor: { readonly memberId: string };
    readonly resource: { readonly id: string };
  }
  const read = async (who: Api, path: string) =>
    expectStatus(await who.get<{ data: Row[] }>(path), 200).body.data;

  it("others' changes are shown for objects in one's groups only, with a whole or narrow key", async () => {
    const user = await newMember(fetch, world.manager, { roles: ["dealer_user"], rights: ["audit.view"] });
    expectStatus(
      await world.manager.api.put(`/v1/members/${user.memberId}/object-groups`, {
        groupIds: [world.groups.G],
      }),
      200,
    );
    const [inG, inH] = [
      await createObjectTree(world.manager, world.groups.G),
      await createObjectTree(world.manager, world.groups.H),
    ];
    expectStatus(
      await world.manager.api.patch(
        `/v1/objects/${inH.object}`,
        { comments: "secret of H" },
        { ifMatch: "*" },
      ),
      200,
    );
    const narrow = api(
      fetch,
      await newApiKey(fetch, world.manager, user.memberId, { scopes: ["audit.view"] }),
    );
    for (const path of ["/v1/audit?limit=100", "/v1/object-log?limit=100"]) {
      for (const who of [user.api, narrow]) {
        const rows = await read(who, path);
        const told = rows.map(({ resource }) => resource.id);
        expect(told).toEqual(expect.arrayContaining([inG.object, inG.key, inG.sos]));
        expect(Object.values(inH).filter((id) => told.includes(id))).toEqual([]);
        expect(JSON.stringify(rows)).not.toContain("secret of H");
      }
      expect((await read(world.manager.api, path)).map(({ resource }) => resource.id)).toContain(inH.object);
    }
    // A report counts no others either, though it names no member.
    const counted = async (who: Person) =>
      expectStatus(
        await who.api.get<{ rows: { memberId: string | null; action: string; count: number }[] }>(
          "/v1/reports/usage",
        ),
        200,
      ).body.rows.filter(({ action }) => action === "object.edit");
    const reader = await newMember(fetch, world.manager, { roles: ["dealer_user"] });
    const all = () =>
      Promise.all(
        [user, reader, world.manager].map(async (who) =>
          (await counted(who)).reduce((sum, { count }) => sum + count, 0),
        ),
      );
    const [ofGroup, ofNone, ofAll = 0] = await all();
    expectStatus(
      await world.manager.api.patch(`/v1/objects/${inH.object}`, { comments: "again" }, { ifMatch: "*" }),
      200,
    );
    expect([await all(), ofNone]).toEqual([[ofGroup, ofNone, ofAll + 1], 0]);
    // An object that moves to another group takes its past along: members of the old group lose it.
    expectStatus(
      await world.manager.api.post(`/v1/object-groups/${world.groups.H}/objects`, { objectId: inG.object }),
      200,
    );
    expect(
      (await read(user.api, "/v1/audit?limit=100")).filter(({ resource: { id } }) => id === inG.object),
    ).toEqual([]);
  });

  it("without sight of every group, no rights show the paths of others' calls", async () => {
    const rights = RIGHT_NAMES.filter((right) => right.endsWith(".view") && PRESETS.dealer.rights.has(right));
    const add = (groups: object) =>
      addMemberByPlatform(fetch, platform, world.manager.accountId, ["dealer_user"], { rights, ...groups });
    const [some, every] = [await add({}), await add({ objectGroupIds: ["all"] })];
    const callers = async (who: Person) =>
      new Set(
        expectStatus(
          await who.api.get<{ data: { memberId: string }[] }>("/v1/calls?limit=100"),
          200,
        ).body.data.map(({ memberId }) => memberId),
      );
    // The call log comes a moment later.
    await expect
      .poll(
        async () => {
          await callers(some);
          return [...(await callers(every))];
        },
        { timeout: 20_000 },
      )
      .toEqual(expect.arrayContaining([world.manager.memberId, some.memberId]));
    expect(await callers(some)).toEqual(new Set([some.memberId]));
  });

  it("no key is made for a member who holds rights, or sees groups, beyond its maker", async () => {
    const beyond = await addMemberByPlatform(fetch, platform, world.manager.accountId, ["dealer_user"], {
      rights: ["aggregator_license.copy"],
    });
    expect(
      said(await postOnce(world.manager.api, `members/${beyond.memberId}/api-keys`, { name: "k" })),
    ).toBe("403 access/denied");
    const maker = await newMember(fetch, world.manager, {
      roles: [],
      rights: ["api_key.create", "member.view", "object.view"],
    });
    const [near, far] = [
      await newMemberWithoutKey(world.manager, { roles: [], rights: ["object.view"] }),
      await newMemberWithoutKey(world.manager, { roles: [], rights: ["object.view"] }),
    ];
    for (const [who, id] of [
      [maker, world.groups.G],
      [near, world.groups.G],
      [far, world.groups.H],
    ] as const)
      expectStatus(
        await world.manager.api.put(`/v1/members/${who.memberId}/object-groups`, { groupIds: [id] }),
        200,
      );
    expect(said(await postOnce(maker.api, `members/${near.memberId}/api-keys`, { name: "k" }))).toBe("201");
    expect(said(await postOnce(maker.api, `members/${far.memberId}/api-keys`, { name: "k" }))).toBe(
      "403 access/denied",
    );
  });
});
