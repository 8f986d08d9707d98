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
    tag: "Sign-in",
    right: "member",
    status: 200,
    summary: "The address that the person behind this member signs in with; null before there is one.",
    answer: z.object({ email: z.string().nullable(), verifiedAt: z.string().nullable() }),
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
    tag: "Sign-in",
    right: "member",
    status: 202,
    summary:
      "Have codes mailed for signing in with another address from now on: " +
      "to the new one, and to the old one where there is one.",
    body: z.strictObject({ email: emailAddress }),
    answer: z.object({ expiresAt: z.iso.datetime() }),
    problems: ["access/denied", "quota-exceeded"],
  },
  async (call) => {
    await call.read();
    return requestEmailChange(call, (await call.body()).email);
  },
);

const confirm = endpoint(
  {
    method: "POST",
    path: "/v1/me/email/confirm",
    tag: "Sign-in",
    right: "member",
    status: 200,
    summary:
      "Change the address with the codes of both mails. It is the person's, in every account. " +
      "Addresses on cards stay.",
    body: z.strictObject({
      email: emailAddress,
      newCode: Code,
      oldCode: Code.optional().describe("Of the mail to the old address, where there is one."),
    }),
    answer: z.object({ email: z.string() }),
    problems: ["access/denied", "conflict/duplicate", "conflict/duplicate-member", "quota-exceeded"],
  },
  async (call) => {
    await call.read();
    return changeEmail(call, await call.body());
  },
);

export const signInAddressEndpoints: Endpoint[] = [show, ask, confirm];
