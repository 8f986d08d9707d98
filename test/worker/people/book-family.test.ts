import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newAccount, newMember, type Person } from "../../harness/people.ts";
import { addMemberByPlatform, requiredFields, actingIn } from "./invite-fixture.ts";
import {
  OTHER_IP,
  fetch,
  createPlatform,
  HOME_IP,
  listIds,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

interface Row {
  readonly id: string;
  readonly accountId: string;
  readonly dealer: string;
  readonly status: string;
  readonly login: string;
}
interface Listed {
  readonly data: Row[];
  readonly nextCursor: string | null;
  readonly contactSuggested?: true;
  readonly contact?: string;
}

const ANY = { ifMatch: "*" };

let platform: Api;
beforeAll(async () => {
  platform = await createPlatform();
});

const rowsOf = async (who: Api, query = "", ask: object = {}): Promise<Row[]> =>
  expectStatus(await who.get<Listed>(`/v1/members?limit=100${query}`, ask), 200).body.data;
let count = 0;
const added = async (who: { readonly api: Api }, fields: object) =>
  expectStatus(
    await who.api.post<{ id: string }>(
      "/v1/members",
      { firstName: "A", lastName: "B", email: `family-${(count += 1)}@example.com`, ...fields },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  ).body.id;

describe("S3.12 S3.50 S3.51 members of sub-dealers in a dealer's book", () => {
  let dealer: Person;
  let north: Person;
  let south: Person;
  let other: Person;
  let below: Person;
  beforeAll(async () => {
    dealer = await newAccount(fetch, platform, "dealer", { name: "Head office" });
    north = await newAccount(fetch, platform, "subdealer", { parentId: dealer.accountId, name: "Север" });
    south = await newAccount(fetch, platform, "subdealer", {
      parentId: dealer.accountId,
      name: "South 100%",
    });
    other = await newAccount(fetch, platform, "dealer", { name: "Other" });
    below = await newAccount(fetch, platform, "subdealer", {
      parentId: other.accountId,
      name: "Below other",
    });
    await addMemberByPlatform(fetch, platform, north.accountId, ["client"]);
    for (let more = 0; more < 3; more += 1) await added(dealer, { roles: ["client"] });
  });

  test("all of them, in pages, with account and sub-dealer's name; no other dealer's are there", async () => {
    const rows = await rowsOf(dealer.api);
    expect(rows.map(({ accountId, dealer: name }) => [accountId, name]).sort()).toEqual(
      [
        ...Array(4).fill([dealer.accountId, "Head office"]),
        ...Array(2).fill([north.accountId, "Север"]),
        [south.accountId, "South 100%"],
      ].sort(),
    );
    expect(rows.map(({ id }) => id)).toEqual(rows.map(({ id }) => id).sort());
    for (const query of ["members", "members?sort=dealer", "members?sort=-login", "members?sort=roles"]) {
      const whole = await listIds(dealer.api, query, 100);
      for (const limit of [1, 2, 3]) expect(await listIds(dealer.api, query, limit)).toEqual(whole);
      expect(new Set(whole)).toEqual(new Set(rows.map(({ id }) => id)));
    }
    expect((await rowsOf(other.api)).map(({ dealer: name }) => name)).toEqual(["Other", "Below other"]);
  });

  test("filters and sort work over all of them", async () => {
    expect(
      (await rowsOf(dealer.api, `&dealer=${encodeURIComponent("сЕВ")}`)).map(({ accountId }) => accountId),
    ).toEqual([north.accountId, north.accountId]);
    expect((await rowsOf(dealer.api, "&dealer=100%25")).map(({ accountId }) => accountId)).toEqual([
      south.accountId,
    ]);
    expect((await rowsOf(dealer.api, "&login=0001")).map(({ accountId }) => accountId).sort()).toEqual(
      [dealer.accountId, north.accountId, south.accountId].sort(),
    );
    expect((await rowsOf(dealer.api, "&sort=-dealer")).map(({ dealer: name }) => name)).toEqual([
      "Север",
      "Север",
      "South 100%",
      ...Array(4).fill("Head office"),
    ]);
    expect(await rowsOf(dealer.api, "&dealer=Below")).toEqual([]);
  });

  test("a renamed dealer is found by its new name", async () => {
    expectStatus(await other.api.patch(`/v1/accounts/${other.accountId}`, { name: "ЮГ" }, ANY), 200);
    expect(
      (await rowsOf(other.api, `&dealer=${encodeURIComponent("юг")}`)).map(({ dealer: name }) => name),
    ).toEqual(["ЮГ"]);
  });

  test("with Tollgate-Account it is that account's book alone; a sub-dealer sees its own", async () => {
    expect(
      (await rowsOf(dealer.api, "", actingIn(north.accountId))).map(({ accountId }) => accountId),
    ).toEqual([north.accountId, north.accountId]);
    // By ownership, not by the role.
    expect((await rowsOf(north.api)).map(({ accountId }) => accountId)).toEqual([
      north.accountId,
      north.accountId,
    ]);
    expect(said(await dealer.api.get("/v1/members", actingIn(below.accountId)))).toBe("404 not-found");
  });

  test("their cards are opened with Tollgate-Account, and not edited", async () => {
    const path = `/v1/members/${north.memberId}`;
    expect(said(await dealer.api.get(path))).toBe("404 not-found");
    expect(said(await dealer.api.get(path, actingIn(north.accountId)))).toBe("200");
    expect(said(await dealer.api.patch(path, { city: "A" }, { ...ANY, ...actingIn(north.accountId) }))).toBe(
      "403 access/denied",
    );
  });

  test("without sight of sub-dealers only the dealer's own; with the right given, all at once", async () => {
    const clerk = await newMember(fetch, dealer, { roles: ["dealer_user"] });
    const accounts = async () => new Set((await rowsOf(clerk.api)).map(({ accountId }) => accountId));
    expect(said(await clerk.api.get("/v1/members"))).toBe("403 access/denied");
    expectStatus(
      await dealer.api.patch(`/v1/members/${clerk.memberId}`, { rights: ["member.view"] }, ANY),
      200,
    );
    expect(await accounts()).toEqual(new Set([dealer.accountId]));
    expectStatus(
      await dealer.api.patch(
        `/v1/members/${clerk.memberId}`,
        { rights: ["member.view", "subdealer.view_entities"] },
        ANY,
      ),
      200,
    );
    expect(await accounts()).toEqual(new Set([dealer.accountId, north.accountId, south.accountId]));
    expectStatus(
      await dealer.api.patch(`/v1/members/${clerk.memberId}`, { rights: ["subdealer.view_entities"] }, ANY),
      200,
    );
    // The right alone shows the users of sub-dealers, and no member of the dealer's own.
    expect(await accounts()).toEqual(new Set([north.accountId, south.accountId]));
  });

  test("address rules of a sub-dealer hold in the list too", async () => {
    await env.DB.prepare("UPDATE account SET allowed_ips = ?, version = version + 1 WHERE id = ?")
      .bind(JSON.stringify([`${OTHER_IP}/32`]), north.accountId)
      .run();
    for (const [ip, answer] of [
      [HOME_IP, "403 ip/not-allowed"],
      [OTHER_IP, "200"],
    ] as const)
      expect(said(await dealer.api.get("/v1/members", { ...actingIn(north.accountId), ip }))).toBe(answer);
    const names = async (ip: string) =>
      new Set((await rowsOf(dealer.api, "", { ip })).map(({ accountId }) => accountId));
    expect(await names(HOME_IP)).toEqual(new Set([dealer.accountId, south.accountId]));
    expect(await names(OTHER_IP)).toEqual(new Set([dealer.accountId, north.accountId, south.accountId]));
  });
});

test("a seller's book holds its own members, not those of its customers' organizations", async () => {
  const seller = await newAccount(fetch, platform, "seller");
  const customer = await newAccount(fetch, platform, "customer_org", { parentId: seller.accountId });
  expect((await rowsOf(seller.api)).map(({ accountId }) => accountId)).toEqual([seller.accountId]);
  expect(
    (await rowsOf(seller.api, "", actingIn(customer.accountId))).map(({ accountId }) => accountId),
  ).toEqual([customer.accountId]);
});

describe("S1.30 S1.31 S1.42 a large team", () => {
  /** Members beyond the first, by one statement. */
  const fill = (accountId: string, rows: number) =>
    env.DB.prepare(`
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${rows})
    INSERT INTO member
      (id, account_id, username, username_folded, first_name, last_name, email, status, roles, created_at,
        updated_at)
    SELECT printf('mem_%026d', n), ?1, 'M' || n, 'm' || n, 'M', 'N', 'm' || n || '@example.com', 'new',
      '["viewer"]', 0, 0
    FROM numbers`)
      .bind(accountId)
      .run();

  test("has no end at 300, and is asked to get in touch above 100, while nothing is blocked", async () => {
    const team = await createSubscribedAccount(platform, "team");
    await fill(team.accountId, 99);
    const first = expectStatus(await team.api.get<Listed>("/v1/members?limit=2"), 200).body;
    expect([first.contactSuggested, first.contact]).toEqual([undefined, undefined]);
    await added(team, { roles: ["member"] });
    expect(expectStatus(await team.api.get<Listed>("/v1/members?limit=2"), 200).body).toMatchObject({
      contactSuggested: true,
      contact: expect.stringMatching(/^(https:|mailto:)/),
    });
    for (let more = 0; more < 200; more += 1) await added(team, { roles: ["viewer"] });
    expect(await listIds(team.api, "members", 100)).toHaveLength(301);
    expect(new Set(await listIds(team.api, "members?sort=-username", 37)).size).toBe(301);
  });

  test("only teams are told", async () => {
    const vendor = await createSubscribedAccount(platform, "vendor");
    await env.DB.prepare("DELETE FROM member WHERE id LIKE 'mem_0000000%'").run();
    await fill(vendor.accountId, 150);
    expect(
      expectStatus(await vendor.api.get<Listed>("/v1/members?limit=2"), 200).body.contactSuggested,
    ).toBeUndefined();
  });
});

describe("S4.33 S4.37 S4.38 an agency's card", () => {
  const limitOf = (card: unknown) => (card as { creditLimit: number | null }).creditLimit;
  let owner: Person;
  const edit = (id: string, body: object) => owner.api.patch(`/v1/members/${id}`, body, ANY);
  beforeAll(async () => {
    owner = await createSubscribedAccount(platform, "agency");
  });

  test("the type of account is the role by another name; the limit leaves with the specialist", async () => {
    const id = await added(owner, { accountType: "specialist", creditLimit: 5 });
    expect(limitOf(expectStatus(await edit(id, { creditLimit: 9 }), 200).body)).toBe(9);
    expect(limitOf(expectStatus(await edit(id, { creditLimit: 0 }), 200).body)).toBe(0);
    expect(expectStatus(await edit(id, { accountType: "manager" }), 200).body).toMatchObject({
      roles: ["manager"],
      creditLimit: null,
    });
    expect(said(await edit(id, { creditLimit: 5 }))).toBe("422 validation");
    expect(said(await edit(id, { accountType: "specialist", creditLimit: -1 }))).toBe("422 validation");
    expect(
      expectStatus(await edit(id, { accountType: "specialist", creditLimit: 3 }), 200).body,
    ).toMatchObject({
      roles: ["specialist"],
      creditLimit: 3,
    });
    expect(said(await edit(id, { accountType: "guest", roles: ["guest"] }))).toBe("422 validation");
    expect(said(await edit(id, { accountType: "owner" }))).toBe("422 validation");
  });

  test("S4.28 no member becomes a guest without a task, in either word", async () => {
    const [bare, ready] = [
      await added(owner, { accountType: "specialist" }),
      await added(owner, { accountType: "specialist", ...requiredFields("guest") }),
    ];
    for (const body of [{ accountType: "guest" }, { roles: ["guest"] }])
      expect(said(await edit(bare, body))).toBe("422 validation");
    expect(expectStatus(await edit(ready, { accountType: "guest" }), 200).body).toMatchObject({
      roles: ["guest"],
    });
  });

  test("elsewhere there are no such types", async () => {
    const team = await createSubscribedAccount(platform, "team");
    const id = await added(team, { roles: ["member"] });
    expect(said(await team.api.patch(`/v1/members/${id}`, { accountType: "guest" }, ANY))).toBe(
      "422 validation",
    );
  });
});
