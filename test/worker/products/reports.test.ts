import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Api, expectStatus } from "../../harness/client.ts";
import { newAccount, newMember, type Person } from "../../harness/people.ts";
import {
  fetch,
  createPlatform,
  createObject,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

interface Answered {
  readonly report: string;
  readonly from: string;
  readonly to: string;
  readonly rows: readonly Record<string, string | number | null>[];
  readonly complete: boolean;
}

const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();

let platform: Api;
let owner: Person;
beforeAll(async () => {
  platform = await createPlatform();
});
beforeEach(async () => {
  owner = await createSubscribedAccount(platform, "vendor");
});

const report = async (who: Api, name: string, query = "") =>
  expectStatus(await who.get<Answered>(`/v1/reports/${name}${query}`), 200).body;

describe("licenses that expire", () => {
  let product: string;
  const key = (expiresAt: string | null) =>
    createObject(owner, "license-keys", { productId: product, expiresAt });
  beforeEach(async () => {
    product = await createObject(owner, "products", { name: "=Editor" });
  });

  it("S3.47 by period: `from` included, `to` not, the soonest first, only what expires", async () => {
    const times = [inDays(40), inDays(20), inDays(10), inDays(-1)] as const;
    const [late, second, first] = [
      await key(times[0]),
      await key(times[1]),
      await key(times[2]),
      await key(times[3]),
      await key(null),
    ];
    expect((await report(owner.api, "expiring-licenses")).rows.map((row) => row["id"])).toEqual([
      first,
      second,
    ]);
    expect(
      (await report(owner.api, "expiring-licenses", `?from=${times[1]}&to=${times[0]}`)).rows.map(
        (row) => row["id"],
      ),
    ).toEqual([second]);
    expect(
      (await report(owner.api, "expiring-licenses", `?from=${times[1]}&to=${inDays(41)}`)).rows.map(
        (row) => row["id"],
      ),
    ).toEqual([second, late]);
  });

  it("keys are shown by their last characters only", async () => {
    const id = await key(inDays(1));
    const { key: secret } = expectStatus(
      await owner.api.get<{ key: string }>(`/v1/license-keys/${id}`),
      200,
    ).body;
    expect((await report(owner.api, "expiring-licenses")).rows[0]?.["name"]).toBe(`…${secret.slice(-4)}`);
  });

  it("another account's are in no report", async () => {
    await key(inDays(1));
    const other = await createSubscribedAccount(platform, "vendor");
    expect((await report(other.api, "expiring-licenses")).rows).toEqual([]);
  });
});

it("S1.28 a report as JSON and as CSV, and each download is in the trail", async () => {
  await createObject(owner, "products", { name: "Editor" });
  const json = await report(owner.api, "usage");
  expect(json.rows).toContainEqual({
    memberId: owner.memberId,
    action: "product.create",
    count: 1,
    credits: 0,
  });
  const csv = expectStatus(await owner.api.get<string>("/v1/reports/usage?format=csv"), 200);
  expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect(csv.headers.get("content-disposition")).toBe('attachment; filename="usage.csv"');
  expect(csv.body.replace("\uFEFF", "").split("\r\n").slice(0, 1)).toEqual(["memberId,action,count,credits"]);
  expect(csv.body).toContain(`${owner.memberId},product.create,1,0\r\n`);
  const trail = expectStatus(
    await owner.api.get<{ data: { changes: { after: Record<string, unknown> } }[] }>(
      "/v1/audit?action=report.download",
    ),
    200,
  ).body.data;
  expect(trail.map(({ changes }) => [changes.after["report"], changes.after["format"]])).toEqual([
    ["usage", "csv"],
    ["usage", "json"],
  ]);
});

describe("who may", () => {
  it("a member without the right gets 403 for each report, unknown ones too, and for the list", async () => {
    const operator = await newMember(fetch, owner, { roles: ["operator"] });
    for (const name of ["usage", "expiring-licenses", "requests-and-keys", "no-such-report"])
      expect(said(await operator.api.get(`/v1/reports/${name}`)), name).toBe("403 access/denied");
    expect(said(await operator.api.get("/v1/reports"))).toBe("403 access/denied");
  });

  it("a report of another model is not there", async () => {
    for (const name of [
      "requests-and-keys",
      "tasks",
      "downloads",
      "subscriptions",
      "no-such-report",
      "constructor",
    ])
      expect(said(await owner.api.get(`/v1/reports/${name}`)), name).toBe("404 not-found");
  });

  it("who may not read the audit log learns what was done, and not by whom", async () => {
    await createObject(owner, "products", { name: "Editor" });
    const reader = await newMember(fetch, owner, { roles: ["operator"], rights: ["report.download"] });
    expect((await report(reader.api, "usage")).rows).toContainEqual({
      memberId: null,
      action: "product.create",
      count: 1,
      credits: 0,
    });
    expect((await report(reader.api, "usage")).rows.filter((row) => row["memberId"] !== null)).toEqual([]);
  });

  it("a narrower right opens its own report and no other", async () => {
    const reader = await newMember(fetch, owner, {
      roles: ["operator"],
      rights: ["report.expiring_licenses"],
    });
    expect((await report(reader.api, "expiring-licenses")).rows).toEqual([]);
    expect(said(await reader.api.get("/v1/reports/usage"))).toBe("403 access/denied");
    expect(
      expectStatus(await reader.api.get<{ data: { name: string }[] }>("/v1/reports"), 200).body.data.map(
        ({ name }) => name,
      ),
    ).toEqual(["expiring-licenses"]);
  });
});

it.each(["from=yesterday", "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "format=pdf", "period=1"])(
  "%s is a fault of the question",
  async (query) => {
    expect(said(await owner.api.get(`/v1/reports/usage?${query}`))).toBe("422 validation");
  },
);

it("S3.48 each key with the number of requests of the period and the last one, within groups", async () => {
  const manager = await createSubscribedAccount(platform, "dealer");
  const [one, two] = [
    await createObject(manager, "objects", { name: "One" }),
    await createObject(manager, "objects", { name: "Two" }),
  ];
  const [busy, idle] = [
    await createObject(manager, "keys", { objectId: one, serial: "B-1" }),
    await createObject(manager, "keys", { objectId: two, serial: "I-1" }),
  ];
  await createObject(manager, `keys/${busy}/licenses`, { days: 10 });
  const last = await createObject(manager, `keys/${busy}/licenses`, { days: 10 });
  const rows = (await report(manager.api, "requests-and-keys")).rows.map((row) => [
    row["keyId"],
    row["requests"],
    row["lastRequestId"],
  ]);
  expect(rows).toEqual([
    [idle, 0, null],
    [busy, 2, last],
  ]);
  const before = `?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z`;
  expect((await report(manager.api, "requests-and-keys", before)).rows.map((row) => row["requests"])).toEqual(
    [0, 0],
  );
  const group = await createObject(manager, "object-groups", { name: "G" });
  const user = await newMember(fetch, manager, { roles: ["dealer_user"] });
  expectStatus(
    await manager.api.put(`/v1/members/${user.memberId}/object-groups`, { groupIds: [group] }),
    200,
  );
  expect((await report(user.api, "requests-and-keys")).rows).toEqual([]);
});

it("S2.3 a distributor reports on its sellers' customers, staff on the organizations in reach", async () => {
  const distributor = await newAccount(fetch, platform, "distributor");
  const seller = await newAccount(fetch, platform, "seller", { parentId: distributor.accountId });
  const [near, far] = [
    await newAccount(fetch, platform, "customer_org", { parentId: seller.accountId }),
    await newAccount(fetch, platform, "customer_org", { parentId: seller.accountId }),
  ];
  const catalogItemId = await createObject(seller, "catalog", { name: "Box", vendor: "V", priceAmount: 100 });
  const bought = [
    await createObject(near, "subscriptions", { catalogItemId }),
    await createObject(far, "subscriptions", { catalogItemId }),
  ];
  const ids = async (who: Api) => (await report(who, "subscriptions")).rows.map((row) => row["id"]).sort();
  const agent = await newMember(fetch, seller, {
    roles: ["seller_agent_admin"],
    grants: [{ resourceType: "organization", resourceId: near.accountId, access: "view" }],
  });
  for (const [who, expected] of [
    [distributor, bought],
    [seller, bought],
    [near, [bought[0]]],
    [agent, [bought[0]]],
  ] as const)
    expect(await ids(who.api)).toEqual([...expected].sort());
});
