import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { type Api, api, type CallOptions, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { loadOperations, sampleValue } from "../../harness/operation.ts";
import { newAccount, newApiKey, newMember, type Person } from "../../harness/people.ts";
import { postOnce, createDealerKey } from "../products/dealer-fixture.ts";
import { addMemberByPlatform } from "../people/invite-fixture.ts";
import {
  accountHeader,
  createIn,
  MAILBOX_BODY,
  type MarketFixture,
  createMarket,
} from "../products/marketplace-fixture.ts";
import {
  OTHER_IP,
  fetch,
  createPlatform,
  HOME_IP,
  listIds,
  createObject,
  said,
} from "./operators-fixture.ts";

/** Where a guarded account lets callers in. */
const INSIDE = "192.0.2.9";
const CLOSED = "403 ip/not-allowed";

let platform: Api;
let shop: MarketFixture;
let dealer: Person;
let subdealer: Person;
beforeAll(async () => {
  platform = await createPlatform();
  shop = await createMarket(fetch, platform);
  const item = await createIn(shop.seller.api, "catalog", MAILBOX_BODY);
  for (const who of [shop.near, shop.far]) await createIn(who.api, "subscriptions", { catalogItemId: item });
  dealer = await newAccount(fetch, platform, "dealer");
  subdealer = await newAccount(fetch, platform, "subdealer", { parentId: dealer.accountId });
}, 120_000);

const guardBy = (who: Person, rules: readonly string[], ask: CallOptions = {}) =>
  who.api.patch(
    `/v1/accounts/${who.accountId}`,
    { allowedIps: rules, confirmLockout: true },
    { ifMatch: "*", ...ask },
  );
const rowsOf = async (who: Api, report: string, ask: CallOptions = {}) =>
  expectStatus(await who.get<{ rows: Record<string, unknown>[] }>(`/v1/reports/${report}`, ask), 200).body
    .rows;
const changesIn = async (accountId: string, action: string) =>
  (
    await env.DB.prepare(`SELECT event ->> '$.changes' AS changes FROM audit_outbox
  WHERE account_id = ?1 AND event ->> '$.action' = ?2 UNION ALL
  SELECT body ->> '$.changes' FROM audit_event WHERE account_id = ?1 AND action = ?2`)
      .bind(accountId, action)
      .all<{ changes: string | null }>()
  ).results;

describe("address rules of an account below", () => {
  beforeAll(async () => {
    for (const { accountId } of [shop.near, subdealer]) {
      await env.DB.prepare(
        "UPDATE account SET allowed_ips = '[\"192.0.2.0/24\"]', version = version + 1 WHERE id = ?",
      )
        .bind(accountId)
        .run();
    }
  });

  it("K7 reports, lists, cards and changes from above ask them, as the header does", async () => {
    const { seller, near, far, distributor } = shop;
    const path = `/v1/organizations/${near.accountId}`;
    for (const ask of [{}, { ip: OTHER_IP }]) {
      expect(
        said(await seller.api.get("/v1/subscriptions", { ...ask, headers: accountHeader(near.accountId) })),
      ).toBe(CLOSED);
      for (const who of [seller, distributor]) {
        const accounts = (await rowsOf(who.api, "subscriptions", ask)).map(({ accountId }) => accountId);
        expect([accounts.includes(near.accountId), accounts.includes(far.accountId)]).toEqual([false, true]);
      }
      expect(await listIds(seller.api, "organizations", 25, ask)).toEqual([far.accountId]);
      expect(said(await seller.api.get(path, ask))).toBe(CLOSED);
      expect(said(await seller.api.patch(path, { name: "Taken" }, { ...ask, ifMatch: "*" }))).toBe(CLOSED);
      expect(said(await seller.api.post(`${path}/owner-claims`, undefined, ask))).toBe(CLOSED);
    }
    const inside = { ip: INSIDE };
    expect((await rowsOf(seller.api, "subscriptions", inside)).map(({ accountId }) => accountId)).toContain(
      near.accountId,
    );
    expect(await listIds(seller.api, "organizations", 25, inside)).toContain(near.accountId);
    expect(
      expectStatus(
        await seller.api.patch(path, { profile: { city: "Riga" } }, { ...inside, ifMatch: "*" }),
        200,
      ).body["name"],
    ).not.toBe("Taken");
  });

  it("K7 and so do a dealer's list, card, user book and transfers", async () => {
    const object = await createObject(dealer, "objects", { name: "Shop" });
    const answers = async (ip: string) => [
      said(await dealer.api.get(`/v1/dealers/${subdealer.accountId}`, { ip })),
      (await listIds(dealer.api, "dealers", 9, { ip })).length,
      (await listIds(dealer.api, "members", 9, { ip })).length,
      said(
        await dealer.api.post(`/v1/objects/${object}/transfer`, { accountId: subdealer.accountId }, { ip }),
      ),
    ];
    expect(await answers(HOME_IP)).toEqual([CLOSED, 1, 1, CLOSED]);
    expect(await answers(INSIDE)).toEqual(["200", 2, 2, "200"]);
  });

  it("K7 no route shows from another address what is in a guarded account, or changes it", async () => {
    const all = (await loadOperations(api(fetch, null))).filter(({ isPublic }) => !isPublic);
    const guarded = [
      [shop.seller, shop.near],
      [dealer, subdealer],
    ] as const;
    for (const { accountId } of [shop.near, subdealer]) {
      await env.DB.prepare("UPDATE account SET name = 'MARKED', version = version + 1 WHERE id = ?")
        .bind(accountId)
        .run();
      await env.DB.prepare("UPDATE resource SET name = 'MARKED' WHERE account_id = ?").bind(accountId).run();
      await env.DB.prepare("UPDATE member SET username = 'MARKED' WHERE account_id = ?")
        .bind(accountId)
        .run();
    }
    const rows = async (accountId: string) =>
      Promise.all(
        [
          "account WHERE id",
          "member WHERE account_id",
          "api_key WHERE account_id",
          "resource WHERE account_id",
        ].map(
          async (where) => (await env.DB.prepare(`SELECT * FROM ${where} = ?`).bind(accountId).all()).results,
        ),
      );
    for (const [who, { accountId, memberId }] of guarded) {
      const before = await rows(accountId);
      for (const { method, path, name, body } of all) {
        // What the caller does to its own account is left out: only paths that can name another one change
        // anything.
        if (method !== "GET" && !path.includes("{id}")) continue;
        const id = /members|invitations/.test(path) ? memberId : accountId;
        const called = path.replaceAll(/\{\w+\}/g, path.includes("reports") ? "subscriptions" : id);
        const headers = {
          authorization: `Bearer ${who.apiKey}`,
          "if-match": "*",
          "idempotency-key": newIdempotencyKey(),
          "content-type": "application/json",
        };
        const answer = await fetch(called, {
          method,
          headers,
          ...(body === null ? {} : { body: JSON.stringify(sampleValue(body)) }),
        });
        const told = new TextDecoder().decode(await answer.arrayBuffer());
        expect(told, name).not.toContain("MARKED");
      }
      expect(await rows(accountId)).toEqual(before);
    }
  }, 120_000);

  it("K7 a second owner locks the owner out, the platform lifts the rules: in both trails", async () => {
    const owner = await newAccount(fetch, platform, "team");
    const second = await newMember(fetch, owner, { roles: ["admin"] });
    expect(
      said(
        await second.api.patch(
          `/v1/accounts/${owner.accountId}`,
          { allowedIps: ["192.0.2.0/24"] },
          { ifMatch: "*" },
        ),
      ),
    ).toBe("409 conflict/lockout");
    expectStatus(await guardBy(second, ["192.0.2.0/24"], { ip: INSIDE }), 200);
    expect(said(await owner.api.get("/v1/me"))).toBe(CLOSED);
    const path = `/v1/accounts/${owner.accountId}/allowed-ips`;
    expect(said(await owner.api.del(path))).toBe(CLOSED);
    for (const ip of [HOME_IP, INSIDE])
      expect(said(await shop.seller.api.del(path, { ip }))).toBe("403 access/denied");
    expect([said(await platform.del(path)), said(await platform.del(path))]).toEqual(["204", "204"]);
    expectStatus(await owner.api.get("/v1/me"), 200);
    const platformId =
      (await env.DB.prepare("SELECT id FROM account WHERE kind = 'platform'").first<string>("id")) ?? "";
    for (const chain of [owner.accountId, platformId]) {
      expect(
        (await changesIn(chain, "account.manage")).filter(({ changes }) => changes?.includes("192.0.2.0/24")),
        chain,
      ).toHaveLength(1);
    }
    for (const id of [platformId, "acc_none"])
      expect(said(await platform.del(`/v1/accounts/${id}/allowed-ips`))).toBe("404 not-found");
  });

  it("K7 rules that let in every address need allowAny, for accounts, members and keys", async () => {
    const owner = await newAccount(fetch, platform, "team");
    const halves = [
      ["0.0.0.0/1", "128.0.0.0/1"],
      ["::/1", "8000::/1"],
      ["2000::/3"],
      ["128.0.0.0/2", "0.0.0.0/1", "192.0.0.0/2"],
    ];
    const ways = (body: object) => [
      () =>
        owner.api.patch(
          `/v1/accounts/${owner.accountId}`,
          { ...body, confirmLockout: true },
          { ifMatch: "*" },
        ),
      () =>
        owner.api.patch(`/v1/members/${owner.memberId}`, { ...body, confirmLockout: true }, { ifMatch: "*" }),
      () =>
        owner.api.post("/v1/members", {
          ...body,
          firstName: "A",
          lastName: "B",
          email: `${newIdempotencyKey()}@example.com`,
          roles: ["viewer"],
        }),
      () =>
        owner.api.post(
          `/v1/members/${owner.memberId}/api-keys`,
          { ...body, name: "key" },
          { idempotencyKey: newIdempotencyKey() },
        ),
    ];
    for (const allowedIps of halves) {
      for (const way of ways({ allowedIps }))
        expect(said(await way()), allowedIps.join()).toBe("422 validation");
    }
    for (const way of ways({ allowedIps: halves.slice(0, 2).flat(), allowAny: true }))
      expect(said(await way())).toMatch(/^20[01]$/);
    for (const way of ways({ allowedIps: ["0.0.0.0/1", "192.0.0.0/3"] }))
      expect(said(await way())).toMatch(/^20[01]$/);
  });
});

describe("SOS once", () => {
  const sos = async ({ api: who }: Person, keyId: string) =>
    said(await postOnce(who, "sos-licenses", { keyId, days: 20, reason: "weekend" }));
  const blockOf = async ({ accountId }: Person) =>
    said(await platform.get(`/v1/accounts/${accountId}/sos-block`));
  const USED = "409 conflict/sos-blocked";

  async function family() {
    const [top, other] = [
      await newAccount(fetch, platform, "dealer"),
      await newAccount(fetch, platform, "dealer"),
    ];
    const below = await newAccount(fetch, platform, "subdealer", { parentId: top.accountId });
    const keyOf = async (serial: string, who = top) =>
      createDealerKey(who, await createObject(who, "objects", { name: serial }), { serial });
    const handOver = async (key: string) => {
      const { objectId } = expectStatus(await top.api.get(`/v1/keys/${key}`), 200).body;
      expectStatus(
        await top.api.post(`/v1/objects/${objectId}/transfer`, { accountId: below.accountId }),
        200,
      );
      return key;
    };
    return { top, below, other, keyOf, handOver };
  }

  it("K10 a handed-over object keeps its serial number: no second license in either account", async () => {
    const { top, below, other, keyOf, handOver } = await family();
    const first = await keyOf("HW-7");
    expect(await sos(top, first)).toBe("201");
    await handOver(first);
    const again = await keyOf("hw-7");
    expect([await sos(top, again), await blockOf(top), await blockOf(below)]).toEqual([
      USED,
      "200",
      "404 not-found",
    ]);
    expectStatus(await platform.del(`/v1/accounts/${top.accountId}/sos-block`), 204);
    // The other way: made below, asked for above; and what both had before is no matter of another family.
    const second = await handOver(await keyOf("HW-8"));
    expect([await sos(below, second), await sos(top, await keyOf("HW-8")), await blockOf(top)]).toEqual([
      "201",
      USED,
      "200",
    ]);
    expect(await sos(other, await keyOf("HW-7", other))).toBe("201");
  });

  it("K10 a serial number that looks like a used one is that one", async () => {
    const { top, keyOf } = await family();
    expect(await sos(top, await keyOf("AB-1"))).toBe("201");
    for (const serial of ["ＡＢ-1", "AB\u200B-1", "A B-1", "АВ-1", "AB\u00AD-1"]) {
      expect([serial, await sos(top, await keyOf(serial)), await blockOf(top)]).toEqual([
        serial,
        USED,
        "200",
      ]);
      expectStatus(await platform.del(`/v1/accounts/${top.accountId}/sos-block`), 204);
    }
    expect(await sos(top, await keyOf("AB-2"))).toBe("201");
    // From before: compared as it was written.
    await env.DB.prepare("INSERT INTO sos_serial VALUES (?, ' ＺＺ-9', 'sos_1')").bind(top.accountId).run();
    expect(await sos(top, await keyOf("ZZ-9"))).toBe(USED);
  });

  it("K10 of a dealer and its sub-dealer who ask at once for a serial number, one gets it", async () => {
    const { top, below, keyOf, handOver } = await family();
    const theirs = await handOver(await keyOf("HW-9"));
    const mine = await keyOf("ＨＷ-9");
    const answers = await Promise.all([
      sos(top, mine),
      sos(below, theirs),
      sos(top, mine),
      sos(below, theirs),
    ]);
    expect(answers.filter((answer) => answer === "201")).toHaveLength(1);
    expect(new Set(answers)).toEqual(new Set(["201", USED]));
    expect(
      await env.DB.prepare(
        "SELECT COUNT(*) AS n FROM resource WHERE type = 'sos_license' AND account_id IN (?, ?)",
      )
        .bind(top.accountId, below.accountId)
        .first("n"),
    ).toBe(1);
  });

  it("K12 a sub-dealer sees the SOS license it made; key cards and reports tell of it", async () => {
    const { top, keyOf } = await family();
    const user = await addMemberByPlatform(fetch, platform, top.accountId, ["subdealer"], {
      objectGroupIds: ["all"],
    });
    const [key, other] = [await keyOf("K-1"), await keyOf("K-2")];
    expect(await sos(top, other)).toBe("201");
    const answer = expectStatus(
      await postOnce(user.api, "sos-licenses", { keyId: key, days: 20, reason: "weekend" }),
      201,
    );
    expect(expectStatus(await user.api.get(answer.headers.get("location") ?? ""), 200).body).toMatchObject({
      id: answer.body.id,
      keyId: key,
    });
    expect(await listIds(user.api, "sos-licenses")).toEqual([answer.body.id]);
    expect(expectStatus(await top.api.get(`/v1/keys/${key}`), 200).body).toMatchObject({
      sosLicenseId: answer.body.id,
      sosExpiresAt: answer.body["expiresAt"],
    });
    expect(expectStatus(await top.api.get(`/v1/keys/${await keyOf("K-3")}`), 200).body).toMatchObject({
      sosLicenseId: null,
      sosExpiresAt: null,
    });
    for (const who of [user, top]) {
      expect((await rowsOf(who.api, "expiring-licenses")).map(({ id }) => id)).toContain(answer.body.id);
      expect((await rowsOf(who.api, "requests-and-keys")).find(({ keyId }) => keyId === key)).toMatchObject({
        sosLicenseId: answer.body.id,
      });
    }
  });
});

describe("what the right to see sub-dealers' entities shows", () => {
  it("S3.51 K12 objects, requests and users, without the own list, at once and while held", async () => {
    const [top, stranger] = [
      await newAccount(fetch, platform, "dealer"),
      await newAccount(fetch, platform, "dealer"),
    ];
    const below = await newAccount(fetch, platform, "subdealer", { parentId: top.accountId });
    const key = await createDealerKey(top, await createObject(top, "objects", { name: "Shop" }));
    const { requestId, objectId } = {
      requestId: await createObject(top, `keys/${key}/licenses`, { days: 30 }),
      objectId: expectStatus(await top.api.get(`/v1/keys/${key}`), 200).body["objectId"],
    };
    expectStatus(await top.api.post(`/v1/objects/${objectId}/transfer`, { accountId: below.accountId }), 200);
    const there = { headers: accountHeader(below.accountId) };
    const give = (who: Person, rights: readonly string[]) =>
      top.api.patch(`/v1/members/${who.memberId}`, { rights }, { ifMatch: "*" });
    for (const role of ["client", "dealer_user"]) {
      const who = await newMember(fetch, top, { roles: [role] });
      const seen = async () => [
        await listIds(who.api, "objects", 9, there),
        await listIds(who.api, "requests", 9, there),
        await listIds(who.api, "members", 9, there),
        said(await who.api.get(`/v1/members/${below.memberId}`, there)),
        await listIds(who.api, "members"),
        said(await who.api.get("/v1/members/export.xlsx")),
        said(await who.api.get(`/v1/members/${top.memberId}`)),
      ];
      const nothing = [
        "404 not-found",
        "404 not-found",
        "404 not-found",
        "404 not-found",
        "403 access/denied",
        "403 access/denied",
        "404 not-found",
      ];
      expect(await seen(), role).toEqual(nothing);
      expectStatus(await give(who, ["subdealer.view_entities"]), 200);
      expect(await seen(), role).toEqual([
        [objectId],
        [requestId],
        [below.memberId],
        "200",
        [below.memberId],
        "200",
        "404 not-found",
      ]);
      // Looking, and nothing else; and no further than this family.
      expect(
        said(
          await who.api.patch(`/v1/objects/${String(objectId)}`, { name: "x" }, { ...there, ifMatch: "*" }),
        ),
      ).toBe("403 access/denied");
      expect(said(await who.api.get("/v1/keys", there))).toBe("403 access/denied");
      expect(said(await who.api.get("/v1/objects", { headers: accountHeader(stranger.accountId) }))).toBe(
        "404 not-found",
      );
      const narrow = api(
        fetch,
        await newApiKey(fetch, top, who.memberId, { scopes: ["subdealer.view_entities", "object.view"] }),
      );
      expect([
        await listIds(narrow, "objects", 9, there),
        said(await narrow.get("/v1/members", there)),
        said(await narrow.get("/v1/members")),
      ]).toEqual([[objectId], "403 access/denied", "403 access/denied"]);
      expectStatus(await give(who, []), 200);
      expect(await seen(), role).toEqual(nothing);
    }
  });

  it("K12 a license is generated by those who see the key's object, and by no others", async () => {
    const top = await newAccount(fetch, platform, "dealer");
    const key = await createDealerKey(top, await createObject(top, "objects", { name: "Shop" }));
    const who = await newMember(fetch, top, {
      roles: [],
      rights: ["key.generate_license", "sos_license.generate"],
    });
    const asks = async () => [
      said(await postOnce(who.api, `keys/${key}/licenses`, { days: 3 })),
      said(await postOnce(who.api, "sos-licenses", { keyId: key, days: 20, reason: "weekend" })),
    ];
    const path = `/v1/members/${who.memberId}`;
    expectStatus(await top.api.put(`${path}/object-groups`, { groupIds: ["all"] }), 200);
    expect(await asks()).toEqual(["404 not-found", "404 not-found"]);
    expectStatus(
      await top.api.patch(
        path,
        { rights: ["key.generate_license", "sos_license.generate", "object.view"] },
        { ifMatch: "*" },
      ),
      200,
    );
    expect(await asks()).toEqual(["201", "201"]);
  });
});
