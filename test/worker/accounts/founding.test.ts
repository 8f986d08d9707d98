import { beforeAll, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { mailsTo } from "../../harness/mailbox.ts";
import { acceptInvitation, newPerson, invitationToken } from "../people/invitations-fixture.ts";
import { fetch, createPlatform, said, createSubscribedAccount } from "../access/operators-fixture.ts";

let platform: Api;

beforeAll(async () => {
  platform = await createPlatform();
});

interface Founded {
  readonly id: string;
  readonly owner: { readonly id: string };
  readonly claim: { readonly token: string };
}

/** Accepts the invitation and signs in: what the member is then. */
async function arrive(email: string): Promise<{ roles: string[]; status: string }> {
  const { session } = expectStatus(
    await acceptInvitation(await invitationToken(email), { signIn: true }),
    200,
  ).body as unknown as {
    session: { access_token: string };
  };
  return expectStatus(
    await api(fetch, session.access_token).get<{ member: { roles: string[]; status: string } }>("/v1/me"),
    200,
  ).body.member;
}

test("S1.1 a new account's owner is invited by mail once, and comes in by it or by the claim", async () => {
  const [owner, key] = [newPerson(), newIdempotencyKey()];
  const body = { kind: "dealer", name: "Nordwind", owner };
  const made = expectStatus(
    await platform.post<Founded>("/v1/accounts", body, { idempotencyKey: key }),
    201,
  ).body;
  expectStatus(await platform.post("/v1/accounts", body, { idempotencyKey: key }), 201);
  const mails = await mailsTo(fetch, owner.email);
  expect(mails.map(({ template }) => template)).toEqual(["invitation"]);
  expect(mails[0]?.text).toContain("Nordwind");
  expect(mails[0]?.text).toContain("Pia Platt");
  const token = await invitationToken(owner.email);
  expect(await arrive(owner.email)).toMatchObject({ roles: ["dealer_manager"], status: "active" });
  // Each way in ends the other.
  expect(said(await api(fetch, null).post("/v1/auth/claims", { token: made.claim.token }))).toBe(
    "404 not-found",
  );
  expect(said(await acceptInvitation(token))).toBe("409 invitation/used");
  const other = newPerson();
  const { claim } = expectStatus(
    await platform.post<Founded>(
      "/v1/accounts",
      { ...body, owner: other },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  ).body;
  const late = await invitationToken(other.email);
  expectStatus(await api(fetch, null).post("/v1/auth/claims", { token: claim.token }), 201);
  expect(said(await acceptInvitation(late))).toBe("409 invitation/used");
});

test("S2.7, S2.11 so is the admin of a founded organization; customer is the suggested role", async () => {
  const seller = await createSubscribedAccount(platform, "seller");
  const owner = newPerson();
  const made = expectStatus(
    await seller.api.post<Founded>(
      "/v1/organizations",
      { name: "Berg Films", owner },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  ).body;
  expect((await mailsTo(fetch, owner.email)).map(({ template }) => template)).toEqual(["invitation"]);
  expect(await arrive(owner.email)).toMatchObject({ roles: ["customer_admin"] });
  const on = { headers: { "tollgate-account": made.id } };
  const { body } = expectStatus(
    await seller.api.get<{ data: { key: string; suggested?: boolean }[] }>("/v1/roles", on),
    200,
  );
  expect(body.data.filter(({ suggested }) => suggested).map(({ key }) => key)).toEqual(["customer"]);
  const colleague = newPerson();
  expectStatus(
    await seller.api.post(
      "/v1/invitations",
      { ...colleague, role: "customer" },
      { idempotencyKey: newIdempotencyKey(), ...on },
    ),
    201,
  );
  expect(await arrive(colleague.email)).toMatchObject({ roles: ["customer"] });
  const wrong = await seller.api.post<{ errors: { pointer: string }[] }>(
    "/v1/invitations",
    { ...newPerson(), role: "seller_admin" },
    { idempotencyKey: newIdempotencyKey(), ...on },
  );
  expect([wrong.status, wrong.body.errors[0]?.pointer]).toEqual([422, "/roles/0"]);
});

test("a member whom the platform adds is mailed to when it says so", async () => {
  const team = await createSubscribedAccount(platform, "team");
  const [quiet, told] = [newPerson(), newPerson()];
  const add = (body: object) =>
    platform.post(
      `/v1/accounts/${team.accountId}/members`,
      { ...body, roles: ["viewer"] },
      { idempotencyKey: newIdempotencyKey() },
    );
  expectStatus(await add(quiet), 201);
  expectStatus(await add({ ...told, notify: true }), 201);
  expect(await mailsTo(fetch, quiet.email)).toEqual([]);
  expect(await arrive(told.email)).toMatchObject({ roles: ["viewer"] });
});
