import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, api, type CallOptions, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import {
  giveCredits,
  newAccount,
  newApiKey,
  newMemberWithoutKey,
  newMember,
  newToken,
  type Person,
  activateSubscription,
} from "../../harness/people.ts";
import {
  edit,
  listEventIds,
  fetch,
  createPlatform,
  lastEvent,
  statusOf,
  identityOf,
} from "./identity-fixture.ts";

/** Where the office is, in both families, and where it is not. */
const HOME = ["203.0.113.7", "203.0.113.255", "::ffff:203.0.113.7", "2001:db8:1::7", "2001:DB8:1:0:0:0:0:8"];
const AWAY = ["198.51.100.7", "203.0.114.0", "::ffff:198.51.100.7", "2001:db8:2::7", "::1"];
const RULES = ["203.0.113.0/24", "2001:db8:1::/48"];
const UNREADABLE = [
  "",
  "unknown",
  "203.0.113.07",
  "203.0.113.7, 198.51.100.7",
  "2001:db8:1::7%eth0",
  "203.0.113.0/24",
];
const NOT_ALLOWED = "403 ip/not-allowed";
const [HERE, THERE] = ["203.0.113.7", "198.51.100.7"];

let platform: Api;
let owner: Person;
let member: Person;

beforeAll(async () => {
  platform = await createPlatform();
});
beforeEach(async () => {
  owner = await newAccount(fetch, platform, "vendor");
  await activateSubscription(platform, owner.accountId);
  member = await newMember(fetch, owner, { roles: ["owner"] });
});

/** Each sets the rules of one list and answers a key that they bind. */
const LISTS: ReadonlyArray<readonly [list: string, bind: (rules: readonly string[]) => Promise<string>]> = [
  [
    "the account",
    async (rules) => {
      expectStatus(
        await edit(owner.api, `/v1/accounts/${owner.accountId}`, { allowedIps: rules }, { ip: HERE }),
        200,
      );
      return member.apiKey;
    },
  ],
  [
    "the member",
    async (rules) => {
      expectStatus(await edit(owner.api, `/v1/members/${member.memberId}`, { allowedIps: rules }), 200);
      return member.apiKey;
    },
  ],
  ["the key", (rules) => newApiKey(fetch, owner, member.memberId, { allowedIps: rules }, HERE)],
];

/** What each address is answered. */
const from = (credential: string, ips: readonly string[], ask: CallOptions = {}) =>
  Promise.all(ips.map((ip) => identityOf(credential, { ...ask, ip })));
const all = (ips: readonly string[], what: string) => ips.map(() => what);

describe.each(LISTS)("S4.11 the address rules of %s", (_, bind) => {
  test("hold for a key and for its token, in IPv4 and IPv6, remembered or not", async () => {
    const key = await bind(RULES);
    expect(await identityOf(key, { ip: THERE })).toBe(NOT_ALLOWED);
    const token = await newToken(fetch, key, { ip: HERE });
    for (const credential of [key, token, key, token]) {
      expect(await from(credential, HOME)).toEqual(all(HOME, "200"));
      expect(await from(credential, AWAY)).toEqual(all(AWAY, NOT_ALLOWED));
      expect(await from(credential, UNREADABLE)).toEqual(all(UNREADABLE, NOT_ALLOWED));
      expect(await identityOf(credential)).toBe(NOT_ALLOWED);
    }
  });

  test("are kept to by the exchange for a token too", async () => {
    const key = await bind(RULES);
    const exchange = async (ip: string) =>
      statusOf(await api(fetch, key).post("/v1/auth/token", undefined, { ip }));
    expect(await Promise.all(HOME.map(exchange))).toEqual(all(HOME, "200"));
    expect(await Promise.all(AWAY.map(exchange))).toEqual(all(AWAY, NOT_ALLOWED));
  });

  const CLAIMED = (ip: string): Record<string, string> => ({
    "x-forwarded-for": ip,
    forwarded: `for="${ip}"`,
    "x-real-ip": ip,
    "true-client-ip": ip,
    "x-client-ip": ip,
    "x-cluster-client-ip": ip,
    "cf-connecting-ipv6": ip,
    "cf-pseudo-ipv4": ip,
    via: ip,
    "fastly-client-ip": ip,
    "x-original-forwarded-for": ip,
  });
  test("ask the platform alone: nothing that the caller says of itself counts", async () => {
    const key = await bind(RULES);
    const token = await newToken(fetch, key, { ip: HERE });
    for (const credential of [key, token]) {
      for (const [name, value] of Object.entries(CLAIMED(HERE))) {
        expect([name, await identityOf(credential, { ip: THERE, headers: { [name]: value } })]).toEqual([
          name,
          NOT_ALLOWED,
        ]);
      }
      expect(await identityOf(credential, { ip: THERE, headers: CLAIMED(HERE) })).toBe(NOT_ALLOWED);
      expect(await identityOf(credential, { headers: CLAIMED(HERE) })).toBe(NOT_ALLOWED);
      expect(await identityOf(credential, { ip: HERE, headers: CLAIMED(THERE) })).toBe("200");
    }
  });

  test("cost nothing when they refuse, and are in the trail", async () => {
    await giveCredits(platform, owner.accountId, 10);
    const key = await bind(RULES);
    const spend = (ip: string) =>
      api(fetch, key).post("/v1/credits/spend", { amount: 4 }, { ip, idempotencyKey: newIdempotencyKey() });
    expect(statusOf(await spend(THERE))).toBe(NOT_ALLOWED);
    expect(expectStatus(await owner.api.get("/v1/credits", { ip: HERE }), 200).body).toMatchObject({
      balance: 10,
    });
    expect(await lastEvent(owner.api, "&outcome=denied", { ip: HERE })).toMatchObject({
      outcome: "denied",
      reason: "ip/not-allowed",
      ip: THERE,
      actor: { memberId: member.memberId },
    });
    expect(statusOf(await spend(HERE))).toBe("201");
  });

  test("let in no caller when one of them cannot be read", async () => {
    const key = await bind(RULES);
    const token = await newToken(fetch, key, { ip: HERE });
    const spoil = (table: string, id: string) =>
      env.DB.prepare(
        `UPDATE ${table} SET allowed_ips = '["203.0.113.0/24","203.0.113"]'
         WHERE id = ? AND allowed_ips <> '[]'`,
      ).bind(id);
    const { body } = expectStatus(
      await api(fetch, key).get<{ key: { id: string } }>("/v1/me", { ip: HERE }),
      200,
    );
    await env.DB.batch([
      spoil("account", owner.accountId),
      spoil("member", member.memberId),
      spoil("api_key", body.key.id),
      env.DB.prepare("UPDATE member SET version = version + 1 WHERE account_id = ?").bind(owner.accountId),
    ]);
    for (const credential of [key, token])
      expect(await from(credential, HOME)).toEqual(all(HOME, NOT_ALLOWED));
  });
});

describe("S4.11 several lists", () => {
  test("of account, member and key must each let the address in", async () => {
    const key = await newApiKey(fetch, owner, member.memberId, { allowedIps: ["203.0.113.0/28"] }, HERE);
    expectStatus(
      await edit(owner.api, `/v1/members/${member.memberId}`, {
        allowedIps: ["203.0.113.0/26", "2001:db8:1::/48"],
      }),
      200,
    );
    expectStatus(
      await edit(
        owner.api,
        `/v1/accounts/${owner.accountId}`,
        { allowedIps: ["203.0.113.4/30", "203.0.113.64/26", "2001:db8::/32"] },
        { ip: "203.0.113.7" },
      ),
      200,
    );
    const answers = await from(key, [
      "203.0.113.7",
      "203.0.113.4",
      "203.0.113.1",
      "203.0.113.17",
      "203.0.113.65",
      "2001:db8:1::7",
    ]);
    expect(answers).toEqual(["200", "200", NOT_ALLOWED, NOT_ALLOWED, NOT_ALLOWED, NOT_ALLOWED]);
    expect(await from(member.apiKey, ["2001:db8:1::7", "2001:db8:2::7"])).toEqual(["200", NOT_ALLOWED]);
  });

  test("change for the very next call, in spite of caches", async () => {
    const token = await newToken(fetch, member.apiKey);
    const steps = [
      [[], "200", "200"],
      [[HERE], "200", NOT_ALLOWED],
      [[THERE], NOT_ALLOWED, "200"],
      [["::/0"], NOT_ALLOWED, NOT_ALLOWED],
      [[], "200", "200"],
    ] as const;
    for (const [rules, here, there] of steps) {
      expectStatus(
        await edit(owner.api, `/v1/members/${member.memberId}`, { allowedIps: rules, allowAny: true }),
        200,
      );
      for (const credential of [member.apiKey, token])
        expect(await from(credential, [HERE, THERE])).toEqual([here, there]);
    }
  });

  test("are answered in canonical form, and a mapped rule is its IPv4", async () => {
    const { body } = expectStatus(
      await edit(owner.api, `/v1/members/${member.memberId}`, {
        allowedIps: ["::ffff:203.0.113.9/120", "2001:DB8:1::9/48", "203.0.113.1/24"],
      }),
      200,
    );
    expect(body["allowedIps"]).toEqual(["203.0.113.0/24", "2001:db8:1::/48"]);
    expect(await from(member.apiKey, [HERE, "2001:db8:1::1", THERE])).toEqual(["200", "200", NOT_ALLOWED]);
  });

  test("do not lock out the member who writes them, unless that is meant", async () => {
    const account = `/v1/accounts/${owner.accountId}`;
    expect(statusOf(await edit(owner.api, account, { allowedIps: [THERE] }, { ip: HERE }))).toBe(
      "409 conflict/lockout",
    );
    expect(statusOf(await edit(owner.api, account, { allowedIps: [HERE] }))).toBe("409 conflict/lockout");
    expect(
      statusOf(await edit(owner.api, account, { allowedIps: [THERE], confirmLockout: true }, { ip: HERE })),
    ).toBe("200");
    expect([
      await identityOf(owner.apiKey, { ip: HERE }),
      await identityOf(owner.apiKey, { ip: THERE }),
    ]).toEqual([NOT_ALLOWED, "200"]);
  });
});

describe("S4.11 a claim of a key", () => {
  /** A claim token for the member, bound by that list. */
  let waiting: { readonly memberId: string };
  beforeEach(async () => {
    waiting = await newMemberWithoutKey(owner, { roles: ["owner"] });
  });
  async function claimable(fields: object, whom = waiting): Promise<string> {
    const made = expectStatus(
      await owner.api.post<{ claim: { token: string } }>(
        `/v1/members/${whom.memberId}/api-keys`,
        { name: "key", ...fields },
        { ip: HERE },
      ),
      201,
    );
    return made.body.claim.token;
  }
  const claim = async (token: string, ask: CallOptions) =>
    statusOf(await api(fetch, null).post("/v1/auth/claims", { token }, ask));

  const BOUND: ReadonlyArray<readonly [list: string, bind: () => Promise<string>]> = [
    [
      "the account",
      async () => {
        expectStatus(
          await edit(owner.api, `/v1/accounts/${owner.accountId}`, { allowedIps: RULES }, { ip: HERE }),
          200,
        );
        return claimable({});
      },
    ],
    [
      "the member",
      async () => {
        expectStatus(await edit(owner.api, `/v1/members/${waiting.memberId}`, { allowedIps: RULES }), 200);
        return claimable({});
      },
    ],
    ["the key", () => claimable({ allowedIps: RULES })],
  ];
  test.each(BOUND)(
    "is bound by the rules of %s; a refusal is in the trail and leaves the claim as it was",
    async (_, bind) => {
      const token = await bind();
      for (const ip of [...AWAY, ...UNREADABLE])
        expect([ip, await claim(token, { ip })]).toEqual([ip, NOT_ALLOWED]);
      expect(await claim(token, { headers: { "x-forwarded-for": HERE, "true-client-ip": HERE } })).toBe(
        NOT_ALLOWED,
      );
      expect(await lastEvent(owner.api, "&outcome=denied", { ip: HERE })).toMatchObject({
        action: "api_key.claim",
        reason: "ip/not-allowed",
        actor: { memberId: waiting.memberId },
      });
      expect(await claim(token, { ip: HERE })).toBe("201");
      expect(await claim(token, { ip: HERE })).toBe("404 not-found");
    },
  );

  test("S1.15: of which two come at once is answered once", async () => {
    const token = await claimable({});
    const answers = await Promise.all(Array.from({ length: 8 }, () => claim(token, { ip: HERE })));
    expect(answers.filter((one) => one === "201")).toEqual(["201"]);
    expect(
      answers.filter((one) => one !== "201" && one !== "409 invitation/used" && one !== "404 not-found"),
    ).toEqual([]);
  });

  test("is over when its member is blocked, its key revoked, or its time past", async () => {
    const [two, three] = [
      await newMemberWithoutKey(owner, { roles: ["owner"] }),
      await newMemberWithoutKey(owner, { roles: ["owner"] }),
    ];
    const [blocked, revoked, expired] = [
      await claimable({}),
      await claimable({}, two),
      await claimable({}, three),
    ];
    const keyOf = async ({ memberId }: { memberId: string }) =>
      expectStatus(await owner.api.get<{ data: { id: string }[] }>(`/v1/members/${memberId}/api-keys`), 200)
        .body.data[0]?.id;
    await env.DB.prepare("UPDATE api_key SET claim_expires_at = ? WHERE id = ?")
      .bind(Date.now() - 1, await keyOf(three))
      .run();
    expectStatus(await owner.api.del(`/v1/api-keys/${await keyOf(two)}`), 204);
    expect([await claim(expired, {}), await claim(revoked, {})]).toEqual([
      "410 invitation/expired",
      "404 not-found",
    ]);
    expectStatus(await owner.api.post(`/v1/members/${waiting.memberId}/block`), 200);
    expect(await claim(blocked, {})).toBe("401 auth/blocked");
  });

  test("of an unknown token shows nothing, and no chain has a word of it", async () => {
    const before = await listEventIds();
    expect(await claim("A".repeat(43), { ip: HERE })).toBe("404 not-found");
    expect(await claim("A".repeat(42), { ip: HERE })).toBe("422 validation");
    expect(await listEventIds()).toEqual(before);
  });
});
