import { createHmac, randomUUID } from "node:crypto";
import { now } from "../kernel/clock.ts";
import { callerAs, newestMail, type Person, linkTokenOf } from "./demo-people.ts";
import { type Answer, expectCall, type Caller, checkThat, textAt, valueAt } from "./gate-client.ts";
import { setUpAccount, createDemoAccount, newPersonFactory, type DemoContext } from "./demo-setup.ts";

/** The one click of the mail, and a code for the first sign-in. */
async function acceptAndSignIn(stranger: Caller, who: string, email: string): Promise<Caller> {
  const invited = { ...stranger, who };
  const token = linkTokenOf(await newestMail(invited, email));
  await expectCall(invited, { method: "POST", path: "/v1/invitations/accept", body: { token }, expect: 200 });
  await expectCall(invited, {
    method: "POST",
    path: "/v1/invitations/accept",
    body: { token },
    expect: 409,
    code: "invitation/used",
  });
  await expectCall(invited, { method: "POST", path: "/v1/auth/codes", body: { email }, expect: 202 });
  const { code } = await newestMail(invited, email);
  const session = await expectCall(invited, {
    method: "POST",
    path: "/v1/auth/sessions",
    body: { email, code },
    expect: 201,
  });
  return { ...invited, credential: textAt(session, "access_token"), usesToken: true };
}

/** An event as a shop sends it, signed by Standard Webhooks 1.0. */
function deliver(
  shop: Caller,
  hook: { readonly id: string; readonly secret: string },
  id: string,
  event: object,
): Promise<Answer> {
  const body = JSON.stringify(event);
  const at = String(Math.floor(now() / 1000));
  const key = Buffer.from(hook.secret.slice("whsec_".length), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64");
  const headers = { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": `v1,${signature}` };
  return expectCall(shop, {
    method: "POST",
    path: `/v1/hooks/${hook.id}`,
    file: { type: "application/json", text: body },
    headers,
    expect: 200,
  });
}

/** What the shop's event becomes: a viewer. */
const MAPPING = {
  typeAt: "/type",
  rules: [
    {
      when: { type: "order.paid" },
      then: {
        action: "invite",
        roles: ["viewer"],
        email: { pointer: "/customer/email" },
        firstName: { pointer: "/customer/first" },
        lastName: { pointer: "/customer/last" },
        externalId: { pointer: "/customer/id" },
      },
    },
  ],
};

/** The shop's event comes twice and invites Wilma once. */
async function inviteByHook(ada: Caller, stranger: Caller, wilma: Person, run: string): Promise<void> {
  const made = await expectCall(ada, {
    method: "POST",
    path: "/v1/hooks",
    headers: { "idempotency-key": randomUUID() },
    expect: 201,
    body: { name: "The shop", scheme: "standard", mapping: MAPPING },
  });
  const hook = { id: textAt(made, "id"), secret: textAt(made, "newSecret") };
  const event = {
    type: "order.paid",
    customer: { id: `cus-${run}`, email: wilma.email, first: wilma.firstName, last: wilma.lastName },
  };
  const shop = { ...stranger, who: "The shop" };
  await deliver(shop, hook, `msg-${run}`, event);
  const again = await deliver(shop, hook, `msg-${run}`, event);
  checkThat(
    valueAt(again.body, "duplicate") === true,
    "a message that comes twice is answered and does nothing",
  );
  const viewer = await acceptAndSignIn(stranger, "Wilma Webb", wilma.email);
  await expectCall(viewer, { method: "GET", path: "/v1/catalog", expect: 200 });
}

/** People: invited by mail and by a shop's webhook, signed in by code, taken out again. */
export const PEOPLE_TOUR = {
  title:
    "People: Ada invites Max by mail, a shop's webhook invites Wilma, both sign in by a code; " +
    "Ada removes Max, whose session ends",
  async play({ platform, now: at }: DemoContext): Promise<void> {
    const run = at.toString(36);
    const person = newPersonFactory("people", at);
    const owner = await createDemoAccount(platform, "Ada Admin", {
      kind: "team",
      name: `Tour people ${run}`,
      owner: person("Ada", "Admin"),
    });
    await setUpAccount(platform, owner.accountId, { restrictedAccounts: false, credits: 0, now: at });
    const ada = callerAs(platform, owner);
    const stranger: Caller = { ...platform, credential: null };

    const max = person("Max", "Member");
    await expectCall(ada, {
      method: "POST",
      path: "/v1/invitations",
      headers: { "idempotency-key": randomUUID() },
      body: { ...max, roles: ["member"] },
      expect: 201,
    });
    await expectCall(ada, { method: "GET", path: `/v1/members?email=${max.email}&status=new`, expect: 200 });
    const signedIn = await acceptAndSignIn(stranger, "Max Member", max.email);
    const me = await expectCall(signedIn, { method: "GET", path: "/v1/me", expect: 200 });

    await inviteByHook(ada, stranger, person("Wilma", "Webb"), run);

    await expectCall(ada, { method: "DELETE", path: `/v1/members/${textAt(me, "member.id")}`, expect: 204 });
    await expectCall(signedIn, {
      method: "GET",
      path: "/v1/me",
      expect: 401,
      code: "auth/invalid-credential",
    });
    await expectCall(ada, { method: "GET", path: "/v1/members?sort=-email", expect: 200 });
  },
};
