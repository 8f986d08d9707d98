import { z } from "zod";
import { type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { isoOrNull } from "../../kernel/clock.ts";
import { emailAddress } from "../../kernel/text/email.ts";
import { requestEmailChange, changeEmail } from "./sign-in-address.change.ts";
import { findPerson } from "./sign-in-address.store.ts";
import { Code } from "./sign-in-code.ts";

const show = endpoint(
  {
    method: "GET",
    path: "/v1/me/email",
    operationId: "getOwnSignInEmail",
    tag: "Sign-in",
    right: "member",
    status: 200,
    summary: "The address that the person behind this member signs in with; null before there is one.",
    answer: z
      .object({ email: z.string().nullable(), verifiedAt: z.string().nullable() })
      .meta({ id: "OwnSignInEmail" }),
  },
  async (call) => {
    const [[person]] = await call.read(
      findPerson(call.db, call.principal.ownAccount.accountId, call.principal.memberId),
    );
    return {
      status: 200,
      body: { email: person?.email ?? null, verifiedAt: isoOrNull(person?.emailVerifiedAt ?? null) },
    };
  },
);

const ask = endpoint(
  {
    method: "POST",
    path: "/v1/me/email",
    operationId: "requestSignInEmailChange",
    tag: "Sign-in",
    right: "member",
    status: 202,
    summary:
      "Have codes mailed for signing in with another address from now on: " +
      "to the new one, and to the old one where there is one.",
    body: z.strictObject({ email: emailAddress }).meta({ id: "NewSignInEmail" }),
    answer: z.object({ expiresAt: z.iso.datetime() }).meta({ id: "MailedCode" }),
    problems: ["access/denied", "quota-exceeded"],
  },
  async (call) => {
    await call.read();
    return requestEmailChange(call, (await call.body()).email);
  },
);

const SignInEmailChange = z
  .strictObject({
    email: emailAddress,
    newCode: Code,
    oldCode: Code.optional().describe("Of the mail to the old address, where there is one."),
  })
  .meta({ id: "SignInEmailChange" });

const confirm = endpoint(
  {
    method: "POST",
    path: "/v1/me/email/confirm",
    operationId: "confirmSignInEmailChange",
    tag: "Sign-in",
    right: "member",
    status: 200,
    summary:
      "Change the address with the codes of both mails. It is the person's, in every account. " +
      "Addresses on cards stay.",
    body: SignInEmailChange,
    answer: z.object({ email: z.string() }).meta({ id: "SignInEmail" }),
    problems: ["access/denied", "conflict/duplicate", "conflict/duplicate-member", "quota-exceeded"],
  },
  async (call) => {
    await call.read();
    return changeEmail(call, await call.body());
  },
);

export const signInAddressEndpoints: Endpoint[] = [show, ask, confirm];
