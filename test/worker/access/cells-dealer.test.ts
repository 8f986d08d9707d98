import { beforeAll, describe, expect, test } from "vitest";
import { type Api, newIdempotencyKey, expectStatus, type Reply } from "../../harness/client.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { type CellCheck, type ExpectedAnswer, compareCells } from "./policy-matrix.ts";
import {
  actingIn,
  postOnce,
  type DealerFixture,
  createDealer,
  createDealerKey,
  ROLES,
  type ObjectTree,
} from "../products/dealer-fixture.ts";
import { fetch, createPlatform, createObject } from "./operators-fixture.ts";

let world: DealerFixture;
beforeAll(async () => {
  world = await createDealer(await createPlatform());
}, 120_000);

type Ask = (who: Api, person: Person) => Promise<Reply<unknown>>;
/** A right and whose row, then a cell for each role: manager, user, sub-dealer, client, aggregator. */
type Row = readonly [name: string, cells: string, ask: Ask];

const cell = (word: string): ExpectedAnswer => (word === "yes" ? "yes" : (Number(word) as ExpectedAnswer));
const asked = (rows: readonly Row[]): CellCheck[] =>
  rows.flatMap(([name, cells, ask]) => {
    const words = cells.trim().split(/\s+/);
    expect(words.length, name).toBe(ROLES.length);
    return ROLES.map((role, index) => ({
      cell: `${role} ${name}`,
      expected: cell(words[index] ?? ""),
      ask: () => ask(world.people[role].api, world.people[role]),
    }));
  });

const get =
  (path: string): Ask =>
  (who) =>
    who.get(`/v1/${path}`);
const patch =
  (path: string, body: object): Ask =>
  (who) =>
    who.patch(`/v1/${path}`, body, { ifMatch: "*" });
const post =
  (path: string, body: object): Ask =>
  (who) =>
    postOnce(who, path, body);
/** Removes something that was made for this cell alone. */
const removed =
  (path: string, make: () => Promise<string>): Ask =>
  async (who) =>
    who.del(`/v1/${path}/${await make()}`);
/** A member made for this cell alone. */
const someone = async (): Promise<string> =>
  (await newMember(fetch, world.manager, { roles: ["client"] })).memberId;
const sos =
  (place: () => ObjectTree): Ask =>
  async (who) =>
    postOnce(who, "sos-licenses", {
      keyId:
        place().object === world.elsewhere.object
          ? place().key
          : await createDealerKey(world.manager, place().object),
      days: 15,
      reason: "weekend",
    });

describe("S3.35 S3.36 S3.55 every role, right and scope of the dealer's table", () => {
  test("own account: objects, corporations, groups, keys, licenses, requests, reports", async () => {
    const { inG, inH, inNone, own, groups, corporation } = world;
    await compareCells(
      "dealer, own account",
      asked([
        //                                                  manager user sub-dealer client aggregator
        ["object.view list", "yes yes yes yes yes", get("objects")],
        ["object.view own group", "yes yes yes yes 404", get(`objects/${inG.object}`)],
        ["object.view own row", "yes yes yes yes yes", get(`objects/${own.object}`)],
        ["object.view other group", "yes 404 404 404 404", get(`objects/${inH.object}`)],
        ["object.view no group", "yes 404 404 404 404", get(`objects/${inNone.object}`)],
        [
          "object.create own group",
          "yes yes 403 403 403",
          (who) => postOnce(who, "objects", { name: "N", groupId: groups.G }),
        ],
        [
          "object.create other group",
          "yes 403 403 403 403",
          (who) => postOnce(who, "objects", { name: "N", groupId: groups.H }),
        ],
        [
          "object.create in all",
          "yes 403 403 403 403",
          (who) => postOnce(who, "objects", { name: "N", groupId: "all" }),
        ],
        ["object.edit own group", "yes yes 403 403 404", patch(`objects/${inG.object}`, { city: "Minsk" })],
        ["object.edit own row", "yes yes 403 403 403", patch(`objects/${own.object}`, { city: "Minsk" })],
        ["object.edit other group", "yes 404 404 404 404", patch(`objects/${inH.object}`, { city: "Minsk" })],
        [
          "object owner own group",
          "yes 404 403 403 404",
          (who, { memberId }) =>
            who.put(`/v1/objects/${inG.object}/owner`, {
              memberId: memberId === world.manager.memberId ? memberId : world.people.client.memberId,
            }),
        ],
        [
          "object.delete own group",
          "yes 403 403 403 404",
          removed("objects", () => createObject(world.manager, "objects", { name: "N", groupId: groups.G })),
        ],
        [
          "object.delete other group",
          "yes 404 404 404 404",
          removed("objects", () => createObject(world.manager, "objects", { name: "N", groupId: groups.H })),
        ],
        ["corporation.view list", "yes yes 403 403 403", get("corporations")],
        ["corporation.view", "yes yes 404 404 404", get(`corporations/${corporation}`)],
        ["corporation.create", "yes yes 403 403 403", post("corporations", { name: "N" })],
        ["corporation.edit", "yes yes 404 404 404", patch(`corporations/${corporation}`, { name: "Mall 2" })],
        [
          "corporation.delete",
          "yes 403 404 404 404",
          removed("corporations", () => createObject(world.manager, "corporations", { name: "N" })),
        ],
        ["object_group.view list", "yes yes 403 403 403", get("object-groups")],
        ["object_group.view", "yes yes 404 404 404", get(`object-groups/${groups.G}`)],
        [
          "object_group.create",
          "yes 403 403 403 403",
          (who) => postOnce(who, "object-groups", { name: newIdempotencyKey() }),
        ],
        [
          "object_group.edit",
          "yes 403 404 404 404",
          patch(`object-groups/${groups.G}`, { description: "d" }),
        ],
        [
          "object_group.edit put",
          "yes 403 404 404 404",
          post(`object-groups/${groups.G}/objects`, { objectId: inG.object }),
        ],
        [
          "object_group.edit take",
          "yes 403 404 404 404",
          async (who) => {
            const object = await createObject(world.manager, "objects", { name: "N", groupId: groups.G });
            return who.del(`/v1/object-groups/${groups.G}/objects/${object}`);
          },
        ],
        [
          "object_group.edit of a member",
          "yes 403 403 403 403",
          async (who) => who.put(`/v1/members/${await someone()}/object-groups`, { groupIds: [groups.G] }),
        ],
        [
          "object_group.delete",
          "yes 403 404 404 404",
          removed("object-groups", () =>
            createObject(world.manager, "object-groups", { name: newIdempotencyKey() }),
          ),
        ],
        ["key.view list", "yes yes 403 yes yes", get("keys")],
        ["key.view own group", "yes yes 404 yes yes", get(`keys/${inG.key}`)],
        ["key.view other group", "yes 404 404 404 404", get(`keys/${inH.key}`)],
        [
          "key.create",
          "yes 403 403 403 403",
          (who) => postOnce(who, "keys", { objectId: own.object, serial: newIdempotencyKey() }),
        ],
        ["key.edit own group", "yes 403 404 403 403", patch(`keys/${inG.key}`, { product: "p" })],
        [
          "key.delete own group",
          "yes 403 404 403 403",
          removed("keys", () => createDealerKey(world.manager, inG.object)),
        ],
        [
          "key.generate_license own group",
          "yes yes yes 403 403",
          post(`keys/${inG.key}/licenses`, { days: 1 }),
        ],
        [
          "key.generate_license other group",
          "yes 404 404 404 404",
          post(`keys/${inH.key}/licenses`, { days: 1 }),
        ],
        ["request.view list", "yes yes 403 403 403", get("requests")],
        ["request.view own group", "yes yes 404 404 404", get(`requests/${inG.request}`)],
        ["request.view other group", "yes 404 404 404 404", get(`requests/${inH.request}`)],
        ["sos_license.view list", "yes yes yes 403 403", get("sos-licenses")],
        ["sos_license.view own group", "yes yes 404 404 404", get(`sos-licenses/${inG.sos}`)],
        ["sos_license.view other group", "yes 404 404 404 404", get(`sos-licenses/${inH.sos}`)],
        ["sos_license.generate own group", "yes yes yes 403 403", sos(() => inG)],
        ["sos_license.generate other group", "yes 404 404 403 403", sos(() => inH)],
        ["report.download", "yes yes 403 403 403", get("reports/usage")],
        ["report.expiring_licenses", "yes yes yes 403 403", get("reports/expiring-licenses")],
        ["report.check_requests_and_keys", "yes yes yes 403 403", get("reports/requests-and-keys")],
      ]),
    );
  }, 120_000);

  test("S3.39 S3.41 S3.62 own account: dealer data, members, aggregator licenses", async () => {
    const { manager, people, platform } = world;
    const issue = async (memberId: string) =>
      await postOnce(platform, `accounts/${manager.accountId}/aggregator-licenses`, { memberId, name: "WS" });
    const licence = expectStatus(await issue(people.aggregator.memberId), 201).body.id;
    const named = () => ({ firstName: "F", lastName: "L", email: `${newIdempotencyKey()}@example.com` });
    const member =
      (role: string): Ask =>
      (who) =>
        postOnce(who, "members", { ...named(), roles: [role] });
    await compareCells(
      "dealer, members and data",
      asked([
        //                                                  manager user sub-dealer client aggregator
        ["dealer.view list", "yes yes yes 403 403", get("dealers")],
        ["dealer.view own", "yes yes yes 404 404", get(`dealers/${manager.accountId}`)],
        [
          "dealer.edit own",
          "yes 403 403 404 404",
          patch(`dealers/${manager.accountId}`, { profile: { city: "Minsk" } }),
        ],
        ["member.view list", "yes 403 403 403 403", get("members")],
        ["member.view", "yes 404 404 404 404", get(`members/${people.client.memberId}`)],
        ["member.create dealer_user", "yes 403 403 403 403", member("dealer_user")],
        ["member.create client", "yes 403 403 403 403", member("client")],
        ["member.create dealer_manager", "403 403 403 403 403", member("dealer_manager")],
        ["member.create subdealer", "403 403 403 403 403", member("subdealer")],
        ["member.create aggregator", "403 403 403 403 403", member("aggregator")],
        [
          "member.edit",
          "yes 403 403 403 403",
          async (who) => who.patch(`/v1/members/${await someone()}`, { phone: "1" }, { ifMatch: "*" }),
        ],
        [
          "member.edit roles",
          "yes 403 403 403 403",
          async (who) =>
            who.patch(`/v1/members/${await someone()}`, { roles: ["dealer_user"] }, { ifMatch: "*" }),
        ],
        [
          "member.edit copy rights",
          "yes 403 403 403 403",
          async (who) =>
            who.post(`/v1/members/${await someone()}/copy-rights`, {
              fromMemberId: people.dealer_user.memberId,
            }),
        ],
        [
          "member.edit of a sub-dealer",
          "403 403 403 403 403",
          patch(`members/${people.subdealer.memberId}`, { phone: "1" }),
        ],
        [
          "member.block",
          "yes 403 403 403 403",
          async (who) => who.post(`/v1/members/${await someone()}/block`),
        ],
        ["aggregator_license.view list", "403 403 403 403 yes", get("aggregator-licenses")],
        ["aggregator_license.view own", "404 404 404 404 yes", get(`aggregator-licenses/${licence}`)],
        [
          "aggregator_license.copy own",
          "404 404 404 404 yes",
          (who) => who.post(`/v1/aggregator-licenses/${licence}/copy`),
        ],
      ]),
    );
  }, 120_000);

  test("sub-dealers' and other dealers' rows", async () => {
    const { subdealer, other, below, elsewhere, corporation: _ } = world;
    const there =
      (ask: Ask): Ask =>
      (_who, person) =>
        ask(actingIn(person, subdealer.accountId), person);
    const strange =
      (ask: Ask): Ask =>
      (_who, person) =>
        ask(actingIn(person, other.accountId), person);
    const single = (name: string, cells: string, path: string): Row[] => [
      [`${name} without the header`, "404 404 404 404 404", get(path)],
      [`${name} sub-dealer's`, cells, there(get(path))],
    ];
    await compareCells(
      "dealer, below and elsewhere",
      asked([
        //                                                  manager user sub-dealer client aggregator
        ...single("object.view", "yes 404 404 404 404", `objects/${below.object}`),
        ...single("request.view", "yes 404 404 404 404", `requests/${below.request}`),
        ...single("member.view", "yes 404 404 404 404", `members/${subdealer.memberId}`),
        ...single("key.view", "404 404 404 404 404", `keys/${below.key}`),
        ...single("sos_license.view", "404 404 404 404 404", `sos-licenses/${below.sos}`),
        ["object.view list sub-dealer's", "yes 404 404 404 404", there(get("objects"))],
        ["request.view list sub-dealer's", "yes 404 404 404 404", there(get("requests"))],
        ["member.view list sub-dealer's", "yes 404 404 404 404", there(get("members"))],
        ["key.view list sub-dealer's", "403 404 404 404 404", there(get("keys"))],
        ["object.create sub-dealer's", "403 404 404 404 404", there(post("objects", { name: "N" }))],
        [
          "object.edit sub-dealer's",
          "403 404 404 404 404",
          there(patch(`objects/${below.object}`, { name: "N" })),
        ],
        [
          "object.delete sub-dealer's",
          "403 404 404 404 404",
          there((who) => who.del(`/v1/objects/${below.object}`)),
        ],
        [
          "key.generate_license sub-dealer's",
          "404 404 404 404 404",
          there(post(`keys/${below.key}/licenses`, { days: 1 })),
        ],
        [
          "sos_license.generate sub-dealer's",
          "403 404 404 404 404",
          there(post("sos-licenses", { keyId: below.key, days: 15, reason: "weekend" })),
        ],
        ["report.download sub-dealer's", "403 404 404 404 404", there(get("reports/usage"))],
        [
          "member.create sub-dealer's",
          "403 404 404 404 404",
          there((who) =>
            postOnce(who, "members", {
              firstName: "F",
              lastName: "L",
              email: `${newIdempotencyKey()}@example.com`,
              roles: ["client"],
            }),
          ),
        ],
        ["dealer.view sub-dealer's", "yes 404 404 404 404", get(`dealers/${subdealer.accountId}`)],
        [
          "dealer.edit sub-dealer's",
          "403 404 404 404 404",
          patch(`dealers/${subdealer.accountId}`, { name: "N" }),
        ],
        ["dealer.view other dealer's", "404 404 404 404 404", get(`dealers/${other.accountId}`)],
        [
          "dealer.edit other dealer's",
          "404 404 404 404 404",
          patch(`dealers/${other.accountId}`, { name: "N" }),
        ],
        ["object.view other dealer's", "404 404 404 404 404", get(`objects/${elsewhere.object}`)],
        ["object.view list other dealer's", "404 404 404 404 404", strange(get("objects"))],
        [
          "object.edit other dealer's",
          "404 404 404 404 404",
          patch(`objects/${elsewhere.object}`, { name: "N" }),
        ],
        ["key.view other dealer's", "404 404 404 404 404", get(`keys/${elsewhere.key}`)],
        [
          "key.generate_license other dealer's",
          "404 404 404 404 404",
          post(`keys/${elsewhere.key}/licenses`, { days: 1 }),
        ],
        ["request.view other dealer's", "404 404 404 404 404", get(`requests/${elsewhere.request}`)],
        ["sos_license.view other dealer's", "404 404 404 404 404", get(`sos-licenses/${elsewhere.sos}`)],
        ["sos_license.generate other dealer's", "404 404 404 403 403", sos(() => elsewhere)],
        ["member.view other dealer's", "404 404 404 404 404", get(`members/${other.memberId}`)],
      ]),
    );
  }, 120_000);
});
