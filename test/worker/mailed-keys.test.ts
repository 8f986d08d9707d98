import { beforeAll, expect, test } from "vitest";
import { type Api, api, newKey, ok } from "../harness/client.ts";
import { lastMail, mailsTo, tokenOf } from "../harness/mailbox.ts";
import { newMember, type Person } from "../harness/people.ts";
import { signIn } from "../harness/sign-in.ts";
import { fetch, foundPlatform, said, subscribed } from "./operators-world.ts";

interface Made { readonly id: string; readonly claim: { readonly token?: string; readonly mailed: boolean } }

let platform: Api;
let admin: Person;
beforeAll(async () => {
  platform = await foundPlatform();
  admin = await subscribed(platform, "team");
});

const keyFor = (by: Api, memberId: string, ask = {}) => by.post<Made>(`/v1/members/${memberId}/api-keys`, { name: "Build server" }, ask);
const claim = (token: string) => api(fetch, null).post<{ secret: string }>("/v1/auth/claims", { token });

/** A member who came by a mail and has signed in. */
async function invited(): Promise<{ email: string; memberId: string; api: Api }> {
  const email = `${newKey()}@example.com`;
  const { memberId } = ok(await admin.api.post<{ memberId: string }>("/v1/invitations", { firstName: "Nora", lastName: "New", email, roles: ["member"] }, { idempotencyKey: newKey() }), 201).body;
  ok(await api(fetch, null).post("/v1/invitations/accept", { token: tokenOf(await lastMail(fetch, email, "invitation")) }), 200);
  return { email, memberId, api: (await signIn(fetch, email)).api };
}

test("S1.15 a key for somebody who signs in by mail is theirs to take: its maker gets no token, the mail has it, once", async () => {
  const { email, memberId } = await invited();
  const key = { idempotencyKey: newKey() };
  const made = ok(await keyFor(admin.api, memberId, key), 201).body;
  expect(made.claim).toEqual({ mailed: true, expiresAt: expect.any(String) });
  expect(JSON.stringify(ok(await keyFor(admin.api, memberId, key), 201).body)).not.toContain("token");
  const mails = (await mailsTo(fetch, email)).filter(({ template }) => template === "api_key");
  expect(mails).toHaveLength(1);
  const token = tokenOf(mails[0] ?? expect.fail());
  expect(token).not.toBe(tokenOf(await lastMail(fetch, email, "invitation")));
  const { secret } = ok(await claim(token), 201).body;
  expect(ok(await api(fetch, secret).get<{ key: { id: string } }>("/v1/me"), 200).body.key.id).toBe(made.id);
  expect(said(await claim(token))).toBe("404 not-found");
});

test("another address on the card, and even its confirmation, brings nobody the keys of a person", async () => {
  const { email, memberId } = await invited();
  const other = `${newKey()}@example.com`;
  ok(await admin.api.patch(`/v1/members/${memberId}`, { email: other }, { ifMatch: "*" }), 200);
  ok(await api(fetch, null).post("/v1/auth/email-confirmations", { token: tokenOf(await lastMail(fetch, other, "confirm_email")) }), 204);
  ok(await keyFor(admin.api, memberId), 201);
  expect((await mailsTo(fetch, other)).map(({ template }) => template)).not.toContain("api_key");
  expect((await lastMail(fetch, email, "api_key")).subject).toContain("API key");
});

test("whoever has never signed in by mail is handed the token, as before; nobody mails themselves", async () => {
  const member = await newMember(fetch, admin, { roles: ["member"] });
  expect(ok(await keyFor(admin.api, member.memberId), 201).body.claim).toMatchObject({ mailed: false, token: expect.any(String) });
  expect(ok(await keyFor(admin.api, admin.memberId), 201).body).toMatchObject({ secret: expect.stringMatching(/^tgk_/) });
});
