import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { decide, type Extent, type ResourceRef, accessFilter } from "../../../src/access/decision.ts";
import { openDb } from "../../../src/kernel/db.ts";
import { findExpiring } from "../../../src/products/reports/report.store.ts";
import { type ListFilter, listResources } from "../../../src/resources/resource-list.store.ts";
import { isSoak } from "../../harness/soak.ts";

const db = openDb(env.DB);
const ACCOUNT = "acc_1";
const MEMBER = "mem_1";
const MANY = 100_000;
/** A member may see one of so many: 50 in all. */
const ONE_OF = 2_000;

interface Row extends ResourceRef {
  readonly parentId: string | null;
  readonly referenceId: string | null;
}

/** Rows of a type, written by one statement: `n` is the number of each. */
async function fill(
  type: string,
  count: number,
  columns: Readonly<Record<"parent" | "root" | "owner" | "group" | "reference" | "status", string>>,
): Promise<Row[]> {
  const { parent, root, owner, group, reference, status } = columns;
  await env.DB.prepare(`
    INSERT OR IGNORE INTO account (
      id, kind, name, owner_member_id, plan, subscription, settings, allowed_ips, created_at, updated_at)
    VALUES ('${ACCOUNT}', 'vendor', 'A', 'mem_9', '{}', '{}', '{}', '[]', 0, 0)`).run();
  await env.DB.prepare(`
    WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count - 1})
    INSERT INTO resource (
      account_id, type, id, parent_id, root_id, owner_id, group_id, reference_id, status,
      name, attributes, version, created_by, created_at, updated_at)
    SELECT '${ACCOUNT}', '${type}', printf('id_%07d', n),
      ${parent}, ${root}, ${owner}, ${group}, ${reference}, ${status},
      'N', '{"colour":"' || (n % 3) || '"}', 1, 'mem_9', 0, 0
    FROM numbers`).run();
  const { results } = await env.DB.prepare(
    `SELECT id, parent_id, root_id, owner_id, group_id, reference_id, status FROM resource
      WHERE account_id = ? AND type = ? ORDER BY id DESC`,
  )
    .bind(ACCOUNT, type)
    .all<Record<string, string>>();
  return results.map((row) => ({
    id: row["id"] ?? "",
    parentId: row["parent_id"] ?? null,
    rootId: row["root_id"] ?? null,
    ownerId: row["owner_id"] ?? null,
    groupId: row["group_id"] ?? null,
    referenceId: row["reference_id"] ?? null,
    status: row["status"] ?? "",
  }));
}

const NONE: Extent = {
  all: false,
  own: false,
  active: false,
  ids: new Set(),
  roots: new Set(),
  inside: null,
};
const seen = (reach: Partial<Extent>, groups: ReadonlySet<string> | null = null) => ({
  memberId: MEMBER,
  extents: new Map([["product.view" as const, { ...NONE, ...reach }]]),
  groups,
  groupedTypes: new Set(groups === null ? [] : ["product"]),
});
const UNFILTERED: Omit<ListFilter, "access"> = {
  parentId: null,
  referenceId: null,
  groupId: null,
  status: null,
  organizations: null,
  attributes: {},
  before: null,
};

/** The statement as the program sends it. */
async function page(
  type: string,
  filter: ListFilter,
  limit: number,
): Promise<{ readonly ids: string[]; readonly rowsRead: number; readonly plan: string[] }> {
  const { sql, params } = listResources(db, ACCOUNT, type, filter, limit).toSQL();
  const { results, meta } = await env.DB.prepare(sql)
    .bind(...params)
    .all<{ id: string }>();
  const plan = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .bind(...params)
    .all<{ detail: string }>();
  return {
    ids: results.map(({ id }) => id),
    rowsRead: meta.rows_read,
    plan: plan.results.map(({ detail }) => detail),
  };
}

async function pages(type: string, filter: ListFilter, limit: number, most = Infinity) {
  const [ids, read, plans]: [string[], number[], Set<string>] = [[], [], new Set()];
  for (let before = filter.before; ids.length < most; ) {
    const one = await page(type, { ...filter, before }, limit);
    ids.push(...one.ids);
    read.push(one.rowsRead);
    for (const detail of one.plan) plans.add(detail);
    if (one.ids.length < limit) break;
    before = one.ids.at(-1) ?? null;
  }
  return { ids, rowsRead: Math.max(...read), plan: [...plans] };
}

const fits = (row: Row, { parentId, referenceId, groupId, status, before }: Omit<ListFilter, "access">) =>
  (parentId === null || row.parentId === parentId) &&
  (referenceId === null || row.referenceId === referenceId) &&
  (groupId === null || row.groupId === groupId) &&
  (status === null || row.status === status) &&
  (before === null || row.id < before);

/** Full table scans. A condition that is always false reads nothing, although its plan names a scan. */
const scans = ({ plan, rowsRead }: { readonly plan: readonly string[]; readonly rowsRead: number }) =>
  rowsRead <= 1 ? [] : plan.filter((detail) => /^SCAN resource\b/.test(detail));

describe(`of ${MANY} objects of a type, a member who may see 50 of them`, () => {
  let rows: Row[];
  const rare = (rest: number, value: string, other: string) =>
    `CASE n % ${ONE_OF} WHEN ${rest} THEN '${value}' ELSE ${other} END`;
  beforeAll(async () => {
    rows = await fill("many", MANY, {
      parent: rare(3, "p_seen", "'p_' || (n % 5)"),
      root: rare(3, "r_seen", "'r_other'"),
      owner: rare(5, MEMBER, "'mem_9'"),
      group: rare(3, "g_seen", "'g_other'"),
      reference: `'c_' || (n % ${ONE_OF})`,
      status: rare(11, "active", "'revoked'"),
    });
    await fill("other", 1_000, {
      parent: "NULL",
      root: "'r_seen'",
      owner: `'${MEMBER}'`,
      group: "'g_seen'",
      reference: "NULL",
      status: "'active'",
    });
  });

  const ids = new Set(
    Array.from({ length: 50 }, (_, index) => `id_${String(index * ONE_OF + 13).padStart(7, "0")}`),
  );
  const someRoots = new Set(["r_seen", ...Array.from({ length: 200 }, (_, index) => `r_${index}`)]);
  const GROUPS = new Set(["g_seen"]);
  const WAYS = [
    ["single objects", { ids }, null, "PRIMARY KEY (account_id=? AND type=? AND id=?)"],
    [
      "one root",
      { roots: new Set(["r_seen"]) },
      null,
      "resource_root (account_id=? AND type=? AND root_id=?",
    ],
    ["many roots", { roots: someRoots }, null, "resource_root (account_id=? AND type=? AND root_id=?"],
    ["own", { own: true }, null, "resource_owner (account_id=? AND type=? AND owner_id=?"],
    ["active ones", { active: true }, null, "resource_status (account_id=? AND type=? AND status=?"],
    ["a group", { all: true }, GROUPS, "resource_group (account_id=? AND type=? AND group_id=?"],
    ["own, in a group", { own: true }, new Set(["g_other"]), "resource_owner"],
    [
      "own under some roots",
      { inside: { ids: new Set<string>(), under: new Set(["r_other"]) } },
      null,
      "resource_owner",
    ],
    [
      "own and granted under some roots",
      { inside: { ids, under: new Set(["r_other"]) } },
      null,
      "resource_owner",
    ],
    [
      "everything at once",
      {
        own: true,
        active: true,
        ids,
        roots: someRoots,
        inside: { ids: new Set(["id_0000001"]), under: new Set(["r_other"]) },
      },
      null,
      "resource_root",
    ],
  ] as const;
  const FILTERS = [
    ["no filter", {}],
    ["a status that most have", { status: "revoked" }],
    ["a status that few have", { status: "active" }],
    ["a parent of many", { parentId: "p_0" }],
    ["a parent of few", { parentId: "p_seen" }],
    ["what it names", { referenceId: "c_3" }],
    ["a group", { groupId: "g_seen" }],
    ["a parent and a status", { parentId: "p_3", status: "revoked" }],
    ["an attribute", { attributes: { colour: "1" } }],
    [
      "all filters at once",
      {
        parentId: "p_3",
        referenceId: "c_3",
        groupId: "g_other",
        status: "revoked",
        attributes: { colour: "1", a: "1", b: "1", c: "1" },
      },
    ],
    ["a group of few", { groupId: "g_seen" }],
    ["a group of many", { groupId: "g_other" }],
  ] as const;

  describe.each(WAYS)("by %s", (_, reach, groups, index) => {
    test.each(FILTERS)(
      "with %s: the right rows, page by page, by an index, a few hundred rows read",
      async (_name, more) => {
        const set = seen(reach, groups);
        const filter = { ...UNFILTERED, ...more, access: accessFilter(set, "product.view") };
        const is = await pages("many", filter, 26);
        const colour = "attributes" in more ? more.attributes.colour : null;
        const none = "attributes" in more && "a" in more.attributes;
        const should = rows.filter(
          (row) =>
            decide(set, "product.view", row).allowed &&
            fits(row, filter) &&
            !none &&
            (colour === null || String(Number(row.id.slice(3)) % 3) === colour),
        );
        expect(is.ids).toEqual(should.map(({ id }) => id));
        expect(scans(is)).toEqual([]);
        if (Object.keys(more).length === 0) expect(is.plan.join("\n")).toContain(index);
        // What is under a parent that the caller does not see is gone through, and the call is answered 404.
        const unseen =
          "parentId" in more && more.parentId !== "p_seen" && ("roots" in reach || groups === GROUPS);
        // Each way and each value of it costs a look into an index.
        if (!unseen)
          expect(is.rowsRead).toBeLessThanOrEqual(
            "roots" in reach && reach.roots === someRoots ? 1_500 : "inside" in reach ? 900 : 400,
          );
      },
    );
  });

  test.each(FILTERS)(
    "everything, with %s: the key or an index in the order of the list, no further than a page",
    async (name, more) => {
      const filter = { ...UNFILTERED, ...more, access: accessFilter(seen({ all: true }), "product.view") };
      const is = await pages("many", filter, 26, 60);
      expect(scans(is)).toEqual([]);
      if (name === "no filter")
        expect(is.plan).toEqual([
          "SEARCH resource USING PRIMARY KEY (account_id=? AND type=?)",
          "SEARCH resource USING PRIMARY KEY (account_id=? AND type=? AND id<?)",
        ]);
      expect(is.ids).toEqual([...is.ids].sort().reverse());
      expect(is.ids.length > 0, name).toBe(name !== "all filters at once");
      // A third of the rows has the attribute; what is passed over is read too, to the end of the parent
      // where nothing has it.
      if (name !== "all filters at once") expect(is.rowsRead, name).toBeLessThanOrEqual(250);
    },
  );
});

test("each index serves a list or report, and a new object writes rows of its indexes only", async () => {
  const { results } = await env.DB.prepare(
    `SELECT name FROM sqlite_master
      WHERE type = 'index' AND tbl_name = 'resource' AND sql IS NOT NULL ORDER BY name`,
  ).all<{ name: string }>();
  expect(results.map(({ name }) => name)).toEqual(
    ["expiry", "group", "owner", "parent", "reference", "root", "status", "unique"].map(
      (name) => `resource_${name}`,
    ),
  );
  const account = { accountId: ACCOUNT, below: null, closed: new Set<string>() };
  const { sql, params } = findExpiring(
    db,
    account,
    { type: "many", access: accessFilter(seen({ all: true }), "product.view") },
    { from: 0, to: 1 },
    10,
  ).toSQL();
  const plan = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .bind(...params)
    .all<{ detail: string }>();
  expect(plan.results.map(({ detail }) => detail).join("\n")).toContain(
    "USING INDEX resource_expiry (account_id=? AND type=? AND expires_at>? AND expires_at<?)",
  );
  const written = async (columns: string, values: string) =>
    (
      await env.DB.prepare(`
        INSERT INTO resource (
          account_id, type, id, attributes, created_by, created_at, updated_at, owner_id${columns})
        VALUES (
          '${ACCOUNT}', 'written', '${crypto.randomUUID()}', '{}', 'mem_9', 0, 0, 'mem_9'${values})`).run()
    ).meta.rows_written;
  // The row, its owner and its status; then one for each of parent, root, reference, group, expiry and key.
  expect(await written("", "")).toBe(3);
  expect(await written(", parent_id, root_id", ", 'p', 'r'")).toBe(5);
  expect(
    await written(
      ", parent_id, root_id, reference_id, group_id, expires_at, unique_key",
      ", 'p', 'r', 'c', 'g', 1, 'u'",
    ),
  ).toBe(9);
});

describe("pages of a list, put together, are the rows that decide allows", () => {
  let rows: Row[];
  beforeAll(async () => {
    rows = await fill("few", 120, {
      parent: "CASE n % 4 WHEN 0 THEN NULL ELSE 'p_' || (n % 3) END",
      root: "CASE n % 7 WHEN 0 THEN NULL ELSE 'r_' || (n % 13) END",
      owner: "'mem_' || (n % 3)",
      group: "CASE n % 5 WHEN 0 THEN NULL ELSE 'g_' || (n % 4) END",
      reference: "CASE n % 2 WHEN 0 THEN NULL ELSE 'c_' || (n % 5) END",
      status: "CASE n % 3 WHEN 0 THEN 'active' ELSE 'revoked' END",
    });
  });

  const some = (prefix: string, count: number, pad = 0) =>
    fc
      .uniqueArray(fc.integer({ min: 0, max: count }), { maxLength: 16 })
      .map(
        (list): ReadonlySet<string> => new Set(list.map((n) => `${prefix}${String(n).padStart(pad, "0")}`)),
      );
  const few = (prefix: string, count: number, pad = 0) =>
    fc.oneof(fc.constant<ReadonlySet<string>>(new Set()), some(prefix, count, pad));
  const rarely = fc.integer({ min: 0, max: 5 }).map((n) => n === 0);
  const reach: fc.Arbitrary<Extent> = fc.record({
    all: rarely,
    own: rarely,
    active: rarely,
    ids: few("id_", 130, 7),
    roots: few("r_", 14),
    inside: fc.option(fc.record({ ids: few("id_", 130, 7), under: few("r_", 14) }), { freq: 2 }),
  });
  const filter = fc.record({
    parentId: fc.option(fc.constantFrom("p_0", "p_1", "p_9"), { freq: 1 }),
    referenceId: fc.option(fc.constantFrom("c_1", "c_3"), { freq: 1 }),
    groupId: fc.option(fc.constantFrom("g_1", "g_3", "g_9"), { freq: 1 }),
    status: fc.option(fc.constantFrom("active", "revoked"), { freq: 1 }),
    organizations: fc.constant(null),
    attributes: fc.constant({}),
    before: fc.option(fc.constantFrom("id_0000060", "id_9", ""), { freq: 1 }),
  });

  test(
    "S0.18 under every kind of reach, with filters, from any place on",
    () =>
      fc.assert(
        fc.asyncProperty(
          reach,
          fc.option(some("g_", 4)),
          filter,
          fc.constantFrom(1, 2, 7, 101),
          async (one, groups, asked, limit) => {
            const set = seen(one, groups);
            const is = await pages("few", { ...asked, access: accessFilter(set, "product.view") }, limit);
            expect(is.ids).toEqual(
              rows
                .filter((row) => decide(set, "product.view", row).allowed && fits(row, asked))
                .map(({ id }) => id),
            );
            if (!one.all || groups !== null) expect(scans(is), String(is.rowsRead)).toEqual([]);
          },
        ),
        { numRuns: isSoak ? 150 : 40 },
      ),
    120_000,
  );
});
