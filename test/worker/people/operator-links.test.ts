import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Api,
  api,
  newIdempotencyKey,
  expectStatus,
  type Problem,
  type Reply,
} from "../../harness/client.ts";
import { codeOf, lastMail, mailsTo } from "../../harness/mailbox.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { nextClientIp } from "../../harness/sign-in.ts";
import { confirmCardEmail, newPerson, readRows } from "./invitations-fixture.ts";
import {
  OTHER_IP,
  fetch,
  createPlatform,
  replaceGrants,
  createObject,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

interface Link {
  readonly id: string;
  readonly url: string;
  readonly status: string;
  readonly uses: number;
}

let platform: Api;
let vendor: Person;
const anybody = api(fetch, null);
const DAY_MS = 86_400_000;

beforeAll(async () => {
  platform = await createPlatform();
  vendor = await createSubscribedAccount(platform, "vendor");
});

const link = (who: Person, body: object = {}) =>
  who.api.post<Link & Problem>("/v1/operator-links", body, { idempotencyKey: newIdempotencyKey() });
const tokenIn = ({ url }: Link) => /#token=(.{43})$/.exec(url)?.[1] ?? "";

/** A code that came by mail to any address, because the caller has the link. */
async function code(email: string, token: string): Promise<string> {
  expectStatus(await anybody.post("/v1/auth/codes", { email, link: token }, { ip: nextClientIp() }), 202);
  return codeOf(await lastMail(fetch, email));
}

async function join(
  token: string,
  more: object = {},
  ask: { ip?: string } = {},
): Promise<Reply<Problem & { memberId: string; session: { access_token: string } }>> {
  const body = { ...newPerson(), ...more };
  return anybody.post(
    "/v1/operator-links/join",
    { token, code: await code(body.email, token), ...body },
    ask,
  );
}

describe("a link by which employees join", () => {
  test("S0.1, S0.2 needs a plan with restricted accounts; the refusal names whom to ask", async () => {
    const { accountId } = vendor;
    const token = tokenIn(expectStatus(await link(vendor), 201).body);
    expectStatus(
      await platform.put(`/v1/accounts/${accountId}/plan`, {
        restrictedAccounts: false,
        memberLimit: null,
        contactUrl: "mailto:sales@example.com",
      }),
      200,
    );
    const [making, joining, adding] = [
      await link(vendor),
      await join(token),
      await vendor.api.post<Problem>("/v1/members", { ...newPerson(), roles: ["operator"] }),
    ];
    expect([making, joining, adding].map(said)).toEqual(Array(3).fill("402 plan/feature-required"));
    expect([making, joining, adding].map(({ body }) => body["contact"])).toEqual(
      Array(3).fill("mailto:sales@example.com"),
    );
    expectStatus(
      await platform.put(`/v1/accounts/${accountId}/plan`, {
        restrictedAccounts: true,
        memberLimit: null,
        contactUrl: null,
      }),
      200,
    );
    expectStatus(await link(vendor), 201);
    expectStatus(await join(token), 201);
  });

  test("S0.3, S0.6, S0.7 lets its bearer in with the role and nothing else, until granted", async () => {
    const { body: card } = expectStatus(await link(vendor, { name: "Support team", maxUses: 2 }), 201);
    expect(card).toMatchObject({
      name: "Support team",
      role: "operator",
      status: "pending",
      maxUses: 2,
      uses: 0,
    });
    const productId = await createObject(vendor, "products", { name: "Editor" });
    const { body } = expectStatus(await join(tokenIn(card), { signIn: true }), 201);
    const operator = api(fetch, body.session.access_token);
    const me = expectStatus(
      await operator.get<{ member: { status: string; roles: string[] }; rights: unknown[] }>("/v1/me"),
      200,
    ).body;
    expect(me.member).toMatchObject({ status: "active", roles: ["operator"] });
    expect(me.rights).toEqual([]);
    expect(
      [
        await operator.get("/v1/products"),
        await operator.post("/v1/products", { name: "x" }, { idempotencyKey: newIdempotencyKey() }),
        await operator.get(`/v1/products/${productId}`),
      ].map(said),
    ).toEqual(["403 access/denied", "403 access/denied", "404 not-found"]);
    await replaceGrants(vendor, body.memberId, [{ resourceType: "product", access: "view" }]);
    expect(said(await operator.get(`/v1/products/${productId}`))).toBe("200");
    expect(
      expectStatus(await vendor.api.get<{ data: Link[] }>("/v1/operator-links"), 200).body.data.find(
        ({ id }) => id === card.id,
      ),
    ).toMatchObject({ uses: 1, status: "pending" });
    expect(
      expectStatus(
        await vendor.api.get<{ data: object[] }>("/v1/audit?limit=1&action=invitation.accept"),
        200,
      ).body.data[0],
    ).toMatchObject({ actor: { memberId: body.memberId }, resource: { id: card.id } });
  });

  test("S0.6 mails a stranger a code in the account's language; known persons sign in", async () => {
    const owner = await createSubscribedAccount(platform, "vendor");
    const { headers } = expectStatus(await owner.api.get(`/v1/accounts/${owner.accountId}`), 200);
    expectStatus(
      await owner.api.patch(
        `/v1/accounts/${owner.accountId}`,
        { name: "Тихий Дон", settings: { locale: "ru" } },
        { ifMatch: headers.get("etag") ?? "" },
      ),
      200,
    );
    const token = tokenIn(expectStatus(await link(owner), 201).body);
    const stranger = newPerson();
    const digits = await code(stranger.email, token);
    const { template, subject, text, html, link: way } = await lastMail(fetch, stranger.email);
    expect([template, way, subject]).toEqual(["join", null, "Код, чтобы присоединиться к Тихий Дон"]);
    expect([text, html].map((each) => each.includes("sign-in"))).toEqual([false, false]);
    expect(said(await anybody.post("/v1/auth/sessions", { email: stranger.email, code: digits }))).toBe(
      "401 auth/invalid-credential",
    );
    const known = expectStatus(
      await vendor.api.get<{ email: string }>(
        `/v1/members/${(expectStatus(await join(tokenIn(expectStatus(await link(vendor), 201).body)), 201)).body.memberId}`,
      ),
      200,
    ).body.email;
    expectStatus(await anybody.post("/v1/auth/codes", { email: known, link: token }), 202);
    const mail = await lastMail(fetch, known);
    expect([mail.template, mail.link]).toEqual(["sign_in", expect.stringContaining("/sign-in#token=")]);
    expectStatus(
      await anybody.post("/v1/operator-links/join", { ...stranger, email: known, code: codeOf(mail), token }),
      201,
    );
  });

  test("S0.7 makes a new member of a person who joins without sign-in, and names its maker", async () => {
    const owner = await createSubscribedAccount(platform, "vendor");
    await confirmCardEmail(owner.memberId);
    const { body } = expectStatus(await join(tokenIn(expectStatus(await link(owner), 201).body)), 201);
    expect(body).toEqual({ memberId: body.memberId, accountId: owner.accountId, status: "new" });
    const card = expectStatus(
      await owner.api.get<{ email: string }>(`/v1/members/${body.memberId}`),
      200,
    ).body;
    expect(card).toMatchObject({
      status: "new",
      rights: [],
      grants: [],
      emailVerified: true,
      acceptedAt: expect.any(String),
      invitedBy: owner.memberId,
    });
    const { email } = expectStatus(
      await owner.api.get<{ email: string }>(`/v1/members/${owner.memberId}`),
      200,
    ).body;
    expect((await mailsTo(fetch, email)).find(({ template }) => template === "joined")?.text).toContain(
      "by a link that you made",
    );
  });

  test("S0.6 is good for so many, until a time, and until it is ended", async () => {
    const { body: once } = expectStatus(await link(vendor), 201);
    expectStatus(await join(tokenIn(once)), 201);
    const { email } = newPerson();
    expect(
      said(
        await anybody.post("/v1/operator-links/join", {
          ...newPerson(),
          email,
          code: "12345678",
          token: tokenIn(once),
        }),
      ),
    ).toBe("409 invitation/used");
    const { body: old } = expectStatus(await link(vendor), 201);
    await env.DB.prepare("UPDATE invitation SET expires_at = ? WHERE id = ?")
      .bind(Date.now() - 1, old.id)
      .run();
    expect(
      said(
        await anybody.post("/v1/operator-links/join", {
          ...newPerson(),
          code: "12345678",
          token: tokenIn(old),
        }),
      ),
    ).toBe("410 invitation/expired");
    const { body: ended } = expectStatus(await link(vendor), 201);
    expectStatus(await vendor.api.del(`/v1/operator-links/${ended.id}`), 204);
    expect(said(await vendor.api.del(`/v1/operator-links/${ended.id}`))).toBe("410 invitation/revoked");
    expect(
      said(
        await anybody.post("/v1/operator-links/join", {
          ...newPerson(),
          code: "12345678",
          token: tokenIn(ended),
        }),
      ),
    ).toBe("410 invitation/revoked");
    expect(
      said(
        await anybody.post("/v1/operator-links/join", {
          ...newPerson(),
          code: "12345678",
          token: "A".repeat(43),
        }),
      ),
    ).toBe("404 not-found");
    const { data } = expectStatus(
      await vendor.api.get<{ data: Link[] }>("/v1/operator-links?limit=3"),
      200,
    ).body;
    expect(data.map(({ status }) => status)).toEqual(["revoked", "expired", "used"]);
  });

  test("is not told again by list or replay", async () => {
    const key = newIdempotencyKey();
    const ask = () => vendor.api.post<Link>("/v1/operator-links", {}, { idempotencyKey: key });
    const [first, second] = [expectStatus(await ask(), 201).body, expectStatus(await ask(), 201).body];
    expect(tokenIn(first)).toHaveLength(43);
    expect(second).toEqual({ ...first, url: undefined });
    expect(
      await readRows("SELECT id FROM invitation WHERE id = ? AND token_hash = ?", first.id, tokenIn(first)),
    ).toEqual([]);
  });

  test("obeys the account's rules: code, addresses, domains, member limit, existing members", async () => {
    const owner = await createSubscribedAccount(platform, "vendor");
    const token = tokenIn(expectStatus(await link(owner, { maxUses: 10 }), 201).body);
    expect(
      said(await anybody.post("/v1/operator-links/join", { ...newPerson(), code: "00000000", token })),
    ).toBe("401 auth/invalid-credential");
    const joined = newPerson();
    expectStatus(await join(token, joined), 201);
    expect(said(await join(token, joined))).toBe("409 conflict/duplicate-member");
    const set = async (patch: object) => {
      const { headers } = expectStatus(await owner.api.get(`/v1/accounts/${owner.accountId}`), 200);
      expectStatus(
        await owner.api.patch(`/v1/accounts/${owner.accountId}`, patch, {
          ifMatch: headers.get("etag") ?? "",
        }),
        200,
      );
    };
    await set({ settings: { allowedEmailDomains: ["studio.example"] } });
    expect(said(await join(token))).toBe("422 validation");
    await set({ settings: { allowedEmailDomains: [] }, allowedIps: ["203.0.113.0/24"] });
    expect(said(await join(token, {}, { ip: OTHER_IP }))).toBe("403 ip/not-allowed");
    await set({ allowedIps: [] });
    expectStatus(
      await platform.put(`/v1/accounts/${owner.accountId}/plan`, {
        restrictedAccounts: true,
        memberLimit: 2,
        contactUrl: null,
      }),
      200,
    );
    expect(said(await join(token))).toBe("409 conflict/member-limit");
  });

  test("ends with the power of its maker", async () => {
    const admin = await newMember(fetch, vendor, { roles: ["owner"] });
    const token = tokenIn(expectStatus(await link(admin, { maxUses: 3 }), 201).body);
    expectStatus(await join(token), 201);
    expectStatus(await vendor.api.post(`/v1/members/${admin.memberId}/block`), 200);
    expect(
      said(
        await join(token).catch(() =>
          anybody.post("/v1/operator-links/join", { ...newPerson(), code: "00000000", token }),
        ),
      ),
    ).toBe("410 invitation/revoked");
  });

  test("is made by members who may add operators, for a role without access, within limits", async () => {
    const operator = await newMember(fetch, vendor, { roles: ["operator"] });
    expect(said(await link(operator))).toBe("403 access/denied");
    const faults = [
      { role: "owner" },
      { role: "emperor" },
      { maxUses: 0 },
      { maxUses: 1001 },
      { expiresAt: new Date(Date.now() - 1).toISOString() },
      { expiresAt: new Date(Date.now() + 31 * DAY_MS).toISOString() },
      { grants: [] },
    ];
    for (const fault of faults) expect(said(await link(vendor, fault))).toBe("422 validation");
    expectStatus(
      await link(vendor, { maxUses: 1000, expiresAt: new Date(Date.now() + 29 * DAY_MS).toISOString() }),
      201,
    );
    for (const kind of ["team", "agency", "dealer", "seller"])
      expect(said(await link(await createSubscribedAccount(platform, kind)))).toBe("422 validation");
    const stranger = await createSubscribedAccount(platform, "vendor");
    const { body } = expectStatus(await link(vendor), 201);
    expect(said(await stranger.api.del(`/v1/operator-links/${body.id}`))).toBe("404 not-found");
    expect(
      expectStatus(await stranger.api.get<{ data: object[] }>("/v1/operator-links"), 200).body.data,
    ).toEqual([]);
  });

  test("lets in no more than it may, however many join at once", async () => {
    const { body } = expectStatus(await link(vendor, { maxUses: 3 }), 201);
    const token = tokenIn(body);
    const people = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const one = newPerson();
        return { ...one, code: await code(one.email, token) };
      }),
    );
    const answers = await Promise.all(
      people.map((one) => anybody.post("/v1/operator-links/join", { ...one, token })),
    );
    expect(answers.map(said).sort()).toEqual([
      ...Array(3).fill("201"),
      ...Array(5).fill("409 invitation/used"),
    ]);
    expect(await readRows("SELECT uses FROM invitation WHERE id = ?", body.id)).toEqual([{ uses: 3 }]);
  });

  const shown = (who: { readonly api: Api }, id: string) =>
    who.api.get<{ url: string }>(`/v1/operator-links/${id}/url`);
  const YEAR = () => new Date(Date.now() + 365 * DAY_MS).toISOString();

  test("K16 has no use limit for up to a year if asked; each view of it is in the trail", async () => {
    const owner = await createSubscribedAccount(platform, "vendor");
    expect(
      said(
        await link(owner, { maxUses: null, expiresAt: new Date(Date.now() + 367 * DAY_MS).toISOString() }),
      ),
    ).toBe("422 validation");
    const { body } = expectStatus(await link(owner, { maxUses: null, expiresAt: YEAR() }), 201);
    expect(body).toMatchObject({ maxUses: null, uses: 0, status: "pending" });
    for (let use = 0; use < 3; use += 1) expectStatus(await join(tokenIn(body)), 201);
    expect(await readRows("SELECT uses, status FROM invitation WHERE id = ?", body.id)).toEqual([
      { uses: 3, status: "pending" },
    ]);
    for (let time = 0; time < 2; time += 1)
      expect(expectStatus(await shown(owner, body.id), 200).body).toEqual({ url: body.url });
    const events = expectStatus(
      await owner.api.get<{ data: { resource: object; actor: object }[] }>(
        "/v1/audit?action=invitation.show",
      ),
      200,
    ).body.data;
    expect(events.map(({ resource }) => resource)).toEqual(
      Array(2).fill({ type: "invitation", id: body.id }),
    );
    expect(JSON.stringify(events)).not.toContain(tokenIn(body));
  });

  test("K16 mails a second code to join that does not end the first", async () => {
    const [token, one] = [tokenIn(expectStatus(await link(vendor), 201).body), newPerson()];
    const codes = [await code(one.email, token), await code(one.email, token)];
    expect(new Set(codes).size).toBe(2);
    expectStatus(await anybody.post("/v1/operator-links/join", { ...one, code: codes[0], token }), 201);
  });

  test("K16 is shown to holders of the right to list links only, and only while it is good", async () => {
    const { body } = expectStatus(await link(vendor, { maxUses: null }), 201);
    const [operator, lister] = [
      await newMember(fetch, vendor, { roles: ["operator"] }),
      await newMember(fetch, vendor, { roles: ["operator"], rights: ["member.view"] }),
    ];
    const stranger = await createSubscribedAccount(platform, "vendor");
    expect(
      await Promise.all([operator, stranger, lister].map(async (who) => said(await shown(who, body.id)))),
    ).toEqual(["403 access/denied", "404 not-found", "200"]);
    await env.DB.prepare("UPDATE invitation SET token_kid = 'gone', token_hash = 'x' WHERE id = ?")
      .bind(body.id)
      .run();
    expect(said(await shown(vendor, body.id))).toBe("409 conflict/state");
    await env.DB.prepare("UPDATE invitation SET expires_at = 1 WHERE id = ?").bind(body.id).run();
    expect(said(await shown(vendor, body.id))).toBe("410 invitation/expired");
    expectStatus(await vendor.api.del(`/v1/operator-links/${body.id}`), 204);
    expect(said(await shown(vendor, body.id))).toBe("410 invitation/revoked");
    const { body: once } = expectStatus(await link(vendor), 201);
    expectStatus(await join(tokenIn(once)), 201);
    expect(said(await shown(vendor, once.id))).toBe("409 invitation/used");
  });

  test("K16 lets in a hundred a day at most, each with a notice to the owner, within the rules", async () => {
    const owner = await createSubscribedAccount(platform, "vendor");
    await confirmCardEmail(owner.memberId);
    const admin = await newMember(fetch, owner, { roles: ["owner"] });
    const { body } = expectStatus(await link(admin, { maxUses: null, expiresAt: YEAR() }), 201);
    const token = tokenIn(body);
    const { email } = expectStatus(
      await owner.api.get<{ email: string }>(`/v1/members/${owner.memberId}`),
      200,
    ).body;
    const notices = async () =>
      (await mailsTo(fetch, email)).filter(
        ({ template, text }) => template === "joined" && text.includes("by a link of the account"),
      ).length;
    for (let use = 0; use < 2; use += 1) expectStatus(await join(token), 201);
    expect(await notices()).toBe(2);
    await env.DB.prepare("UPDATE tally SET count = 100 WHERE count = 2 AND window > ?")
      .bind(Date.now())
      .run();
    const full = await join(token);
    expect([said(full), full.headers.get("ratelimit-policy"), await notices()]).toEqual([
      "429 quota-exceeded",
      '"joins-by-link";q=100;w=86400',
      2,
    ]);
    await env.DB.prepare("DELETE FROM tally").run();
    expectStatus(
      await owner.api.patch(
        `/v1/accounts/${owner.accountId}`,
        { settings: { allowedEmailDomains: ["studio.example"] } },
        { ifMatch: "*" },
      ),
      200,
    );
    expect(said(await join(token))).toBe("422 validation");
    expectStatus(
      await owner.api.patch(
        `/v1/accounts/${owner.accountId}`,
        { settings: { allowedEmailDomains: [] } },
        { ifMatch: "*" },
      ),
      200,
    );
    expectStatus(
      await platform.put(`/v1/accounts/${owner.accountId}/plan`, {
        restrictedAccounts: true,
        memberLimit: 4,
        contactUrl: null,
      }),
      200,
    );
    expect(said(await join(token))).toBe("409 conflict/member-limit");
    expectStatus(
      await owner.api.patch(`/v1/members/${admin.memberId}`, { roles: ["operator"] }, { ifMatch: "*" }),
      200,
    );
    expect(
      said(await anybody.post("/v1/operator-links/join", { ...newPerson(), code: "00000000", token })),
    ).toBe("410 invitation/revoked");
  });
});
