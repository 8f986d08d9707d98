import { beforeAll, describe, expect, it } from "vitest";
import { api, newIdempotencyKey, expectStatus, toReply } from "../../harness/client.ts";
import { UNKNOWN_ULID, type Operation, loadOperations, sampleValue } from "../../harness/operation.ts";
import type { Person } from "../../harness/people.ts";
import { postOnce, type DealerFixture, createDealer, ROLES, type ObjectTree } from "./dealer-fixture.ts";
import { fetch, createPlatform, createObject, said, comparableRefusal } from "../access/operators-fixture.ts";

let world: DealerFixture;
let spare: DealerFixture;
let all: Operation[];
beforeAll(async () => {
  const platform = await createPlatform();
  [world, spare] = [await createDealer(platform), await createDealer(platform)];
  all = (await loadOperations(api(fetch, null)))
    .filter((operation) => !operation.isPublic && !operation.isSelf)
    // What is there goes last.
    .sort((one, two) => Number(one.method === "DELETE") - Number(two.method === "DELETE"));
}, 120_000);

/**
 * Objects that are there, by the first segment of a path: a refusal is a refusal of the right, and not of a
 * wrong id.
 */
const real = (
  { corporation, groups, people }: DealerFixture,
  { object, key, request, sos }: ObjectTree,
  { accountId }: Person,
): Record<string, string> => ({
  objects: object,
  keys: key,
  requests: request,
  "sos-licenses": sos,
  corporations: corporation,
  "object-groups": groups.G,
  dealers: accountId,
  accounts: accountId,
  reports: "usage",
  // Another's card: about themselves, members may ask more.
  members: people.dealer_user.memberId,
});

/** Which operations answer anything but 403 and 404, called with ids that are there. */
async function open(who: Person, place: ObjectTree, from = world): Promise<string[]> {
  const ids = real(from, place, who);
  const names: string[] = [];
  for (const { method, path, name, body } of all) {
    const [, , first = ""] = path.split("/");
    const called = path.replaceAll(/\{(\w+)\}/g, (_, parameter) =>
      parameter === "objectId" ? place.object : (ids[first] ?? "none"),
    );
    const sent = {
      ...(body === null ? {} : (sampleValue(body) as object)),
      ...(first === "sos-licenses" ? { keyId: place.key } : {}),
    };
    const headers = {
      authorization: `Bearer ${who.apiKey}`,
      "idempotency-key": newIdempotencyKey(),
      "if-match": "*",
      "cf-connecting-ip": "203.0.113.7",
    };
    const { status } = await fetch(called, {
      method,
      headers: { ...headers, ...(body === null ? {} : { "content-type": "application/json" }) },
      ...(body === null ? {} : { body: JSON.stringify(sent) }),
    });
    if (status !== 403 && status !== 404) names.push(`${name} ${status}`);
  }
  return names.sort();
}

const OF_OWNERS = [
  "GET /v1/invitations",
  "GET /v1/members",
  "GET /v1/members/export.xlsx",
  "GET /v1/operator-links",
  "POST /v1/audit/erasures",
];
const REPORTS = ["expiring-licenses", "requests-and-keys"];

describe("a role does what its column says and nothing else, over all routes", () => {
  it("S3.43 a sub-dealer: six rows, in both accounts, with a look at its own SOS licenses", async () => {
    const six = [
      "GET /v1/dealers",
      "GET /v1/dealers/{id}",
      "GET /v1/objects",
      "GET /v1/objects/{id}",
      "GET /v1/sos-licenses",
      "POST /v1/keys/{id}/licenses",
      "POST /v1/sos-licenses",
    ];
    for (const [who, place] of [
      [world.people.subdealer, world.inG],
      [world.subdealer, world.below],
    ] as const) {
      const names = (await open(who, place)).map((each) => each.replace(/ \d+$/, ""));
      // What was handed over with its object is the sub-dealer's own; and who owns an account sees its
      // members, removes them and erases them from its log.
      const owned = ["GET /v1/sos-licenses/{id}", ...(who === world.subdealer ? OF_OWNERS : [])];
      expect(names.filter((name) => !owned.includes(name))).toEqual(six);
      expect(names.includes("GET /v1/sos-licenses/{id}")).toBe(who === world.subdealer);
      for (const name of REPORTS) expect(said(await who.api.get(`/v1/reports/${name}`))).toBe("200");
    }
  });

  it("S3.42 a client: object cards, and the status of keys and licenses", async () => {
    expect(await open(world.people.client, world.inG)).toEqual([
      "GET /v1/keys 200",
      "GET /v1/keys/{id} 200",
      "GET /v1/objects 200",
      "GET /v1/objects/{id} 200",
    ]);
    for (const name of REPORTS)
      expect(said(await world.people.client.api.get(`/v1/reports/${name}`))).toBe("403 access/denied");
  });

  it("an aggregator: own objects, keys, and its licenses", async () => {
    expect(await open(world.people.aggregator, world.own)).toEqual([
      "GET /v1/aggregator-licenses 200",
      "GET /v1/keys 200",
      "GET /v1/keys/{id} 200",
      "GET /v1/objects 200",
      "GET /v1/objects/{id} 200",
    ]);
  });

  it("S3.38 S3.39 the manager may all that the roles below may, and ranks highest", async () => {
    // A manager who calls every route leaves little behind.
    const { people, inG } = spare;
    const names = (list: readonly string[]) => list.map((each) => each.replace(/ \d+$/, ""));
    const held = async (who: Person) =>
      expectStatus(await who.api.get<{ rights: string[] }>("/v1/me"), 200).body.rights;
    const rights = await held(people.dealer_manager);
    expect((await held(people.aggregator)).filter((right) => !rights.includes(right))).toEqual([
      "aggregator_license.copy",
      "aggregator_license.view",
    ]);
    const others: string[] = [];
    for (const role of ["dealer_user", "subdealer", "client"] as const) {
      expect((await held(people[role])).filter((right) => !rights.includes(right))).toEqual([]);
      others.push(...names(await open(people[role], inG, spare)));
    }
    const answers = await open(people.dealer_manager, inG, spare);
    expect(answers.filter((each) => / 5\d\d$/.test(each))).toEqual([]);
    const mine = names(answers);
    expect(others.length).toBeGreaterThan(20);
    expect(others.filter((name) => !mine.includes(name))).toEqual([]);
    const { data } = expectStatus(
      await world.manager.api.get<{ data: { key: string; rank: number }[] }>("/v1/roles"),
      200,
    ).body;
    expect(data.toSorted((one, two) => two.rank - one.rank)[0]?.key).toBe("dealer_manager");
  }, 60_000);

  it("S3.50 S3.55 a foreign id, of a dealer or group, answers as an unknown one on every route", async () => {
    const { manager, other, elsewhere } = world;
    const ids = {
      ...real(world, elsewhere, other),
      corporations: await createObject(other, "corporations", { name: "Theirs" }),
      "object-groups": await createObject(other, "object-groups", { name: "Theirs" }),
    };
    const nobody = {
      ...Object.fromEntries(
        Object.entries(ids).map(([first, id]) => [first, `${id.slice(0, 4)}${UNKNOWN_ULID}`]),
      ),
      members: `mem_${UNKNOWN_ULID}`,
    };
    const single = all.filter(({ path }) =>
      /^\/v1\/(objects|keys|requests|sos-licenses|corporations|object-groups|dealers|members)\/\{id\}/.test(
        path,
      ),
    );
    expect(single.length).toBeGreaterThan(25);
    const ask = async ({ method, path, body }: Operation, who: Person, from: Record<string, string>) => {
      const called = path
        .replace("{id}", from[path.split("/")[2] ?? ""] ?? "")
        .replace("{objectId}", from["objects"] ?? "");
      const headers = {
        authorization: `Bearer ${who.apiKey}`,
        "if-match": "*",
        "idempotency-key": newIdempotencyKey(),
        "cf-connecting-ip": "203.0.113.7",
        ...(body === null ? {} : { "content-type": "application/json" }),
      };
      return comparableRefusal(
        await toReply(
          await fetch(called, {
            method,
            headers,
            ...(body === null ? {} : { body: JSON.stringify(sampleValue(body)) }),
          }),
        ),
      );
    };
    const theirs = { ...ids, members: other.memberId };
    for (const operation of single) {
      const [foreign, missing] = [
        await ask(operation, manager, theirs),
        await ask(operation, manager, nobody),
      ];
      expect(foreign, operation.name).toBe(missing);
      expect(foreign, operation.name).toMatch(/^\[404,/);
    }
    // In the dealer itself: objects in a group that the member does not see.
    const hidden = { ...real(world, world.inH, manager) };
    for (const operation of single.filter(({ path }) =>
      /^\/v1\/(objects|keys|requests|sos-licenses)\//.test(path),
    )) {
      for (const who of ROLES.slice(1).map((role) => world.people[role])) {
        expect(await ask(operation, who, hidden), operation.name).toBe(await ask(operation, who, nobody));
      }
    }
  }, 60_000);

  it("no input is worse than a refusal", async () => {
    const { manager, inG, inH } = world;
    // Some of it is taken: it changes what no later test reads.
    const ids = real(world, inH, manager);
    const mine = all.filter(
      ({ path, body }) =>
        body !== null && /^\/v1\/(objects|keys|sos-licenses|corporations|object-groups|dealers)/.test(path),
    );
    expect(mine.length).toBeGreaterThan(10);
    const values = [
      null,
      [],
      {},
      "",
      "x",
      "\u0000",
      "%",
      "a".repeat(10_000),
      -1,
      1e308,
      true,
      { $gt: "" },
      [inG.object],
      `${inG.object}\u0000`,
      "all",
      "'; DROP TABLE resource; --",
    ];
    const found: string[] = [];
    for (const { method, path, name, body } of mine) {
      const [, , first = ""] = path.split("/");
      const members = Object.keys(body?.properties ?? {});
      const bodies = [
        ...values,
        ...values.flatMap((value) =>
          members.map((member) => ({ ...(sampleValue(body ?? {}) as object), [member]: value })),
        ),
      ];
      const answers = await Promise.all(
        bodies.map((sent) =>
          fetch(path.replace("{id}", ids[first] ?? ""), {
            method,
            body: JSON.stringify(sent),
            headers: {
              authorization: `Bearer ${manager.apiKey}`,
              "content-type": "application/json",
              "if-match": "*",
              "cf-connecting-ip": "203.0.113.7",
            },
          }),
        ),
      );
      found.push(
        ...answers.flatMap(({ status }, index) =>
          status >= 500 && status !== 503
            ? [`${name} ${status} ${JSON.stringify(bodies[index]).slice(0, 80)}`]
            : [],
        ),
      );
    }
    expect(found).toEqual([]);
    expect(said(await manager.api.post(`/v1/object-groups/${world.groups.G}/objects`, {}))).toBe(
      "422 validation",
    );
    for (const id of ["%00", "x", "..%2f", "a".repeat(500), "%F0%9F%98%80"]) {
      for (const path of ["objects", "keys", "dealers", "object-groups", "requests"])
        expect((await manager.api.get(`/v1/${path}/${id}`)).status).toBe(404);
    }
  }, 60_000);

  it("S3.40 S3.41 a dealer user makes objects and corporations, sees reports, adds no members", async () => {
    const { api: user } = world.people.dealer_user;
    const corporationId = expectStatus(await postOnce(user, "corporations", { name: "Chain" }), 201).body.id;
    // With one group of their own, that is where it goes.
    expect(
      expectStatus(await postOnce(user, "objects", { name: "Shop", corporationId }), 201).body["groupId"],
    ).toBe(world.groups.G);
    for (const name of [...REPORTS, "usage"]) expect(said(await user.get(`/v1/reports/${name}`))).toBe("200");
    for (const role of ["dealer_manager", "dealer_user", "client"]) {
      expect(
        said(
          await postOnce(user, "members", {
            firstName: "F",
            lastName: "L",
            email: `${newIdempotencyKey()}@example.com`,
            roles: [role],
          }),
        ),
      ).toBe("403 access/denied");
    }
  });

  it("S3.44 S3.45 S3.47 S3.48 a sub-dealer opens its dealer's cards and reports, in its groups", async () => {
    const {
      people: { subdealer },
      inG,
      inH,
      manager,
    } = world;
    expect(expectStatus(await subdealer.api.get(`/v1/objects/${inG.object}`), 200).body["name"]).toBe("Shop");
    expect(expectStatus(await subdealer.api.get(`/v1/dealers/${manager.accountId}`), 200).body["id"]).toBe(
      manager.accountId,
    );
    const period = `from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z`;
    const rows = async (name: string) =>
      expectStatus(
        await subdealer.api.get<{ rows: Record<string, unknown>[] }>(`/v1/reports/${name}?${period}`),
        200,
      ).body.rows;
    const [expiring, keys] = [await rows("expiring-licenses"), await rows("requests-and-keys")];
    expect(expiring.map((row) => row["id"])).toContain(inG.key);
    expect(keys.find((row) => row["keyId"] === inG.key)).toMatchObject({
      requests: expect.any(Number),
      lastRequestId: expect.stringMatching(/^lrq_/),
    });
    for (const list of [expiring, keys]) expect(JSON.stringify(list)).not.toContain(inH.key);
  });
});
