import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, newIdempotencyKey, expectStatus, type Reply } from "../../harness/client.ts";
import { giveCredits, newApiKey, newMember } from "../../harness/people.ts";
import { api } from "../../harness/client.ts";
import { fetchInterruptedAt } from "../resources/charge-fixture.ts";
import { fetch, createPlatform, replaceGrants, listIds, statusOf } from "../access/operators-fixture.ts";
import { createTeam, newTheme, type Team } from "../access/team-fixture.ts";

const PRICE = 10;

interface License {
  readonly id: string;
  readonly key: string;
  readonly themeId: string;
  readonly domain: string | null;
  readonly status: string;
  readonly method: string;
  readonly provisionedBy: string;
  readonly billedTo: string;
  readonly invoiceId: string | null;
  readonly downloads: string;
  readonly expiresAt: string | null;
}

let platform: Api;
let team: Team;
let themeId: string;
beforeAll(async () => {
  platform = await createPlatform();
});
beforeEach(async () => {
  team = await createTeam(platform);
  await giveCredits(platform, team.accountId, 100);
  themeId = await newTheme(platform, { priceCredits: PRICE, priceAmount: 4_900, currency: "USD" });
});

const provision = (who: Api, theme = themeId, idempotencyKey: string = newIdempotencyKey()) =>
  who.post<License>("/v1/licenses", { themeId: theme }, { idempotencyKey });
const purchase = (who: Api, theme = themeId, idempotencyKey: string = newIdempotencyKey()) =>
  who.post<License>("/v1/licenses/purchase", { themeId: theme }, { idempotencyKey });
const bind = (who: Api, id: string, domain: string | null): Promise<Reply<License>> =>
  who.put<License>(`/v1/licenses/${id}/domain`, { domain });
const balance = async () =>
  expectStatus(await team.admin.api.get<{ balance: number }>("/v1/credits"), 200).body.balance;
const restrict = async (perThemeRestrictions: boolean) =>
  expectStatus(
    await team.admin.api.patch(
      `/v1/accounts/${team.accountId}`,
      { settings: { perThemeRestrictions } },
      { ifMatch: "*" },
    ),
    200,
  );
const actions = async (who: Api, action: string) => {
  const { data } = expectStatus(
    await who.get<{
      data: { action: string; actor: { memberId: string }; resource: { id: string }; changes: unknown }[];
    }>(`/v1/audit?action=${action}&limit=100`),
    200,
  ).body;
  return data;
};

describe("licenses", () => {
  test("S1.8 K8 a refusal for credits is one row of the log: the license, with its theme", async () => {
    const dear = await newTheme(platform, { priceCredits: 1_000 });
    const key = newIdempotencyKey();
    for (let count = 0; count < 2; count += 1)
      expect(statusOf(await provision(team.member.api, dear, key))).toBe("402 credits/insufficient-balance");
    expectStatus(
      await platform.put(`/v1/accounts/${team.accountId}/subscription`, {
        status: "canceled",
        tier: null,
        currentPeriodEnd: null,
      }),
      200,
    );
    expect(statusOf(await provision(team.member.api, dear))).toBe("402 credits/subscription-inactive");
    for (const path of ["audit", "object-log"]) {
      const { data } = expectStatus(
        await team.admin.api.get<{ data: object[] }>(`/v1/${path}?limit=100&action=license.*`),
        200,
      ).body;
      expect(data).toMatchObject([
        { action: "license.provision", outcome: "failed", reason: "credits/subscription-inactive" },
        {
          action: "license.provision",
          outcome: "failed",
          reason: "credits/insufficient-balance",
          resource: { type: "license" },
          changes: { after: { themeId: dear } },
          cost: null,
        },
      ]);
    }
    expect(await actions(team.admin.api, "credits.spend")).toEqual([]);
    expect(expectStatus(await team.admin.api.get("/v1/audit/verify"), 200).body).toMatchObject({ ok: true });
  });

  test("S1.10 S1.17 S1.20 S1.36: a member provisions from the balance that the owner pays", async () => {
    const key = newIdempotencyKey();
    const first = expectStatus(await provision(team.member.api, themeId, key), 201);
    const made = first.body;
    expect(made).toMatchObject({
      themeId,
      domain: null,
      status: "active",
      method: "provisioned",
      provisionedBy: team.member.memberId,
      billedTo: team.admin.memberId,
      invoiceId: null,
      expiresAt: null,
      downloads: `/v1/themes/${themeId}/downloads`,
    });
    expect(made.key).toMatch(/^(?:[A-Z2-9]{5}-){3}[A-Z2-9]{5}$/);
    expect(expectStatus(await provision(team.member.api, themeId, key), 201).body).toEqual(made);
    expect(await balance()).toBe(90);
    const { downloads: _, ...card } = made;
    expect(expectStatus(await team.member.api.get(`/v1/licenses/${made.id}`), 200).body).toEqual(card);
    const ledger = expectStatus(
      await team.admin.api.get<{ data: object[] }>("/v1/credits/ledger?limit=1"),
      200,
    ).body.data;
    expect(ledger).toMatchObject([
      {
        kind: "spend",
        amount: -PRICE,
        memberId: team.member.memberId,
        billedTo: team.admin.memberId,
        description: `license.provision ${made.id}`,
      },
    ]);
    const told = await actions(team.admin.api, "license.provision");
    expect(told).toMatchObject([
      {
        actor: { memberId: team.member.memberId },
        resource: { id: made.id },
        changes: { after: { key: `…${made.key.slice(-4)}` } },
      },
    ]);
    expect(
      JSON.stringify(expectStatus(await team.admin.api.get("/v1/audit?limit=100"), 200).body),
    ).not.toContain(made.key);
    // The files of the theme are open now: the link is refused for want of a file, and no longer of a
    // license.
    expect(statusOf(await team.member.api.post(made.downloads, { file: "a.zip" }))).toBe("404 not-found");
    expect(
      statusOf(
        await team.colleague.api.post(`/v1/themes/${await newTheme(platform)}/downloads`, { file: "a.zip" }),
      ),
    ).toBe("403 access/denied");
  });

  test("S1.17: the balance and the member's limit are where it stops; nothing is left behind", async () => {
    const dear = await newTheme(platform, { priceCredits: 101 });
    expect(statusOf(await provision(team.member.api, dear))).toBe("402 credits/insufficient-balance");
    expectStatus(
      await team.admin.api.patch(
        `/v1/members/${team.member.memberId}`,
        { creditLimit: 2 * PRICE + 1 },
        { ifMatch: "*" },
      ),
      200,
    );
    const answers = await Promise.all(Array.from({ length: 20 }, () => provision(team.member.api)));
    expect(Map.groupBy(answers, statusOf)).toMatchObject(
      new Map([
        ["201", expect.objectContaining({ length: 2 })],
        ["402 credits/member-limit-exceeded", expect.objectContaining({ length: 18 })],
      ]),
    );
    expect([await balance(), (await listIds(team.admin.api, "licenses")).length]).toEqual([80, 2]);
  });

  test("S1.11 S1.36: an admin purchases on an invoice to the owner, once for each key", async () => {
    const key = newIdempotencyKey();
    const [first, again] = [
      expectStatus(await purchase(team.admin.api, themeId, key), 201).body,
      expectStatus(await purchase(team.admin.api, themeId, key), 201).body,
    ];
    expect(again).toEqual(first);
    expect(first).toMatchObject({ method: "purchased", billedTo: team.admin.memberId, status: "active" });
    const invoices = expectStatus(await team.admin.api.get<{ data: object[] }>("/v1/invoices"), 200).body
      .data;
    expect(invoices).toMatchObject([
      {
        id: first.invoiceId,
        billedTo: team.admin.memberId,
        currency: "USD",
        amount: 4_900,
        status: "open",
        lines: [{ description: "Aurora", quantity: 1, unitPrice: 4_900 }],
      },
    ]);
    expect(await balance()).toBe(100);
    const free = await newTheme(platform);
    expect(statusOf(await purchase(team.admin.api, free))).toBe("409 conflict/state");
    expect(statusOf(await team.admin.api.post("/v1/licenses/purchase", { themeId }))).toBe(
      "400 idempotency/missing",
    );
    const other = await newTheme(platform, { priceAmount: 1 });
    expectStatus(await purchase(team.admin.api, other), 201);
    expect(
      expectStatus(
        await team.admin.api.get<{ data: { currency: string }[] }>("/v1/invoices"),
        200,
      ).body.data.map(({ currency }) => currency),
    ).toEqual(["EUR", "USD"]);
  });

  test("S1.11: revoking frees the domain and pays nothing back; a repeat changes nothing", async () => {
    const one = expectStatus(await provision(team.member.api), 201).body;
    const two = expectStatus(await provision(team.member.api), 201).body;
    expect(expectStatus(await bind(team.member.api, one.id, "Shop.Example.com."), 200).body.domain).toBe(
      "shop.example.com",
    );
    expect(statusOf(await bind(team.member.api, two.id, "shop.example.com"))).toBe("409 conflict/duplicate");
    for (const _ of ["first", "again"]) expectStatus(await team.admin.api.del(`/v1/licenses/${one.id}`), 204);
    expect(await balance()).toBe(80);
    expect(expectStatus(await team.admin.api.get(`/v1/licenses/${one.id}`), 200).body).toMatchObject({
      status: "revoked",
      domain: null,
    });
    expectStatus(await bind(team.member.api, two.id, "shop.example.com"), 200);
    expect(statusOf(await bind(team.member.api, one.id, "other.example.com"))).toBe("409 conflict/state");
    expect((await actions(team.admin.api, "license.revoke")).length).toBe(1);
    expect(await listIds(team.admin.api, "licenses?status=revoked")).toEqual([one.id]);
    expect(await listIds(team.admin.api, "licenses?domain=shop.example.com")).toEqual([two.id]);
  });

  test("a domain is bound once for each theme and team, also by two calls at once", async () => {
    const [one, two] = [
      expectStatus(await provision(team.member.api), 201).body,
      expectStatus(await provision(team.colleague.api), 201).body,
    ];
    const both = await Promise.all([
      bind(team.member.api, one.id, "a.example.com"),
      bind(team.colleague.api, two.id, "A.example.com"),
    ]);
    expect(both.map(statusOf).sort()).toEqual(["200", "409 conflict/duplicate"]);
    const other = expectStatus(await provision(team.member.api, await newTheme(platform)), 201).body;
    expectStatus(await bind(team.member.api, other.id, "a.example.com"), 200);
    const strangers = await createTeam(platform);
    await giveCredits(platform, strangers.accountId, 100);
    const theirs = expectStatus(await provision(strangers.member.api), 201).body;
    expectStatus(await bind(strangers.member.api, theirs.id, "a.example.com"), 200);
    expectStatus(await bind(team.admin.api, one.id, null), 200);
    for (const domain of ["", "no domain", "http://a.example.com", "10.0.0.1", "a", 5]) {
      expect(statusOf(await team.member.api.put(`/v1/licenses/${one.id}/domain`, { domain }))).toBe(
        "422 validation",
      );
    }
  });

  test("an expired license binds no new domain and frees its own for the theme's next license", async () => {
    const [old, next, other] = [
      expectStatus(await provision(team.member.api), 201).body,
      expectStatus(await provision(team.colleague.api), 201).body,
      expectStatus(await provision(team.member.api), 201).body,
    ];
    for (const [one, domain] of [
      [old, "a.example.com"],
      [other, "b.example.com"],
    ] as const)
      expectStatus(await bind(team.member.api, one.id, domain), 200);
    const past = new Date(Date.now() - 1_000).toISOString();
    for (const { id } of [old, other])
      await env.DB.prepare(
        `UPDATE resource SET expires_at = ?, attributes = json_set(attributes, '$.expiresAt', ?)
          WHERE id = ?`,
      )
        .bind(Date.parse(past), past, id)
        .run();
    expect([
      statusOf(await bind(team.member.api, old.id, "c.example.com")),
      statusOf(await bind(team.member.api, other.id, null)),
    ]).toEqual(["409 conflict/state", "200"]);
    expect(expectStatus(await bind(team.colleague.api, next.id, "A.example.com"), 200).body.domain).toBe(
      "a.example.com",
    );
    expect(
      expectStatus(await team.member.api.get<License>(`/v1/licenses/${old.id}`), 200).body.domain,
    ).toBeNull();
    expect(
      (await actions(team.admin.api, "license.provision"))
        .slice(0, 2)
        .map(({ resource, changes }) => [resource.id, changes])
        .sort(),
    ).toEqual(
      [
        [
          next.id,
          {
            before: expect.objectContaining({ domain: null }) as object,
            after: expect.objectContaining({ domain: "a.example.com" }) as object,
          },
        ],
        [
          old.id,
          {
            before: expect.objectContaining({ domain: "a.example.com" }) as object,
            after: expect.objectContaining({ domain: null }) as object,
          },
        ],
      ].sort(),
    );
    expect(
      statusOf(
        await bind(
          team.member.api,
          expectStatus(await provision(team.member.api), 201).body.id,
          "a.example.com",
        ),
      ),
    ).toBe("409 conflict/duplicate");
  });

  test("without an active subscription nothing is provisioned or purchased", async () => {
    const key = newIdempotencyKey();
    const { id } = expectStatus(await purchase(team.admin.api, themeId, key), 201).body;
    for (const subscription of [
      { status: "past_due", currentPeriodEnd: null },
      { status: "active", currentPeriodEnd: "2020-01-01T00:00:00Z" },
    ]) {
      expectStatus(
        await platform.put(`/v1/accounts/${team.accountId}/subscription`, { tier: null, ...subscription }),
        200,
      );
      for (const command of [provision, purchase])
        expect(statusOf(await command(team.admin.api))).toBe("402 credits/subscription-inactive");
      expect(expectStatus(await purchase(team.admin.api, themeId, key), 201).body.id).toBe(id);
    }
    expect((await listIds(team.admin.api, "invoices")).length).toBe(1);
  });

  test("S1.22 S1.26 S1.27 S1.28 S1.29: a member sees own, a viewer active, an admin all", async () => {
    const [own, theirs, gone] = [
      expectStatus(await provision(team.member.api), 201).body,
      expectStatus(await provision(team.colleague.api), 201).body,
      expectStatus(await provision(team.member.api), 201).body,
    ];
    expectStatus(await team.admin.api.del(`/v1/licenses/${gone.id}`), 204);
    expect(await listIds(team.admin.api, "licenses")).toEqual([gone.id, theirs.id, own.id]);
    expect(await listIds(team.member.api, "licenses")).toEqual([gone.id, own.id]);
    expect(await listIds(team.viewer.api, "licenses")).toEqual([theirs.id, own.id]);
    expect(await listIds(team.viewer.api, "licenses?status=revoked")).toEqual([]);
    const strangers = await createTeam(platform);
    for (const [who, one, card, revoke, bound] of [
      [team.member, own, "200", "403 access/denied", "200"],
      [team.member, theirs, "404 not-found", "404 not-found", "404 not-found"],
      [team.viewer, own, "200", "403 access/denied", "403 access/denied"],
      [team.viewer, gone, "404 not-found", "404 not-found", "404 not-found"],
      [strangers.admin, own, "404 not-found", "404 not-found", "404 not-found"],
      [team.admin, own, "200", "204", "409 conflict/state"],
    ] as const) {
      expect([
        statusOf(await who.api.get(`/v1/licenses/${one.id}`)),
        statusOf(await who.api.del(`/v1/licenses/${one.id}`)),
        statusOf(await bind(who.api, one.id, "b.example.com")),
      ]).toEqual([card, revoke, bound]);
    }
    // A member who may view all of them still binds only their own.
    expectStatus(
      await team.admin.api.patch(
        `/v1/members/${team.colleague.memberId}`,
        { rights: ["license.view"] },
        { ifMatch: "*" },
      ),
      200,
    );
    const later = expectStatus(await provision(team.member.api), 201).body;
    expect([
      statusOf(await bind(team.colleague.api, later.id, "c.example.com")),
      statusOf(await bind(team.colleague.api, theirs.id, "c.example.com")),
    ]).toEqual(["403 access/denied", "200"]);
    expect([
      statusOf(await provision(team.viewer.api)),
      statusOf(await purchase(team.viewer.api)),
      statusOf(await purchase(team.member.api)),
    ]).toEqual(Array(3).fill("403 access/denied"));
    expect(statusOf(await team.member.api.get("/v1/invoices"))).toBe("403 access/denied");
    expect(new Set((await actions(team.member.api, "license.*")).map(({ actor }) => actor.memberId))).toEqual(
      new Set([team.member.memberId]),
    );
  });

  test("S1.23: a member's key provisions and reads, and revokes, purchases and bills nothing", async () => {
    const key = api(fetch, await newApiKey(fetch, team.admin, team.member.memberId));
    const { id } = expectStatus(await provision(key), 201).body;
    expectStatus(await key.get(`/v1/licenses/${id}`), 200);
    expect([
      statusOf(await key.del(`/v1/licenses/${id}`)),
      statusOf(await purchase(key)),
      statusOf(await key.get("/v1/billing")),
    ]).toEqual(["403 access/denied", "403 access/denied", "403 access/denied"]);
    const narrow = api(
      fetch,
      await newApiKey(fetch, team.admin, team.member.memberId, { scopes: ["license.view", "catalog.view"] }),
    );
    expect(statusOf(await provision(narrow))).toBe("403 access/denied");
  });

  test("S1.32: every theme may be licensed, or only granted ones if the account says so", async () => {
    const granted = await newTheme(platform);
    expectStatus(await provision(team.member.api), 201);
    await restrict(true);
    await replaceGrants(team.admin, team.member.memberId, [
      { resourceType: "theme", resourceId: granted, access: "view" },
    ]);
    expect([
      statusOf(await provision(team.member.api)),
      statusOf(await provision(team.member.api, granted)),
      statusOf(await provision(team.admin.api)),
      statusOf(await purchase(team.admin.api)),
    ]).toEqual(["403 access/denied", "201", "201", "201"]);
    await replaceGrants(team.admin, team.member.memberId, [
      { resourceType: "theme", resourceId: "0", access: "view" },
    ]);
    expectStatus(await provision(team.member.api), 201);
    await replaceGrants(team.admin, team.member.memberId, []);
    expect(statusOf(await provision(team.member.api, granted))).toBe("403 access/denied");
    await restrict(false);
    expectStatus(await provision(team.member.api, granted), 201);
  });

  test("a retired theme gets no new license, and is not removed while it is licensed", async () => {
    const key = newIdempotencyKey();
    const first = expectStatus(await provision(team.member.api, themeId, key), 201).body;
    expect(statusOf(await platform.del(`/v1/catalog/${themeId}`))).toBe("409 conflict/not-removable");
    expectStatus(await platform.post(`/v1/catalog/${themeId}/retire`, {}), 200);
    expect([statusOf(await provision(team.member.api)), statusOf(await purchase(team.admin.api))]).toEqual([
      "409 conflict/state",
      "409 conflict/state",
    ]);
    expect(expectStatus(await provision(team.member.api, themeId, key), 201).body).toEqual(first);
    let refused = 0;
    for (let step = 1; step <= 6; step += 1) {
      const theme = await newTheme(platform, { priceCredits: 1 });
      const retire = async () =>
        void expectStatus(await platform.post(`/v1/catalog/${theme}/retire`, {}), 200);
      refused +=
        statusOf(await provision(team.member.api.via(fetchInterruptedAt(step, retire)), theme)) ===
        "409 conflict/state"
          ? 1
          : 0;
    }
    // Just before the look, and just before the acceptance.
    expect(refused).toBeGreaterThanOrEqual(2);
    expect([
      statusOf(await provision(team.member.api, "thm_01ARZ3NDEKTSV4RRFFQ69G5FAV")),
      statusOf(await provision(team.member.api, "x")),
      statusOf(await team.member.api.post("/v1/licenses", {}, { idempotencyKey: newIdempotencyKey() })),
    ]).toEqual(["404 not-found", "404 not-found", "422 validation"]);
  });

  test("a license by subscription runs out after a year; a free one has no ledger entry", async () => {
    const theme = await newTheme(platform, { licenseType: "subscription" });
    const { expiresAt } = expectStatus(await provision(team.member.api, theme), 201).body;
    expect(Math.round((Date.parse(expiresAt ?? "") - Date.now()) / 86_400_000)).toBe(365);
    expect(await balance()).toBe(100);
    expect(
      expectStatus(await team.admin.api.get<{ data: object[] }>("/v1/credits/ledger"), 200).body.data.length,
    ).toBe(1);
  });
});

test("K12 a viewer sees the last four characters of a license's key, its users see it whole", async () => {
  const { id, key } = expectStatus(await provision(team.admin.api), 201).body;
  const shown = async (who: Api) => [
    expectStatus(await who.get<License>(`/v1/licenses/${id}`), 200).body.key,
    expectStatus(await who.get<{ data: License[] }>("/v1/licenses"), 200).body.data.find(
      (row) => row.id === id,
    )?.key,
  ];
  const masked = `…${key.slice(-4)}`;
  expect(await shown(team.admin.api)).toEqual([key, key]);
  // A key that only looks is the admin's all the same.
  expect(
    await shown(
      api(fetch, await newApiKey(fetch, team.admin, team.admin.memberId, { scopes: ["license.view"] })),
    ),
  ).toEqual([key, key]);
  const looker = await newMember(fetch, team.admin, { roles: [], rights: ["license.view", "audit.view"] });
  for (const who of [team.viewer, looker]) {
    expect(await shown(who.api)).toEqual([masked, masked]);
    const reports = await Promise.all(
      ["licenses", `licenses/${id}`].map((path) => who.api.get(`/v1/${path}`)),
    );
    expect(JSON.stringify(reports.map(({ body }) => body))).not.toContain(key.slice(0, -4));
  }
});
