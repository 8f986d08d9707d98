import { beforeAll, expect, test } from "vitest";
import { type Api, newIdempotencyKey, expectStatus, type Problem } from "../../harness/client.ts";
import { newAccount, newMember, type Person } from "../../harness/people.ts";
import { nextClientIp } from "../../harness/sign-in.ts";
import { newPerson } from "../people/invitations-fixture.ts";
import { fetch, createPlatform, said, createSubscribedAccount } from "../access/operators-fixture.ts";
import { anonymousCaller } from "../people/sign-in-fixture.ts";

let platform: Api;
let team: Person;
beforeAll(async () => {
  platform = await createPlatform();
  team = await createSubscribedAccount(platform, "team");
});

test("an address in use: callers who see its member learn which member, no other caller does", async () => {
  const seller = await newAccount(fetch, platform, "seller");
  const settings = { billingAdminVisibleToCustomer: true, customersMayInviteBillingAdmin: true };
  expectStatus(
    await seller.api.patch(`/v1/accounts/${seller.accountId}`, { settings }, { ifMatch: "*" }),
    200,
  );
  const org = await newAccount(fetch, platform, "customer_org", { parentId: seller.accountId });
  const customer = await newMember(fetch, org, { roles: ["customer"] });
  const { email } = expectStatus(
    await org.api.get<{ email: string }>(`/v1/members/${org.memberId}`),
    200,
  ).body;
  expect(said(await customer.api.get(`/v1/members/${org.memberId}`))).toBe("404 not-found");
  for (const dryRun of [true, false]) {
    const body = { ...newPerson(), email, roles: ["customer_billing_admin"], dryRun };
    for (const [who, memberId] of [
      [customer, undefined],
      [org, org.memberId],
    ] as const) {
      const answer = await who.api.post<Problem & { memberId?: string }>("/v1/members", body);
      expect([said(answer), answer.body.memberId]).toEqual(["409 conflict/duplicate-member", memberId]);
    }
  }
});

test("an address beyond ASCII is refused as it was sent: none is folded into another's", async () => {
  const odd = [
    "\u212aate@example.com",
    "İ@example.com",
    "ｕ@example.com",
    "a@ｅxample.com",
    "ß@example.com",
    "\u202ea@example.com",
    "a\u00a0@example.com",
    "a@example.com\u0000",
  ];
  for (const email of odd) {
    const asked = await anonymousCaller.post<Problem & { errors: { pointer: string; detail: string }[] }>(
      "/v1/auth/codes",
      { email },
      { ip: nextClientIp() },
    );
    expect([email, said(asked), asked.body.errors.map(({ pointer }) => pointer)]).toEqual([
      email,
      "422 validation",
      ["/email"],
    ]);
    expect(
      said(
        await team.api.post(
          "/v1/invitations",
          { ...newPerson(), email, roles: ["member"] },
          { idempotencyKey: newIdempotencyKey() },
        ),
      ),
    ).toBe("422 validation");
  }
  const kept = ["a+b@EXAMPLE.com", " a@xn--mnchen-3ya.de "];
  for (const email of kept)
    expect(said(await anonymousCaller.post("/v1/auth/codes", { email }, { ip: nextClientIp() }))).toBe("202");
});
