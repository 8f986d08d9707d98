import { env } from "cloudflare:workers";
import { decodeJwt } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { decide } from "../../../src/access/decision.ts";
import type { Right } from "../../../src/access/right.ts";
import type { Principal } from "../../../src/gate/principals/principal.ts";
import { findPrincipalByKey, findPrincipalByToken } from "../../../src/gate/principals/principal.store.ts";
import { type Db, openDb } from "../../../src/kernel/db.ts";
import { sha256Hex } from "../../../src/kernel/digest.ts";
import { toResourceRef } from "../../../src/resources/resource.card.ts";
import { TYPE_TABLE } from "../../../src/resources/registry.ts";
import { resource } from "../../../src/kernel/schema/resource.ts";
import { type Api, newIdempotencyKey } from "../../harness/client.ts";
import { UNKNOWN_ULID } from "../../harness/operation.ts";
import { VERBS, isAllowed } from "../../harness/policy.ts";
import { expectedForList, expectedForNew, expectedForOne } from "../../harness/policy-expectation.ts";
import { isSoak } from "../../harness/soak.ts";
import { createPlatform, listIds, said, createSubscribedAccount } from "./operators-fixture.ts";
import {
  CHILDREN,
  newDice,
  type Dice,
  removeItem,
  type Item,
  type Member,
  PARENT_FIELDS,
  PATHS,
  describeMember,
  ROOTS,
  sampleBody,
  newItem,
  TYPES,
  type OracleFixture,
  createOracleFixture,
} from "./oracle-fixture.ts";

/**
 * Two worlds that are always the same; in the long form one more, that no run has seen. A failure names its
 * seed.
 */
const FRESH = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
const WORLDS = [["vendor", 3], ["team", 22], ...(isSoak ? [["vendor", FRESH] as const] : [])] as const;
const MEMBERS = 6;

let platform: Api;
beforeAll(async () => {
  platform = await createPlatform();
});

const HTTP = {
  view: "200",
  edit: "412 precondition-failed",
  delete: "412 precondition-failed",
  403: "403 access/denied",
  404: "404 not-found",
} as const;

const NO_VERSION = { ifMatch: '"0"' };
/** One call on one object. A change names a version that nothing has, so that it is decided and not done. */
const callOne = (who: Api, verb: "view" | "edit" | "delete", { type, id }: Pick<Item, "type" | "id">) => {
  const path = `/v1/${PATHS[type]}/${id}`;
  return verb === "view"
    ? who.get(path)
    : verb === "edit"
      ? who.patch(path, {}, NO_VERSION)
      : who.del(path, NO_VERSION);
};

const under = (parent: Item | null) =>
  parent === null ? {} : { [PARENT_FIELDS[parent.type] ?? ""]: parent.id };
/** A creation that is decided and then found to be invalid. */
const callNew = (who: Api, type: string, parent: Item | null) =>
  who.post(
    `/v1/${PATHS[type]}`,
    { ...sampleBody(type), ...under(parent), nonsense: 1 },
    { idempotencyKey: newIdempotencyKey() },
  );

/** Where new objects can be put: each type under each parent that it can have. */
const places = (items: readonly Item[]): [type: string, parent: Item | null][] => [
  ...ROOTS.map((type): [string, null] => [type, null]),
  ...items.flatMap((item) => (CHILDREN[item.type] ?? []).map((type): [string, Item] => [type, item])),
];

type Wrong = string[];
const compare = (wrong: Wrong, member: Member, what: string, is: unknown, should: unknown): void => {
  if (JSON.stringify(is) !== JSON.stringify(should))
    wrong.push(
      `${what} is ${JSON.stringify(is)}, should be ${JSON.stringify(should)}, for ${describeMember(member)}`,
    );
};

async function single(member: Member, { items }: OracleFixture): Promise<Wrong> {
  const wrong: Wrong = [];
  for (const item of items) {
    for (const verb of ["view", "edit", "delete"] as const) {
      const should = expectedForOne(member.holder, verb, item);
      compare(
        wrong,
        member,
        `${verb} ${item.type} ${item.id}`,
        said(await callOne(member.api, verb, item)),
        should === "yes" ? HTTP[verb] : HTTP[should],
      );
    }
  }
  return wrong;
}

async function lists(member: Member, { items }: OracleFixture): Promise<Wrong> {
  const wrong: Wrong = [];
  for (const type of TYPES) {
    const should = expectedForList(member.holder, type, items);
    const ids =
      should === 403
        ? HTTP[403]
        : should
            .map(({ id }) => id)
            .sort()
            .reverse();
    compare(wrong, member, `the list of ${type}`, await listIds(member.api, PATHS[type] ?? "", 3), ids);
  }
  return wrong;
}

async function creations(member: Member, { items }: OracleFixture): Promise<Wrong> {
  const wrong: Wrong = [];
  for (const [type, parent] of places(items)) {
    const should = expectedForNew(member.holder, type, parent);
    const answer = said(await callNew(member.api, type, parent));
    compare(
      wrong,
      member,
      `create ${type} under ${parent?.type} ${parent?.id}`,
      answer,
      should === "yes" ? "422 validation" : HTTP[should],
    );
  }
  return wrong;
}

/** Who calls with this credential: a key, or a viewer's token. */
const principalOf = (db: Db, { apiKey }: Member): Promise<Principal | null> =>
  apiKey.startsWith("tgk_")
    ? findPrincipalByKey(db, sha256Hex(apiKey), null, TYPE_TABLE)
    : findPrincipalByToken(
        db,
        decodeJwt<{ acc: string; mem: string; sid: string }>(apiKey),
        null,
        TYPE_TABLE,
      );

/** The rule itself, asked with the rows that D1 has. */
async function decisions(member: Member, { items, owner }: OracleFixture): Promise<Wrong> {
  const wrong: Wrong = [];
  const db = openDb(env.DB);
  const principal = await principalOf(db, member);
  const rows = (await db.select().from(resource)).filter((row) => row.accountId === owner.accountId);
  compare(wrong, member, "the number of objects", rows.length, items.length);
  for (const row of rows) {
    const item = items.find(({ id }) => id === row.id);
    for (const verb of VERBS) {
      const is =
        principal !== null &&
        decide(principal.grantSet, `${row.type}.${verb}` as Right, toResourceRef(row)).allowed;
      compare(
        wrong,
        member,
        `decide ${row.type}.${verb} on ${row.id}`,
        is,
        item !== undefined && isAllowed(member.holder, verb, row.type, item),
      );
    }
  }
  return wrong;
}

/** One object of each type of another account, and unknown ones: the same answers. */
async function foreign(member: Member, other: OracleFixture): Promise<Wrong> {
  const wrong: Wrong = [];
  for (const item of new Map(other.items.map((each) => [each.type, each])).values()) {
    const nobodys = { ...item, id: `${item.id.slice(0, 4)}${UNKNOWN_ULID}` };
    for (const verb of ["view", "edit", "delete"] as const) {
      for (const one of [item, nobodys])
        compare(
          wrong,
          member,
          `${verb} another's ${one.type} ${one.id}`,
          said(await callOne(member.api, verb, one)),
          HTTP[404],
        );
    }
    for (const type of CHILDREN[item.type] ?? []) {
      const should = HTTP[isAllowed(member.holder, "create", type) ? 404 : 403];
      for (const one of [item, nobodys])
        compare(
          wrong,
          member,
          `create ${type} under another's ${one.id}`,
          said(await callNew(member.api, type, one)),
          should,
        );
    }
  }
  return wrong;
}

const KINDS_OF_ANSWER = [
  ...["view", "edit", "delete"].flatMap((verb) => [
    `${verb} yes`,
    ...(verb === "view" ? [] : [`${verb} 403`]),
    `${verb} 404`,
  ]),
  "create yes",
  "create 403, nowhere",
  "create 403, elsewhere only",
  "create 404",
  "list 403",
  "list of some",
  "list of all",
];

/** Which answers the policy expects somewhere in this world. */
function kindsOfAnswer({ members, items }: OracleFixture): ReadonlySet<string> {
  return new Set(
    members.flatMap(({ holder }) => [
      ...items.flatMap((item) =>
        (["view", "edit", "delete"] as const).map((verb) => `${verb} ${expectedForOne(holder, verb, item)}`),
      ),
      ...places(items).map(([type, parent]) => {
        const answer = expectedForNew(holder, type, parent);
        const refused = isAllowed(holder, "create", type) ? "403, elsewhere only" : "403, nowhere";
        return `create ${answer === 403 ? refused : answer}`;
      }),
      ...TYPES.map((type) => {
        const rows = expectedForList(holder, type, items);
        if (rows === 403) return "list 403";
        const isAll = rows.length === items.filter((item) => item.type === type).length;
        return `list ${isAll ? "of all" : "of some"}`;
      }),
    ]),
  );
}

const everybody = async (of: OracleFixture, ask: (member: Member) => Promise<Wrong>) =>
  (await Promise.all(of.members.map(ask))).flat().slice(0, 5);

/** Changes and adds, or removes, one object for real, if the policy lets this member; the world follows. */
async function step(of: OracleFixture, roll: Dice): Promise<Wrong> {
  const wrong: Wrong = [];
  const member = roll.pick(of.members);
  const item = roll.pick(of.items);
  if (roll.chance(0.5)) {
    const should = expectedForOne(member.holder, "delete", item);
    const needed = of.items.some(({ parentId }) => parentId === item.id);
    const answer = said(await member.api.del(`/v1/${PATHS[item.type]}/${item.id}`));
    compare(
      wrong,
      member,
      `remove ${item.id}`,
      answer,
      should !== "yes" ? HTTP[should] : needed ? "409 conflict/not-removable" : "204",
    );
    if (answer === "204") removeItem(of, item);
    return wrong;
  }
  const edited = roll.pick(of.items);
  const change = expectedForOne(member.holder, "edit", edited);
  const changed = said(
    await member.api.patch(`/v1/${PATHS[edited.type]}/${edited.id}`, sampleBody(edited.type), {
      ifMatch: "*",
    }),
  );
  compare(wrong, member, `change ${edited.id}`, changed, change === "yes" ? "200" : HTTP[change]);
  const [type, parent] = roll.pick(places(of.items));
  const should = expectedForNew(member.holder, type, parent);
  const answer = await member.api.post<{ id: string }>(
    `/v1/${PATHS[type]}`,
    { ...sampleBody(type), ...under(parent) },
    { idempotencyKey: newIdempotencyKey() },
  );
  compare(
    wrong,
    member,
    `add ${type} under ${parent?.id}`,
    said(answer),
    should === "yes" ? "201" : HTTP[should],
  );
  if (answer.status === 201) of.items.push(newItem(type, answer.body.id, parent, member.holder.memberId));
  return wrong;
}

describe.each(WORLDS)(
  "S0.18, S0.28, S0.29 in a small world (%s, seed %i) HTTP answers what the policy says",
  (kind, seed) => {
    let here: OracleFixture;
    let there: OracleFixture;
    beforeAll(async () => {
      here = await createOracleFixture(await createSubscribedAccount(platform, kind), kind, seed, MEMBERS);
      there = await createOracleFixture(
        await createSubscribedAccount(platform, "vendor"),
        "vendor",
        seed + 1,
        0,
      );
    });

    test("the world is rich enough: it has every kind of answer", () => {
      const missing = KINDS_OF_ANSWER.filter((kind) => !kindsOfAnswer(here).has(kind));
      // Nothing is known beforehand of a new random world.
      expect(seed === FRESH ? [] : missing).toEqual([]);
    });
    test("decide", async () =>
      expect(await everybody(here, (member) => decisions(member, here))).toEqual([]));
    test("single reads, edits and removals", async () =>
      expect(await everybody(here, (member) => single(member, here))).toEqual([]));
    test("lists, page by page", async () =>
      expect(await everybody(here, (member) => lists(member, here))).toEqual([]));
    test("creations under each parent", async () =>
      expect(await everybody(here, (member) => creations(member, here))).toEqual([]));
    test("another account's objects answer as unknown ones", async () =>
      expect(await everybody(here, (member) => foreign(member, there))).toEqual([]));

    test("and so it stays while objects come and go", async () => {
      const roll = newDice(seed + 2);
      const wrong: Wrong = [];
      for (let count = 0; count < 40; count += 1) wrong.push(...(await step(here, roll)));
      expect(wrong.slice(0, 5)).toEqual([]);
      for (const ask of [decisions, lists, single])
        expect(await everybody(here, (member) => ask(member, here))).toEqual([]);
    });
  },
);
