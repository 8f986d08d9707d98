import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { newIdWith } from "../../../src/kernel/id.ts";
import { type Api, newIdempotencyKey, expectStatus, type Problem, type Reply } from "../../harness/client.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { type CellCheck, type ExpectedAnswer, compareCells } from "./policy-matrix.ts";
import {
  fetch,
  createPlatform,
  listIds,
  createObject,
  statusOf,
  createProductTree,
  createSubscribedAccount,
} from "./operators-fixture.ts";

/**
 * What each grant gives: v view, e edit, d delete, c create under it or of the kind. `n` is the object of the
 * grant, `m` is another. "below" are license keys, machine codes and data objects of the product, at any
 * depth.
 */
const TABLE = {
  //                  product            below          customer           access               in-
  //                  n     m     new    n      m       n     m     new    token     analytics  voice  billing
  nothing: "-     -     -      -      -       -     -     -      -         -          -      -",
  "product view 0": "v     v     -      v      v       -     -     -      -         -          -      -",
  "product edit 0": "ve    ve    -      vec    vec     -     -     -      -         -          -      -",
  "product owner 0": "ved   ved   c      vec    vec     -     -     -      -         -          -      -",
  "product view n": "v     -     -      v      -       -     -     -      -         -          -      -",
  "product edit n": "ve    -     -      vec    -       -     -     -      -         -          -      -",
  "product owner n": "ved   -     -      vec    -       -     -     -      -         -          -      -",
  "customer view 0": "-     -     -      -      -       v     v     -      -         -          -      -",
  "customer edit 0": "-     -     -      -      -       ve    ve    -      -         -          -      -",
  "customer owner 0": "-     -     -      -      -       ved   ved   c      -         -          -      -",
  "customer view n": "-     -     -      -      -       v     -     -      -         -          -      -",
  "customer edit n": "-     -     -      -      -       ve    -     -      -         -          -      -",
  "customer owner n": "-     -     -      -      -       ved   -     -      -         -          -      -",
  "analytics view 0": "-     -     -      -      -       -     -     -      -         v          -      -",
  "analytics edit 0": "-     -     -      -      -       -     -     -      -         v          -      -",
  "analytics owner 0": "-    -     -      -      -       -     -     -      -         v          -      -",
  "billing view 0": "-     -     -      -      -       -     -     -      -         -          v      v",
  "billing edit 0": "-     -     -      -      -       -     -     -      -         -          v      ve",
  "billing owner 0": "-     -     -      -      -       -     -     -      -         -          v      ve",
  // Edit for products, owner for customers.
  "the bundle": "ve    ve    -      vec    vec     ved   ved   c      -         -          -      -",
  // No right of the model writes or changes an invoice of its own account.
  "the owner": "ved   ved   c      vedc   vedc    ved   ved   c      vedc      v          v      ve",
} as const;
type Holder = keyof typeof TABLE;
const COLUMNS = [
  "product n",
  "product m",
  "new product",
  "below n",
  "below m",
  "customer n",
  "customer m",
  "new customer",
  "token",
  "analytics",
  "invoice",
  "billing",
] as const;

const cellOf = (holder: Holder, column: (typeof COLUMNS)[number]): string =>
  TABLE[holder].split(/\s+/)[COLUMNS.indexOf(column)] ?? "";
const has = (holder: Holder, column: (typeof COLUMNS)[number], verb: string): boolean =>
  cellOf(holder, column).includes(verb);
/** What may be seen and not done is refused; what may not be seen is not there. */
const onOne = (holder: Holder, column: (typeof COLUMNS)[number], verb: "v" | "e" | "d"): ExpectedAnswer =>
  has(holder, column, verb) ? "yes" : has(holder, column, "v") ? 403 : 404;

interface Stock {
  readonly product: string;
  readonly key: string;
  readonly machine: string;
  readonly below: readonly (readonly [path: string, id: string])[];
  readonly customer: string;
  readonly token: string;
  readonly invoice: string;
}

/** A product with all that stands below it, a customer who has a key, an access token and an invoice. */
async function stock(owner: Person, name: string): Promise<Stock> {
  const { product, key, machine, ofProduct, ofKey, ofMachine } = await createProductTree(owner, name);
  const [customer, token, invoice] = [
    await createObject(owner, "customers", { name }),
    await createObject(owner, "access-tokens", { name }),
    newIdWith("ivc", Date.now()),
  ];
  await createObject(owner, "license-keys", { productId: product, customerId: customer });
  const attributes = {
    title: "I",
    currency: "EUR",
    lines: [],
    dueAt: null,
    amount: 0,
    billedTo: owner.memberId,
  };
  await env.DB.prepare(`
    INSERT INTO resource
      (account_id, type, id, status, name, attributes, version, created_by, created_at, updated_at)
    VALUES (?1, 'invoice', ?2, 'open', 'I', ?3, 1, ?1, 0, 0)`)
    .bind(owner.accountId, invoice, JSON.stringify(attributes))
    .run();
  const below = [
    ["license-keys", key],
    ["machine-codes", machine],
    ["data-objects", ofProduct],
    ["data-objects", ofKey],
    ["data-objects", ofMachine],
  ] as const;
  return { product, key, machine, below, customer, token, invoice };
}

let owner: Person;
let n: Stock;
let m: Stock;
let foreign: Stock;
const members = new Map<Holder, Api>();

/** The grants behind a row of the table. */
function grantsOf(holder: Holder): { resourceType: string; resourceId: string; access: string }[] {
  const [resourceType = "", access = "", id] = holder.split(" ");
  if (holder === "the bundle")
    return [
      { resourceType: "product", resourceId: "0", access: "edit" },
      { resourceType: "customer", resourceId: "0", access: "owner" },
    ];
  return id === undefined
    ? []
    : [
        {
          resourceType,
          access,
          resourceId: id === "0" ? "0" : resourceType === "product" ? n.product : n.customer,
        },
      ];
}

beforeAll(async () => {
  const platform = await createPlatform();
  owner = await createSubscribedAccount(platform, "vendor");
  [n, m, foreign] = [
    await stock(owner, "N"),
    await stock(owner, "M"),
    await stock(await createSubscribedAccount(platform, "vendor"), "Foreign"),
  ];
  for (const holder of Object.keys(TABLE) as Holder[]) {
    members.set(
      holder,
      holder === "the owner"
        ? owner.api
        : (await newMember(fetch, owner, { roles: ["operator"], grants: grantsOf(holder) })).api,
    );
  }
});

const ANY = { ifMatch: "*" };
const keyed = () => ({ idempotencyKey: newIdempotencyKey() });
/**
 * Removing what something depends on is refused after the right is decided: it is allowed. The owner, who is
 * last, removes the others.
 */
const removal = async (who: Api, path: string): Promise<Reply<unknown>> => {
  const answer = await who.del<Problem>(path);
  return answer.status === 409 && answer.body.code === "conflict/not-removable"
    ? { ...answer, status: 204 }
    : answer;
};

/** The three verbs on one object. */
const threeCells = (
  who: Api,
  holder: Holder,
  what: string,
  path: string,
  expected: (verb: "v" | "e" | "d") => ExpectedAnswer,
  removable = true,
): CellCheck[] => [
  { cell: `${holder}: view ${what}`, expected: expected("v"), ask: () => who.get(path) },
  { cell: `${holder}: edit ${what}`, expected: expected("e"), ask: () => who.patch(path, {}, ANY) },
  ...(removable
    ? [{ cell: `${holder}: delete ${what}`, expected: expected("d"), ask: () => removal(who, path) }]
    : []),
];

/** Adding: refused outright without the right anywhere; else the parent has to be there. */
const newCell = (
  who: Api,
  holder: Holder,
  what: string,
  path: string,
  body: object,
  expected: ExpectedAnswer,
): CellCheck => ({
  cell: `${holder}: create ${what}`,
  expected,
  ask: () => who.post(`/v1/${path}`, body, keyed()),
});

function existing(who: Api, holder: Holder): CellCheck[] {
  const missing = () => 404 as const;
  return [
    ...(
      [
        ["n", n],
        ["m", m],
      ] as const
    ).flatMap(([name, { product, below, customer, token, invoice }]) => [
      ...below.flatMap(([path, id]) =>
        threeCells(who, holder, `${path} below ${name}`, `/v1/${path}/${id}`, (verb) =>
          onOne(holder, `below ${name}`, verb),
        ),
      ),
      ...threeCells(who, holder, `product ${name}`, `/v1/products/${product}`, (verb) =>
        onOne(holder, `product ${name}`, verb),
      ),
      ...threeCells(who, holder, `customer ${name}`, `/v1/customers/${customer}`, (verb) =>
        onOne(holder, `customer ${name}`, verb),
      ),
      ...threeCells(who, holder, "access token", `/v1/access-tokens/${token}`, (verb) =>
        onOne(holder, "token", verb),
      ),
      ...threeCells(
        who,
        holder,
        "invoice",
        `/v1/invoices/${invoice}`,
        (verb) => onOne(holder, "invoice", verb),
        false,
      ),
    ]),
    ...[
      ...foreign.below,
      ["products", foreign.product],
      ["customers", foreign.customer],
      ["access-tokens", foreign.token],
    ].flatMap(([path, id]) =>
      threeCells(who, holder, `another account's ${path}`, `/v1/${path}/${id}`, missing),
    ),
    ...threeCells(
      who,
      holder,
      "another account's invoice",
      `/v1/invoices/${foreign.invoice}`,
      missing,
      false,
    ),
  ];
}

function creations(who: Api, holder: Holder): CellCheck[] {
  const anywhere = has(holder, "below n", "c") || has(holder, "below m", "c");
  const under = (name: "n" | "m"): ExpectedAnswer =>
    !anywhere
      ? 403
      : has(holder, `below ${name}`, "c")
        ? "yes"
        : has(holder, `product ${name}`, "v")
          ? 403
          : 404;
  const below = (name: string, { product, key, machine }: Stock, expected: ExpectedAnswer): CellCheck[] => [
    newCell(who, holder, `license key under ${name}`, "license-keys", { productId: product }, expected),
    newCell(
      who,
      holder,
      `license key with a new customer under ${name}`,
      "license-keys",
      { productId: product, newCustomer: { name: "New" } },
      expected,
    ),
    newCell(
      who,
      holder,
      `machine code under ${name}`,
      "machine-codes",
      { licenseKeyId: key, code: "C" },
      expected,
    ),
    ...Object.entries({ productId: product, licenseKeyId: key, machineCodeId: machine }).map(([member, id]) =>
      newCell(
        who,
        holder,
        `data object, ${member} of ${name}`,
        "data-objects",
        { name: "D", [member]: id },
        expected,
      ),
    ),
  ];
  return [
    ...below("n", n, under("n")),
    ...below("m", m, under("m")),
    ...below("another account's", foreign, anywhere ? 404 : 403),
    newCell(who, holder, "product", "products", { name: "P" }, has(holder, "new product", "c") ? "yes" : 403),
    newCell(
      who,
      holder,
      "customer",
      "customers",
      { name: "C" },
      has(holder, "new customer", "c") ? "yes" : 403,
    ),
    newCell(
      who,
      holder,
      "access token",
      "access-tokens",
      { name: "T" },
      has(holder, "token", "c") ? "yes" : 403,
    ),
    newCell(
      who,
      holder,
      "invoice",
      "invoices",
      { title: "I", currency: "EUR", lines: [{ description: "L", quantity: 1, unitPrice: 1 }] },
      403,
    ),
  ];
}

/** Collections, and what there is only one of. */
function collections(who: Api, holder: Holder): CellCheck[] {
  const seen = (...columns: readonly (typeof COLUMNS)[number][]): ExpectedAnswer =>
    columns.some((column) => has(holder, column, "v")) ? "yes" : 403;
  const list = (path: string, expected: ExpectedAnswer): CellCheck => ({
    cell: `${holder}: list ${path}`,
    expected,
    ask: () => who.get(`/v1/${path}`),
  });
  return [
    list("products", seen("product n", "product m")),
    ...["license-keys", "machine-codes", "data-objects"].map((path) =>
      list(path, seen("below n", "below m")),
    ),
    list("customers", seen("customer n", "customer m")),
    list("access-tokens", seen("token")),
    list("invoices", seen("invoice")),
    list("analytics", seen("analytics")),
    list("billing", seen("billing")),
    {
      cell: `${holder}: change billing`,
      expected: has(holder, "billing", "e") ? "yes" : 403,
      ask: () => who.patch("/v1/billing", { address: { city: "Oslo" } }, ANY),
    },
  ];
}

const everybody = (cells: (who: Api, holder: Holder) => CellCheck[]): CellCheck[] =>
  [...members].flatMap(([holder, who]) => cells(who, holder));

describe("Operators, cell by cell", () => {
  test("S0.18 lists hold what the table lets see, and nothing beside it", async () => {
    const wrong: string[] = [];
    for (const [holder, who] of members) {
      const ids = (path: string) =>
        [n, m].map(({ below }) => below.filter(([each]) => each === path).map(([, id]) => id));
      const columns = [
        ["products", ["product n", "product m"], [[n.product], [m.product]]],
        ["customers", ["customer n", "customer m"], [[n.customer], [m.customer]]],
        ...["machine-codes", "data-objects"].map(
          (path) => [path, ["below n", "below m"], ids(path)] as const,
        ),
        ["invoices", ["invoice", "invoice"], [[n.invoice], [m.invoice]]],
      ] as const;
      for (const [path, [ofN, ofM], [first = [], second = []]] of columns) {
        const should = [...(has(holder, ofN, "v") ? first : []), ...(has(holder, ofM, "v") ? second : [])]
          .sort()
          .reverse();
        const is = await listIds(who, path);
        if (String(is) !== (should.length === 0 ? "403 access/denied" : String(should)))
          wrong.push(`${holder}: ${path} are ${String(is)}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("S0.14, S0.18, S0.24 to S0.27 every grant × level × id × verb answers as the table says", async () => {
    await compareCells("Operators", [
      ...everybody(collections),
      ...everybody(existing),
      ...everybody(creations),
    ]);
  });

  test("S0.18 a grant that makes no sense is refused when it is saved", async () => {
    const grant = (resourceType: string, resourceId: string) =>
      owner.api.post(
        "/v1/members",
        {
          firstName: "A",
          lastName: "B",
          email: `${newIdempotencyKey()}@example.com`,
          roles: ["operator"],
          grants: [{ resourceType, resourceId, access: "view" }],
        },
        keyed(),
      );
    for (const type of ["license_key", "machine_code", "data_object", "access_token", "invoice"])
      expect(statusOf(await grant(type, "0")), type).toBe("422 validation");
    for (const type of ["analytics", "billing"])
      expect(statusOf(await grant(type, n.product)), type).toBe("422 validation");
  });
});

interface Effective {
  readonly rights: readonly { readonly right: string; readonly where: unknown; readonly source: string }[];
}

describe("what a grant adds", () => {
  const effective = async (grants: object[]) => {
    const member = await newMember(fetch, owner, { roles: ["operator"], grants });
    return expectStatus(await owner.api.get<Effective>(`/v1/members/${member.memberId}/effective`), 200).body
      .rights;
  };

  test("S0.14 stands among the member's rights with its source, and goes with it", async () => {
    const all = await effective([{ resourceType: "product", resourceId: "0", access: "edit" }]);
    const derived = ["license_key", "machine_code", "data_object"].flatMap((type) =>
      ["create", "edit", "view"].map((verb) => [`${type}.${verb}`, "derived:product:edit:0"]),
    );
    expect(all.map(({ right, source }) => [right, source]).sort()).toEqual(
      [...derived, ["product.edit", "grant:product:edit:0"], ["product.view", "grant:product:edit:0"]].sort(),
    );
    const one = await effective([{ resourceType: "product", resourceId: n.product, access: "view" }]);
    expect(one).toContainEqual({
      right: "license_key.view",
      where: { kind: "root", under: [n.product] },
      source: `derived:product:view:${n.product}`,
    });
    expect(await effective([])).toEqual([]);
  });

  test("S0.24, S0.25 analytics is read at every level, and nothing writes it", async () => {
    const rights = await Promise.all(
      ["view", "edit", "owner"].map((access) =>
        effective([{ resourceType: "analytics", resourceId: "0", access }]),
      ),
    );
    expect(rights.map((list) => list.map(({ right, where }) => [right, where]))).toEqual(
      Array.from({ length: 3 }, () => [["analytics.view", { kind: "all" }]]),
    );
    const who = members.get("analytics owner 0") ?? owner.api;
    for (const answer of [
      await who.post("/v1/analytics", {}, keyed()),
      await who.put("/v1/analytics", {}),
      await who.patch("/v1/analytics", {}, ANY),
      await who.del("/v1/analytics"),
    ])
      expect(statusOf(answer)).toBe("405 method-not-allowed");
  });

  test("S0.26, S0.27 billing: view reads, edit changes; a card shows its last four digits only", async () => {
    const [viewer, editor] = [
      members.get("billing view 0") ?? owner.api,
      members.get("billing edit 0") ?? owner.api,
    ];
    expectStatus(await viewer.get("/v1/invoices"), 200);
    expect(statusOf(await viewer.patch("/v1/billing", { address: { city: "Oslo" } }, ANY))).toBe(
      "403 access/denied",
    );
    expect(
      expectStatus(await editor.patch("/v1/billing", { address: { city: "Oslo" } }, ANY), 200).body[
        "address"
      ],
    ).toEqual({ city: "Oslo" });
    expect(expectStatus(await viewer.get("/v1/billing"), 200).body["address"]).toEqual({ city: "Oslo" });
  });
});
