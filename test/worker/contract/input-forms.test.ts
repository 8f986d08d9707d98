import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Api, newIdempotencyKey, expectStatus, type Problem } from "../../harness/client.ts";
import { mailsTo } from "../../harness/mailbox.ts";
import { newAccount, newMember, type Person } from "../../harness/people.ts";
import { outcomeOf, customerEvent, JOIN_MAPPING, newHook, postSigned } from "../../harness/webhook.ts";
import {
  acceptInvitation,
  confirmCardEmail,
  type Invitation,
  invitationToken,
} from "../people/invitations-fixture.ts";
import {
  fetch,
  createPlatform,
  createObject,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";
import { requestCode, signInWith, requestMail, newEmail } from "../people/sign-in-fixture.ts";

const ANY = { ifMatch: "*" };
const keyed = () => ({ idempotencyKey: newIdempotencyKey() });

interface Card {
  readonly id: string;
  readonly username: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly email: string;
  readonly roles: string[];
}

let platform: Api;
let team: Person;
let seller: Person;
let org: Person;
beforeAll(async () => {
  platform = await createPlatform();
  team = await createSubscribedAccount(platform, "team");
  seller = await newAccount(fetch, platform, "seller");
  org = await newAccount(fetch, platform, "customer_org", { parentId: seller.accountId });
  for (const { memberId } of [team, seller, org]) await confirmCardEmail(memberId);
});

const invite = (who: Person, body: object) =>
  who.api.post<Invitation & { member: Card }>("/v1/invitations", body, keyed());
const cardOf = async (who: Person, id: string) =>
  expectStatus(await who.api.get<Card>(`/v1/members/${id}`), 200).body;
const faults = (body: unknown) =>
  (body as Problem & { errors?: { pointer: string }[] }).errors?.map(({ pointer }) => pointer);

describe("S1.2 S2.1 K15 an invitation by e-mail and role alone", () => {
  test("shows the e-mail until there are names, in lists, mails and the search", async () => {
    const email = newEmail();
    const { body } = expectStatus(await invite(team, { email, role: "member" }), 201);
    expect(body.member).toMatchObject({
      username: email,
      firstName: null,
      lastName: null,
      roles: ["member"],
    });
    expect(
      expectStatus(await team.api.get<{ data: Card[] }>(`/v1/members?username=${email}`), 200).body.data.map(
        ({ username }) => username,
      ),
    ).toEqual([email]);
    // One click stays one click.
    expect(said(await acceptInvitation(await invitationToken(email)))).toBe("200");
    expect(await cardOf(team, body.member.id)).toMatchObject({ username: email, firstName: null });
    const owner = await cardOf(team, team.memberId);
    const subjects = (await mailsTo(fetch, owner.email)).map(({ subject }) => subject);
    // The mail writes the dots of the address so that nothing links it.
    expect(
      subjects.filter((subject) => subject.replaceAll("\u200c", "").startsWith(`${email} has joined `)),
    ).toHaveLength(1);
    expect(subjects.join()).not.toContain(email);
  });

  test("takes the names of the member who accepts, where it left them out, and nowhere else", async () => {
    const [open, told] = [newEmail(), newEmail()];
    const first = expectStatus(await invite(team, { email: open, role: "member" }), 201).body.member;
    const second = expectStatus(
      await invite(team, { email: told, role: "member", firstName: "Tom", lastName: "Told" }),
      201,
    ).body.member;
    const names = { firstName: "Ada", lastName: "Arrived" };
    for (const wrong of ["evil.com/x", "\u202ex"])
      expect(said(await acceptInvitation(await invitationToken(open), { ...names, firstName: wrong }))).toBe(
        "422 validation",
      );
    for (const email of [open, told])
      expect(said(await acceptInvitation(await invitationToken(email), names))).toBe("200");
    expect(await cardOf(team, first.id)).toMatchObject({ username: "Ada Arrived", ...names });
    expect(await cardOf(team, second.id)).toMatchObject({
      username: "Tom Told",
      firstName: "Tom",
      lastName: "Told",
    });
    expect(
      expectStatus(await team.api.get<{ data: Card[] }>("/v1/members?username=ada%20arr"), 200).body.data.map(
        ({ id }) => id,
      ),
    ).toEqual([first.id]);
  });

  test("leaves names to another's first edit; the member may edit without, and so may a block", async () => {
    const { id, email } = expectStatus(await invite(team, { email: newEmail(), role: "member" }), 201).body
      .member;
    const edit = (body: object, who: Person = team) => who.api.patch<Card>(`/v1/members/${id}`, body, ANY);
    const missing = await edit({ position: "Chief" });
    expect([said(missing), faults(missing.body)]).toEqual(["422 validation", ["/firstName", "/lastName"]]);
    expect(faults((await edit({ firstName: "A" })).body)).toEqual(["/lastName"]);
    expect(expectStatus(await edit({ loginAllowed: false }), 200).body).toMatchObject({ username: email });
    expectStatus(await edit({ loginAllowed: true }), 200);
    expect(
      expectStatus(await edit({ position: "Chief", firstName: "Nora", lastName: "Named" }), 200).body,
    ).toMatchObject({ username: "Nora Named" });
    // A username that follows names once does not follow them again.
    expect(expectStatus(await edit({ lastName: "Other" }), 200).body).toMatchObject({
      username: "Nora Named",
      lastName: "Other",
    });
    const own = expectStatus(await invite(team, { email: newEmail(), role: "admin" }), 201).body.member;
    expectStatus(await acceptInvitation(await invitationToken(own.email)), 200);
    const { token: link } = await requestMail(own.email);
    const { access_token: token } = expectStatus(await signInWith({ token: link }), 201).body;
    const self = await fetch(`/v1/members/${own.id}`, {
      method: "PATCH",
      body: JSON.stringify({ position: "Head" }),
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "if-match": "*" },
    });
    expect(self.status).toBe(200);
  });

  test("works in bulk, in a marketplace and by a hook; other models and cards need names", async () => {
    const rows = {
      invitations: [
        { email: newEmail(), role: "viewer" },
        { email: newEmail(), roles: ["member"], firstName: "" },
      ],
    };
    expect(
      expectStatus(
        await team.api.post<{ results: { status: number }[] }>("/v1/invitations/bulk", rows, keyed()),
        200,
      ).body.results.map(({ status }) => status),
    ).toEqual([201, 201]);
    expectStatus(await invite(seller, { email: newEmail(), role: "subscriptions_manager" }), 201);
    const { firstName: _, lastName: __, ...then } = JOIN_MAPPING.rules[0]?.then ?? {};
    const mapping = { typeAt: "/type", rules: [{ when: { type: "customer.created" }, then }] };
    expect(
      outcomeOf(
        await postSigned(fetch, await newHook(team.api, "standard", mapping), customerEvent(newEmail())),
      ),
    ).toBe("invited");
    for (const kind of ["vendor", "agency"]) {
      const other = await createSubscribedAccount(platform, kind);
      const answer = await invite(other, {
        email: newEmail(),
        role: kind === "vendor" ? "operator" : "specialist",
      });
      expect([kind, said(answer), faults(answer.body)]).toEqual([
        kind,
        "422 validation",
        ["/firstName", "/lastName"],
      ]);
      expect(
        said(
          await other.api.post(
            "/v1/hooks",
            {
              name: "Shop",
              scheme: "standard",
              mapping: {
                ...mapping,
                rules: [
                  {
                    when: { type: "x" },
                    then: { ...then, roles: [kind === "vendor" ? "operator" : "specialist"] },
                  },
                ],
              },
            },
            keyed(),
          ),
        ),
      ).toBe("422 validation");
    }
    expect(
      faults((await team.api.post("/v1/members", { email: newEmail(), roles: ["member"] }, keyed())).body),
    ).toEqual(["/firstName", "/lastName"]);
  });
});

describe("K15 an invitation that gives nothing", () => {
  const person = () => ({ email: newEmail(), firstName: "E", lastName: "Empty" });
  test("is refused, alone, in bulk and as a rule of a hook; a right or a grant is something", async () => {
    const answer = await invite(team, person());
    expect([said(answer), faults(answer.body)]).toEqual(["422 validation", ["/roles"]]);
    expect(
      expectStatus(
        await team.api.post<{ results: { status: number }[] }>(
          "/v1/invitations/bulk",
          { invitations: [person()] },
          keyed(),
        ),
        200,
      ).body.results[0]?.status,
    ).toBe(422);
    const rules = [{ ...JOIN_MAPPING.rules[0], then: { ...JOIN_MAPPING.rules[0]?.then, roles: [] } }];
    const hook = await team.api.post(
      "/v1/hooks",
      { name: "Shop", scheme: "standard", mapping: { typeAt: "/type", rules } },
      keyed(),
    );
    expect([said(hook), faults(hook.body)]).toEqual(["422 validation", ["/mapping/rules/0/then/roles"]]);
    expectStatus(await invite(team, { ...person(), rights: ["product.view"] }), 201);
    expectStatus(
      await invite(team, {
        ...person(),
        grants: [{ resourceType: "product", resourceId: 0, access: "view" }],
      }),
      201,
    );
  });

  test("means a customer in a customer's organization; a card may be without roles", async () => {
    expect(expectStatus(await invite(org, { email: newEmail() }), 201).body.member.roles).toEqual([
      "customer",
    ]);
    const { id, roles } = expectStatus(await team.api.post<Card>("/v1/members", person(), keyed()), 201).body;
    expect(roles).toEqual([]);
    expectStatus(await team.api.patch(`/v1/members/${id}`, { roles: ["member"] }, ANY), 200);
    expect(
      expectStatus(await team.api.patch<Card>(`/v1/members/${id}`, { roles: [] }, ANY), 200).body.roles,
    ).toEqual([]);
  });
});

describe("K15 what is right is taken", () => {
  test("an address under a punycode top-level domain: both forms are stored and sign in as one", async () => {
    const local = newIdempotencyKey().slice(0, 8);
    const { member } = expectStatus(
      await invite(team, { email: `${local}@почта.рф`, role: "member" }),
      201,
    ).body;
    expect(member.email).toBe(`${local}@xn--80a1acny.xn--p1ai`);
    expect(said(await invite(team, { email: `${local}@xn--80a1acny.xn--p1ai`, role: "member" }))).toBe(
      "409 conflict/duplicate-invitation",
    );
    expectStatus(await acceptInvitation(await invitationToken(member.email)), 200);
    expectStatus(await requestCode(`${local}@ПОЧТА.РФ`), 202);
    expect(
      (await mailsTo(fetch, member.email)).filter(({ template }) => template === "sign_in"),
    ).toHaveLength(1);
    for (const email of [`${"x".repeat(65)}@example.com`, "я@почта.рф"])
      expect(said(await invite(team, { email, role: "member" }))).toBe("422 validation");
    const settings = { allowedEmailDomains: ["почта.рф"] };
    expect(
      expectStatus(
        await team.api.patch<{ settings: object }>(`/v1/accounts/${team.accountId}`, { settings }, ANY),
        200,
      ).body.settings,
    ).toMatchObject({ allowedEmailDomains: ["xn--80a1acny.xn--p1ai"] });
    expectStatus(
      await team.api.patch(`/v1/accounts/${team.accountId}`, { settings: { allowedEmailDomains: [] } }, ANY),
      200,
    );
  });

  test("line breaks in notes, times with an offset, 0 as a number, an empty optional text", async () => {
    const productId = await createObject(team, "products", { name: "Editor", description: "One\r\nTwo" });
    const key = expectStatus(
      await team.api.post<Record<string, unknown>>(
        "/v1/license-keys",
        { productId, notes: "a\nb", expiresAt: "2030-01-01T03:00:00+03:00" },
        keyed(),
      ),
      201,
    ).body;
    expect(key).toMatchObject({ notes: "a\nb", expiresAt: "2030-01-01T00:00:00.000Z" });
    expect(
      expectStatus(await team.api.get<Record<string, unknown>>(`/v1/products/${productId}`), 200).body[
        "description"
      ],
    ).toBe("One\nTwo");
    expect(
      expectStatus(
        await team.api.patch<Record<string, unknown>>(`/v1/products/${productId}`, { description: "" }, ANY),
        200,
      ).body["description"],
    ).toBeNull();
    const { memberId } = await newMember(fetch, team, { roles: ["member"], phone: "+49 1" });
    const edited = expectStatus(
      await team.api.patch<Record<string, unknown>>(
        `/v1/members/${memberId}`,
        { comments: "Line 1\nLine 2", phone: "", position: " " },
        ANY,
      ),
      200,
    ).body;
    expect(edited).toMatchObject({ comments: "Line 1\nLine 2", phone: null, position: null });
    expect(said(await team.api.patch(`/v1/members/${memberId}`, { position: "a\nb" }, ANY))).toBe(
      "422 validation",
    );
    const { grants } = expectStatus(
      await team.api.put<{ grants: object[] }>(`/v1/members/${memberId}/grants`, {
        grants: [{ resourceType: "product", resourceId: 0, access: "view" }],
      }),
      200,
    ).body;
    expect(grants).toEqual([{ resourceType: "product", resourceId: "0", access: "view" }]);
    const { expiresAt } = expectStatus(
      await team.api.post<{ expiresAt: string }>(
        `/v1/members/${team.memberId}/api-keys`,
        { name: "k", expiresAt: "2030-01-01T00:00:00-01:00" },
        keyed(),
      ),
      201,
    ).body;
    expect(expiresAt).toBe("2030-01-01T01:00:00.000Z");
    const credits = { kind: "promo", amount: 5, expiresAt: "2031-01-01T00:00:00+05:30" };
    expect(
      expectStatus(
        await platform.post<{ expiresAt: string }>(
          `/v1/accounts/${team.accountId}/credits`,
          credits,
          keyed(),
        ),
        201,
      ).body.expiresAt,
    ).toBe("2030-12-31T18:30:00.000Z");
  });

  test("dates without a time are whole days of the account's zone, the last one included", async () => {
    expectStatus(
      await team.api.patch(
        `/v1/accounts/${team.accountId}`,
        { settings: { timeZone: "Pacific/Kiritimati" } },
        ANY,
      ),
      200,
    );
    const told = async (path: string) =>
      expectStatus(await team.api.get<{ from: string; to: string }>(path), 200).body;
    expect(await told("/v1/reports/usage?from=2026-10-01&to=2026-10-02")).toMatchObject({
      from: "2026-09-30T10:00:00.000Z",
      to: "2026-10-02T10:00:00.000Z",
    });
    // At this hour it may be another day there.
    const [{ results }, day] = [
      await env.DB.prepare("SELECT min(at) AS at FROM audit_event WHERE account_id = ?")
        .bind(team.accountId)
        .all<{ at: number }>(),
      86_400_000,
    ];
    const dayThere = new Date((results[0]?.at ?? 0) + 14 * 3_600_000).toISOString().slice(0, 10);
    const dayBefore = new Date(Date.parse(dayThere) - day).toISOString().slice(0, 10);
    const count = async (from: string, to: string) =>
      expectStatus(
        await team.api.get<{ data: object[] }>(
          `/v1/audit?limit=100&action=account.edit&from=${from}&to=${to}`,
        ),
        200,
      ).body.data.length;
    expect([(await count(dayBefore, dayThere)) > 0, await count(dayBefore, dayBefore)]).toEqual([true, 0]);
    expect(said(await team.api.get("/v1/audit?from=2026-02-30"))).toBe("422 validation");
    expect(said(await team.api.get("/v1/reports/usage?from=2026-03-02&to=2026-02-28"))).toBe(
      "422 validation",
    );
  });
});
