import { env } from "cloudflare:workers";
import { importJWK, SignJWT } from "jose";
import { beforeAll, describe, expect, it, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus, toReply, type Reply } from "../../harness/client.ts";
import { newApiKey, newMember, newToken, type Person } from "../../harness/people.ts";
import { OTHER_IP, fetch, replaceGrants, HOME_IP, said } from "../access/operators-fixture.ts";
import {
  createPlatformKey,
  createTeam,
  newTheme,
  provisionLicense,
  createRevokedLicense,
  type Team,
  upload,
} from "../access/team-fixture.ts";

let platformKey: string;
let platform: Api;
let team: Team;
let stranger: Team;
let theme: string;

const BYTES = new TextEncoder().encode("PK\u0003\u0004 a theme");
interface Link {
  readonly url: string;
  readonly expiresAt: string;
}

const ask = (who: Person, id = theme, file = "aurora.zip"): Promise<Reply<Link>> =>
  who.api.post<Link>(`/v1/themes/${id}/downloads`, { file });
const linkOf = async (who: Person, id = theme): Promise<string> =>
  new URL(expectStatus(await ask(who, id), 200).body.url).pathname;
async function follow(path: string, ip?: string): Promise<string> {
  const answer = await fetch(path, { headers: ip === undefined ? {} : { "cf-connecting-ip": ip } });
  if (answer.status !== 200) return said(await toReply(answer));
  return (await answer.arrayBuffer()).byteLength === BYTES.length ? "200" : "200, but other bytes";
}

beforeAll(async () => {
  platformKey = await createPlatformKey();
  platform = api(fetch, platformKey);
  [team, stranger] = [await createTeam(platform), await createTeam(platform)];
  theme = await offered("aurora.zip");
  await license(team, theme);
});

async function offered(...files: string[]): Promise<string> {
  const id = await newTheme(platform);
  for (const name of files)
    expectStatus(await upload(platformKey, `/v1/catalog/${id}/files/${name}`, BYTES), 200);
  return id;
}

const license = (of: Team, themeId: string): Promise<string> => provisionLicense(of.admin, themeId);
const runOut = (id: string) =>
  env.DB.prepare("UPDATE resource SET expires_at = ? WHERE id = ?")
    .bind(Date.now() - 1, id)
    .run();

describe("S1.21: a file of a licensed theme", () => {
  it("S1.21: is downloaded by a link, as it was put in, as an attachment that no browser shows", async () => {
    for (const who of [team.admin, team.member, team.colleague]) {
      const { body } = expectStatus(await ask(who), 200);
      expect(Date.parse(body.expiresAt) - Date.now()).toBeLessThanOrEqual(300_000);
      expect(Date.parse(body.expiresAt) - Date.now()).toBeGreaterThan(290_000);
      const answer = await fetch(new URL(body.url).pathname);
      expect([answer.status, new Uint8Array(await answer.arrayBuffer())]).toEqual([200, BYTES]);
      expect(
        Object.fromEntries(
          [
            "content-type",
            "content-disposition",
            "x-content-type-options",
            "cache-control",
            "content-security-policy",
          ].map((name) => [name, answer.headers.get(name)]),
        ),
      ).toEqual({
        "content-type": "application/octet-stream",
        "content-disposition": 'attachment; filename="aurora.zip"',
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
        "content-security-policy": "sandbox",
      });
    }
  });

  it("S1.21: is refused without an active license of the account or the right to download", async () => {
    const lapsed = await offered("a.zip");
    await createRevokedLicense(team, team.member, lapsed);
    await runOut(await license(team, lapsed));
    for (const who of [team.admin, team.member])
      expect(said(await ask(who, lapsed, "a.zip"))).toBe("403 access/denied");
    for (const who of [team.viewer, stranger.admin, stranger.member])
      expect(said(await ask(who))).toBe("403 access/denied");
    // Who may not download learns nothing of the files either.
    expect(said(await ask(team.viewer, theme, "none.zip"))).toBe("403 access/denied");
    expect(said(await ask(stranger.member, theme, "none.zip"))).toBe("403 access/denied");
    expect(said(await ask(team.member, theme, "none.zip"))).toBe("404 not-found");
    expect(said(await ask(team.member, "thm_01ARZ3NDEKTSV4RRFFQ69G5FAV"))).toBe("404 not-found");
    expect(said(await team.member.api.post(`/v1/themes/${theme}/downloads`, { file: 7 }))).toBe(
      "422 validation",
    );
  });

  it("S1.8: is in the trail before the answer, with caller and file; a refusal too", async () => {
    const who = await newMember(fetch, team.admin, { roles: ["member"] });
    expectStatus(await ask(who), 200);
    expect(said(await ask(who, await offered("a.zip"), "a.zip"))).toBe("403 access/denied");
    const { body } = expectStatus(
      await team.admin.api.get<{
        data: {
          action: string;
          outcome: string;
          actor: { memberId: string };
          resource: object;
          changes: { after: object } | null;
        }[];
      }>("/v1/audit?limit=100"),
      200,
    );
    const rows = body.data.filter(
      ({ action, actor }) => action === "theme.download" && actor.memberId === who.memberId,
    );
    expect(rows.map(({ outcome }) => outcome)).toEqual(["denied", "success"]);
    expect(rows[1]).toMatchObject({
      resource: { type: "theme", id: theme },
      changes: { after: { file: "aurora.zip" } },
    });
  });

  it("S1.34: needs a grant on the theme too, where the account restricts themes one by one", async () => {
    const strict = await createTeam(platform);
    const [one, two] = [await offered("aurora.zip"), await offered("aurora.zip")];
    for (const id of [one, two]) await license(strict, id);
    expectStatus(
      await strict.admin.api.patch(
        `/v1/accounts/${strict.accountId}`,
        { settings: { perThemeRestrictions: true } },
        { ifMatch: "*" },
      ),
      200,
    );
    expect([await ask(strict.member, one), await ask(strict.admin, one)].map(said)).toEqual([
      "403 access/denied",
      "200",
    ]);
    await replaceGrants(strict.admin, strict.member.memberId, [
      { resourceType: "theme", resourceId: one, access: "view" },
    ]);
    expect([await ask(strict.member, one), await ask(strict.member, two)].map(said)).toEqual([
      "200",
      "403 access/denied",
    ]);
    const link = await linkOf(strict.member, one);
    await replaceGrants(strict.admin, strict.member.memberId, []);
    expect(await follow(link)).toBe("404 not-found");
    await replaceGrants(strict.admin, strict.member.memberId, [{ resourceType: "theme", access: "view" }]);
    expect([said(await ask(strict.member, two)), await follow(link)]).toEqual(["200", "200"]);
  });
});

describe("a link", () => {
  const ENDS: ReadonlyArray<
    readonly [title: string, end: (who: Person, themeId: string, licenseId: string) => Promise<unknown>]
  > = [
    [
      "the license is revoked",
      async (_, __, id) => expectStatus(await team.admin.api.del(`/v1/licenses/${id}`), 204),
    ],
    ["the license runs out", (_, __, id) => runOut(id)],
    [
      "the member is blocked",
      async (who) => expectStatus(await team.admin.api.post(`/v1/members/${who.memberId}/block`), 200),
    ],
    [
      "the member becomes a viewer",
      async (who) =>
        expectStatus(
          await team.admin.api.patch(`/v1/members/${who.memberId}`, { roles: ["viewer"] }, { ifMatch: "*" }),
          200,
        ),
    ],
    [
      "the key behind it is revoked",
      async (who) => {
        const { body } = expectStatus(await who.api.get<{ key: { id: string } }>("/v1/me"), 200);
        expectStatus(await team.admin.api.del(`/v1/api-keys/${body.key.id}`), 204);
      },
    ],
    [
      "the member may call from elsewhere only",
      async (who) =>
        expectStatus(
          await team.admin.api.patch(
            `/v1/members/${who.memberId}`,
            { allowedIps: [`${OTHER_IP}/32`] },
            { ifMatch: "*" },
          ),
          200,
        ),
    ],
    [
      "the file is removed",
      async (_, id) => expectStatus(await platform.del(`/v1/catalog/${id}/files/aurora.zip`), 204),
    ],
    [
      "the file is replaced",
      async (_, id) =>
        expectStatus(await upload(platformKey, `/v1/catalog/${id}/files/aurora.zip`, BYTES), 200),
    ],
  ];
  test.each(ENDS)("leads nowhere from the moment that %s", async (_, end) => {
    const who = await newMember(fetch, team.admin, { roles: ["member"] });
    const id = await offered("aurora.zip");
    const licenseId = await license(team, id);
    const link = await linkOf(who, id);
    expect(await follow(link, HOME_IP)).toBe("200");
    await end(who, id, licenseId);
    expect(await follow(link, HOME_IP)).toBe("404 not-found");
  });

  test("is no access token, and no access token is a link", async () => {
    const token = (await linkOf(team.member)).split("/").at(-1) ?? "";
    expect(said(await api(fetch, token).get("/v1/me"))).toBe("401 auth/invalid-credential");
    expect(await follow(`/v1/downloads/${await newToken(fetch, team.member.apiKey)}`)).toBe("404 not-found");
    expect(await follow(`/v1/downloads/${team.member.apiKey}`)).toBe("404 not-found");
  });

  /** A link as the gate would sign it, but for what is changed. */
  async function forged(change: {
    claims?: object;
    header?: object;
    issuer?: string;
    audience?: string;
    age?: number;
    ttl?: number;
    own?: boolean;
  }): Promise<string> {
    const [own] = JSON.parse(env.SIGNING_KEYS) as [Record<string, string>];
    const key = await importJWK(
      { ...own, ...(change.own === false ? await strangeKey() : {}) } as never,
      "EdDSA",
    );
    const file = await env.DB.prepare("SELECT id FROM theme_file WHERE theme_id = ?")
      .bind(theme)
      .first<{ id: string }>();
    const me = expectStatus(await team.member.api.get<{ key: { id: string } }>("/v1/me"), 200).body;
    const at = Math.floor(Date.now() / 1000) - (change.age ?? 0);
    return new SignJWT({
      acc: team.accountId,
      mem: team.member.memberId,
      key: me.key.id,
      thm: theme,
      fil: file?.id,
      ...change.claims,
    })
      .setProtectedHeader({ alg: "EdDSA", typ: "download+jwt", kid: own["kid"] ?? "", ...change.header })
      .setIssuer(change.issuer ?? env.ISSUER)
      .setAudience(change.audience ?? `${env.AUDIENCE}/downloads`)
      .setSubject(team.member.memberId)
      .setIssuedAt(at)
      .setExpirationTime(at + (change.ttl ?? 300))
      .sign(key);
  }
  const strangeKey = async () => {
    const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
    const { x, d } = (await crypto.subtle.exportKey("jwk", pair.privateKey)) as JsonWebKey;
    return { x, d };
  };

  const FORGERIES: ReadonlyArray<
    readonly [title: string, change: Parameters<typeof forged>[0], expected: string]
  > = [
    ["nothing else", {}, "200"],
    ["its age", { age: 301 }, "410 invitation/expired"],
    ["a later end", { age: 301, ttl: 3_600 }, "410 invitation/expired"],
    ["another key", { own: false }, "404 not-found"],
    ["the type of an access token", { header: { typ: "at+jwt" } }, "404 not-found"],
    ["a key id that is none", { header: { kid: "other" } }, "404 not-found"],
    ["another issuer", { issuer: "https://elsewhere.example" }, "404 not-found"],
    ["the audience of access tokens", { audience: "tollgate" }, "404 not-found"],
    ["a member that is none", { claims: { mem: "mem_01ARZ3NDEKTSV4RRFFQ69G5FAV" } }, "404 not-found"],
    ["a file that is none", { claims: { fil: "fil_01ARZ3NDEKTSV4RRFFQ69G5FAV" } }, "404 not-found"],
    ["a claim of another kind", { claims: { fil: 7 } }, "404 not-found"],
  ];
  test.each(FORGERIES)("with a difference in %s", async (_, change, expected) => {
    expect(await follow(`/v1/downloads/${await forged(change)}`)).toBe(expected);
  });

  test("another account's member in it, or a letter changed, leads nowhere", async () => {
    expect(await follow(`/v1/downloads/${await forged({ claims: { acc: stranger.accountId } })}`)).toBe(
      "404 not-found",
    );
    const link = await linkOf(team.member);
    const [head, claims = "", signature] = link.split(".");
    for (const wrong of [
      `${head}.${claims}A.${signature}`,
      `${head}.${claims}.`,
      `${head}.${claims}`,
      `${head}..${signature}`,
      "/v1/downloads/x",
      "/v1/downloads/%00",
      `/v1/downloads/${"x".repeat(5_000)}`,
    ]) {
      expect(await follow(wrong)).toBe("404 not-found");
    }
  });

  test("goes by the scopes of the key that asked for it", async () => {
    const key = await newApiKey(fetch, team.admin, team.member.memberId, { scopes: ["catalog.view"] });
    expect(
      said(
        await api(fetch, key).post(
          `/v1/themes/${theme}/downloads`,
          { file: "aurora.zip" },
          { idempotencyKey: newIdempotencyKey() },
        ),
      ),
    ).toBe("403 access/denied");
  });

  test("is in no log", async () => {
    const link = await linkOf(team.member);
    expect(await follow(link)).toBe("200");
    await expect
      .poll(
        async () =>
          (await env.DB.prepare("SELECT path FROM call_log WHERE path LIKE '/v1/downloads/%'").all()).results
            .length,
        { timeout: 20_000 },
      )
      .toBeGreaterThan(0);
    const { results } = await env.DB.prepare("SELECT path FROM call_log WHERE path LIKE '%eyJ%.%.%'").all();
    expect(results).toEqual([]);
  });
});
