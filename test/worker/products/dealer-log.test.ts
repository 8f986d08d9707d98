import { beforeAll, describe, expect, it } from "vitest";
import { PRESETS } from "../../../src/access/model.ts";
import { RIGHT_NAMES } from "../../../src/access/right.ts";
import { type Api, api, expectStatus } from "../../harness/client.ts";
import {
  addMemberByPlatform,
  newApiKey,
  newMemberWithoutKey,
  newMember,
  type Person,
} from "../../harness/people.ts";
import { postOnce, type DealerFixture, createDealer, createObjectTree } from "./dealer-fixture.ts";
import { fetch, createPlatform, statusOf } from "../access/operators-fixture.ts";

let platform: Api;
let world: DealerFixture;
beforeAll(async () => {
  platform = await createPlatform();
  world = await createDealer(platform);
}, 120_000);

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
      statusOf(await postOnce(world.manager.api, `members/${beyond.memberId}/api-keys`, { name: "k" })),
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
    expect(statusOf(await postOnce(maker.api, `members/${near.memberId}/api-keys`, { name: "k" }))).toBe(
      "201",
    );
    expect(statusOf(await postOnce(maker.api, `members/${far.memberId}/api-keys`, { name: "k" }))).toBe(
      "403 access/denied",
    );
  });
});
