import { type Api, api, type Fetch, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { codeOf, lastMail, tokenOf } from "../../harness/mailbox.ts";
import { newAccount, type Person } from "../../harness/people.ts";
import { nextClientIp, signIn, type Tokens } from "../../harness/sign-in.ts";
import type { Contract } from "./contract.ts";
import { fetch as mailbox } from "../access/operators-fixture.ts";

/**
 * Signing in by code and by link, refreshing, signing out, confirming an address; and what is refused on the
 * way.
 */
export async function signInCalls({ fetch }: Contract, platform: Api): Promise<void> {
  const owner = await newAccount(fetch, platform, "team");
  const email = `${newIdempotencyKey()}@example.com`;
  const { id } = expectStatus(
    await owner.api.post<{ id: string }>(
      "/v1/members",
      { firstName: "Nora", lastName: "New", email, roles: ["member"] },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  ).body;
  const anybody = api(fetch, null);
  await callSessions(fetch, owner, email);
  await callCardAddress(fetch, owner, `/v1/members/${id}`);
  await callOwnAddress(fetch, email);
  expectStatus(await owner.api.del(`/v1/members/${id}/sessions`), 204);
  expectStatus(await owner.api.del("/v1/members/mem_0/sessions"), 404);
  const busy = `${newIdempotencyKey()}@example.com`;
  for (const status of [202, 202, 202, 202, 202, 429])
    expectStatus(await anybody.post("/v1/auth/codes", { email: busy }, { ip: "198.19.0.1" }), status);
}

async function callSessions(fetch: Fetch, owner: Person, email: string): Promise<void> {
  const anybody = api(fetch, null);
  for (const status of [202, 202])
    expectStatus(await anybody.post("/v1/auth/codes", { email }, { ip: nextClientIp() }), status);
  const mail = await lastMail(mailbox, email, "sign_in");
  const shown = { email, code: codeOf(mail) };
  expectStatus(await anybody.post("/v1/auth/sessions", { ...shown, code: "x" }), 422);
  expectStatus(await anybody.post("/v1/auth/sessions", shown), 409);
  const first = expectStatus(
    await anybody.post<Tokens>("/v1/auth/sessions", { token: tokenOf(mail), accountId: owner.accountId }),
    201,
  ).body;
  expectStatus(await anybody.post("/v1/auth/sessions", shown), 401);
  expectStatus(await anybody.post("/v1/auth/refresh", { refresh_token: first.refresh_token }), 200);
  expectStatus(
    await anybody.post("/v1/auth/refresh", { refresh_token: first.refresh_token }, { ip: nextClientIp() }),
    401,
  );
  expectStatus(await owner.api.del("/v1/auth/session"), 409);
  expectStatus(await (await signIn(mailbox, email)).api.via(fetch).del("/v1/auth/session"), 204);
}

async function callCardAddress(fetch: Fetch, owner: Person, path: string): Promise<void> {
  const anybody = api(fetch, null);
  const other = `${newIdempotencyKey()}@example.com`;
  expectStatus(
    await owner.api.patch(
      path,
      { email: other },
      { ifMatch: expectStatus(await owner.api.get(path), 200).headers.get("etag") ?? "" },
    ),
    200,
  );
  const token = tokenOf(await lastMail(mailbox, other, "confirm_email"));
  expectStatus(
    await anybody.post("/v1/auth/email-confirmations", {
      token: token.replace(/.$/, (last) => (last === "A" ? "B" : "A")),
    }),
    404,
  );
  expectStatus(await anybody.post("/v1/auth/email-confirmations", { token }), 204);
}

async function callOwnAddress(fetch: Fetch, email: string): Promise<void> {
  const person = await signIn(mailbox, email);
  const next = `${newIdempotencyKey()}@example.com`;
  expectStatus(await person.api.via(fetch).get("/v1/me/email"), 200);
  expectStatus(await person.api.via(fetch).post("/v1/me/email", { email: next }), 202);
  const [oldCode, newCode] = [
    codeOf(await lastMail(mailbox, email, "change_email")),
    codeOf(await lastMail(mailbox, next, "change_email")),
  ];
  expectStatus(await person.api.via(fetch).post("/v1/me/email/confirm", { email: next, newCode }), 422);
  expectStatus(
    await person.api.via(fetch).post("/v1/me/email/confirm", { email: next, oldCode, newCode }),
    200,
  );
  expectStatus(await person.api.via(fetch).del("/v1/me/sessions"), 204);
}
