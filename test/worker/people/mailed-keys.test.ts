import { beforeAll, describe, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { lastMail, mailsTo, tokenOf } from "../../harness/mailbox.ts";
import { newAccount, newMemberWithoutKey, newMember, type Person } from "../../harness/people.ts";
import { signIn } from "../../harness/sign-in.ts";
import { nextClientIp } from "../../harness/sign-in.ts";
import { acceptInvitation, createInvitation as invitedBy, invitationToken } from "./invitations-fixture.ts";
import { fetch, createPlatform, said, createSubscribedAccount } from "../access/operators-fixture.ts";
import {
  anonymousCaller,
  addSignedInMember,
  readRow,
  requestMail,
  newEmail,
  listEvents,
} from "./sign-in-fixture.ts";

interface Made {
  readonly id: string;
  readonly claim: { readonly token?: string; readonly mailed: boolean };
}

let platform: Api;
let admin: Person;
beforeAll(async () => {
  platform = await createPlatform();
  admin = await createSubscribedAccount(platform, "team");
});

const keyFor = (by: Api, memberId: string, ask = {}) =>
  by.post<Made>(`/v1/members/${memberId}/api-keys`, { name: "Build server" }, ask);
const claim = (token: string) => api(fetch, null).post<{ secret: string }>("/v1/auth/claims", { token });

/** A member who came by a mail and has signed in. */
async function invited(): Promise<{ email: string; memberId: string; api: Api }> {
  const email = `${newIdempotencyKey()}@example.com`;
  const { memberId } = expectStatus(
    await admin.api.post<{ memberId: string }>(
      "/v1/invitations",
      { firstName: "Nora", lastName: "New", email, roles: ["member"] },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  ).body;
  expectStatus(
    await api(fetch, null).post("/v1/invitations/accept", {
      token: tokenOf(await lastMail(fetch, email, "invitation")),
    }),
    200,
  );
  return { email, memberId, api: (await signIn(fetch, email)).api };
}

test("S1.15 a key for a member who signs in by mail: only the mail has the token, once", async () => {
  const { email, memberId } = await invited();
  const key = { idempotencyKey: newIdempotencyKey() };
  const made = expectStatus(await keyFor(admin.api, memberId, key), 201).body;
  expect(made.claim).toEqual({ mailed: true, expiresAt: expect.any(String) });
  expect(JSON.stringify(expectStatus(await keyFor(admin.api, memberId, key), 201).body)).not.toContain(
    "token",
  );
  const mails = (await mailsTo(fetch, email)).filter(({ template }) => template === "api_key");
  expect(mails).toHaveLength(1);
  const token = tokenOf(mails[0] ?? expect.fail());
  expect(token).not.toBe(tokenOf(await lastMail(fetch, email, "invitation")));
  const { secret } = expectStatus(await claim(token), 201).body;
  expect(expectStatus(await api(fetch, secret).get<{ key: { id: string } }>("/v1/me"), 200).body.key.id).toBe(
    made.id,
  );
  expect(said(await claim(token))).toBe("404 not-found");
});

test("another address on the card, even confirmed, does not get the keys of a person", async () => {
  const { email, memberId } = await invited();
  const other = `${newIdempotencyKey()}@example.com`;
  expectStatus(await admin.api.patch(`/v1/members/${memberId}`, { email: other }, { ifMatch: "*" }), 200);
  expectStatus(
    await api(fetch, null).post("/v1/auth/email-confirmations", {
      token: tokenOf(await lastMail(fetch, other, "confirm_email")),
    }),
    204,
  );
  expectStatus(await keyFor(admin.api, memberId), 201);
  expect((await mailsTo(fetch, other)).map(({ template }) => template)).not.toContain("api_key");
  expect((await lastMail(fetch, email, "api_key")).subject).toContain("API key");
});

test("a key for a member who never signed in by mail: its maker gets the token", async () => {
  const member = await newMemberWithoutKey(admin, { roles: ["member"] });
  expect(expectStatus(await keyFor(admin.api, member.memberId), 201).body.claim).toMatchObject({
    mailed: false,
    token: expect.any(String),
  });
  expect(expectStatus(await keyFor(admin.api, admin.memberId), 201).body).toMatchObject({
    secret: expect.stringMatching(/^tgk_/),
  });
});

const person = (email: string) => ({ email, firstName: "Olga", lastName: "Owner" });
const keyed = () => ({ idempotencyKey: newIdempotencyKey() });
const GONE = "404 not-found";
interface Founded {
  readonly id: string;
  readonly owner: { readonly id: string };
  readonly claim: { readonly token: string };
}
interface Again {
  readonly claim: { readonly token?: string; readonly mailed: boolean };
}

describe("K1 no caller learns a claim in the name of a member who has joined", () => {
  test("of a member who signs in by mail, for every caller and route: it is mailed", async () => {
    const [seller, email, mine] = [await createSubscribedAccount(platform, "seller"), newEmail(), newEmail()];
    const agent = await newMember(fetch, seller, {
      roles: ["seller_agent_admin"],
      grants: [{ resourceType: "organization", resourceId: "0", access: "view" }],
    });
    const org = expectStatus(
      await agent.api.post<Founded>("/v1/organizations", { name: "Customer", owner: person(email) }, keyed()),
      201,
    ).body;
    const account = expectStatus(
      await platform.post<Founded>(
        "/v1/accounts",
        { kind: "team", name: "Team", owner: person(mine) },
        keyed(),
      ),
      201,
    ).body;
    for (const address of [email, mine])
      expectStatus(await acceptInvitation(await invitationToken(address), { signIn: true }), 200);
    // The claim from the founding ended with the arrival, and a row says so.
    for (const {
      id,
      claim: { token },
    } of [org, account]) {
      expect(said(await claim(token))).toBe(GONE);
      expect((await listEvents(id, "api_key.revoke")).map(({ changes }) => changes)).toMatchObject([
        { before: { claim: "told" }, after: { claim: "ended" } },
      ]);
    }
    const asked = [
      await agent.api.post<Again>(`/v1/organizations/${org.id}/owner-claims`),
      await platform.post<Again>(`/v1/accounts/${account.id}/owner-claims`),
      await platform.post<Again>(`/v1/accounts/${account.id}/members/${account.owner.id}/claims`),
      await platform.post<Again>(`/v1/accounts/${org.id}/owner-claims?revokeKeys=true`),
    ];
    for (const answer of asked)
      expect(expectStatus(answer, 201).body.claim).toEqual({ mailed: true, expiresAt: expect.any(String) });
    expect((await mailsTo(fetch, email)).filter(({ template }) => template === "api_key")).toHaveLength(2);
  });

  test("of a member who joins after the claim: an operator who made both takes nothing", async () => {
    const vendor = await createSubscribedAccount(platform, "vendor");
    const operator = await newMember(fetch, vendor, {
      roles: [],
      rights: ["member.create", "member.edit", "api_key.create", "member.view"],
    });
    const email = newEmail();
    const { id } = expectStatus(
      await operator.api.post<{ id: string }>(
        "/v1/members",
        { ...person(email), roles: [], notify: true },
        keyed(),
      ),
      201,
    ).body;
    const token = expectStatus(await keyFor(operator.api, id), 201).body.claim.token ?? "";
    expectStatus(await acceptInvitation(await invitationToken(email), { signIn: true }), 200);
    expectStatus(await vendor.api.patch(`/v1/members/${id}`, { roles: ["owner"] }, { ifMatch: "*" }), 200);
    expect([
      said(await claim(token)),
      (await readRow("SELECT count(*) AS n FROM api_key WHERE member_id = ? AND hash IS NOT NULL", id))?.[
        "n"
      ],
    ]).toEqual([GONE, 0]);
  });

  test("of a member who calls with a key: only after all keys of that member are revoked", async () => {
    const one = await newMember(fetch, admin, { roles: ["member"] });
    expect(said(await keyFor(admin.api, one.memberId))).toBe("409 conflict/state");
    expectStatus(await one.api.get("/v1/me"), 200);
    const make = () =>
      admin.api.post<Made>(
        `/v1/members/${one.memberId}/api-keys`,
        { name: "next", revokeKeys: true },
        keyed(),
      );
    const first = expectStatus(await make(), 201).body;
    expect(said(await one.api.get("/v1/me"))).toBe("401 auth/invalid-credential");
    const second = expectStatus(await make(), 201).body;
    expect([said(await claim(first.claim.token ?? "")), said(await claim(second.claim.token ?? ""))]).toEqual(
      [GONE, "201"],
    );
    const rows = (await listEvents(admin.accountId, "api_key.revoke")).filter(
      ({ changes }) => (changes as { before: { memberId: string } }).before.memberId === one.memberId,
    );
    expect(rows.map(({ changes }) => (changes as { after: { claim: string } }).after.claim).sort()).toEqual([
      "replaced",
      "revoked",
    ]);
    expect(
      said(
        await admin.api.post(
          `/v1/members/${admin.memberId}/api-keys`,
          { name: "mine", revokeKeys: true },
          keyed(),
        ),
      ),
    ).toBe("422 validation");
  });

  test("of the account's owner, by another admin: no other member's key moves ownership", async () => {
    const account = await newAccount(fetch, platform, "team");
    const other = await newMember(fetch, account, { roles: ["admin"] });
    for (const body of [{ name: "k" }, { name: "k", revokeKeys: true }]) {
      expect(said(await other.api.post(`/v1/members/${account.memberId}/api-keys`, body, keyed()))).toBe(
        "409 conflict/last-admin",
      );
    }
    expectStatus(await account.api.get("/v1/me"), 200);
    const again = () =>
      platform.post<Again>(`/v1/accounts/${account.accountId}/owner-claims?revokeKeys=true`);
    expect(said(await platform.post(`/v1/accounts/${account.accountId}/owner-claims`))).toBe(
      "409 conflict/state",
    );
    expect(expectStatus(await again(), 201).body.claim.token).toHaveLength(43);
    expect(said(await account.api.get("/v1/me"))).toBe("401 auth/invalid-credential");
  });

  test("of a member who calls with a key, by the platform: only with all those keys revoked", async () => {
    const one = await newMember(fetch, admin, { roles: ["member"] });
    const path = `/v1/accounts/${admin.accountId}/members/${one.memberId}/claims`;
    expect(said(await platform.post(path))).toBe("409 conflict/state");
    expectStatus(await one.api.get("/v1/me"), 200);
    const { token = "" } = expectStatus(await platform.post<Again>(`${path}?revokeKeys=true`), 201).body
      .claim;
    expect(said(await one.api.get("/v1/me"))).toBe("401 auth/invalid-credential");
    expectStatus(await claim(token), 201);
  });
});

describe("K1 what is one member's is not taken with the credential of another", () => {
  test("an invitation, by token or by code, a claim, and a place behind a link", async () => {
    const keyOnly = await newMember(fetch, admin, { roles: ["member"] });
    const signedIn = await addSignedInMember(admin);
    const vendor = await createSubscribedAccount(platform, "vendor");
    const { url } = expectStatus(
      await vendor.api.post<{ url: string }>("/v1/operator-links", {}, keyed()),
      201,
    ).body;
    const OTHER = "409 conflict/other-address";
    for (const other of [keyOnly.api, signedIn.api]) {
      const one = await invitedBy(admin, { role: "member" });
      const { memberId } = await newMemberWithoutKey(admin, { roles: ["member"] });
      const token = expectStatus(await keyFor(admin.api, memberId), 201).body.claim.token ?? "";
      const [{ code }, joiner] = [await requestMail(one.member.email), newEmail()];
      expectStatus(
        await anonymousCaller.post(
          "/v1/auth/codes",
          { email: joiner, link: url.slice(-43) },
          { ip: nextClientIp() },
        ),
        202,
      );
      const join = {
        token: url.slice(-43),
        email: joiner,
        code: (await lastMail(fetch, joiner)).code,
        firstName: "J",
        lastName: "J",
      };
      expect([
        said(await other.post("/v1/invitations/accept", { token: one.token })),
        said(await other.post("/v1/auth/claims", { token })),
        said(
          await other.post(
            "/v1/auth/sessions",
            { email: one.member.email, code, accountId: admin.accountId },
            { ip: nextClientIp() },
          ),
        ),
        said(await other.post("/v1/operator-links/join", join)),
      ]).toEqual([OTHER, OTHER, OTHER, OTHER]);
      // Without it each is good as before.
      expect([said(await acceptInvitation(one.token)), said(await claim(token))]).toEqual(["200", "201"]);
    }
  });
});

test("K1 K5 a member hears at both addresses of a key made or taken in their name", async () => {
  const [one, elsewhere] = [await invited(), newEmail()];
  expectStatus(
    await admin.api.patch(`/v1/members/${one.memberId}`, { email: elsewhere }, { ifMatch: "*" }),
    200,
  );
  expectStatus(await keyFor(admin.api, one.memberId), 201);
  const subjects = async (email: string) =>
    (await mailsTo(fetch, email))
      .filter(({ template }) => template === "security")
      .map(({ subject }) => subject);
  // The address before hears that another stands on the card, and is mailed the key itself.
  expect([(await subjects(elsewhere)).join(), (await subjects(one.email)).join()]).toEqual([
    expect.stringMatching(/^A new API key/),
    expect.stringMatching(/^Your address in .* was changed$/),
  ]);
  expectStatus(await claim(tokenOf(await lastMail(fetch, one.email, "api_key"))), 201);
  expect([(await subjects(elsewhere))[0], (await subjects(one.email))[0]]).toEqual(
    Array(2).fill(expect.stringMatching(/claimed$/)),
  );
  const other = await newMemberWithoutKey(admin, { roles: ["member"] });
  expectStatus(
    await claim(expectStatus(await keyFor(admin.api, other.memberId), 201).body.claim.token ?? ""),
    201,
  );
  expect((await subjects(other.email)).length).toBe(1);
});
