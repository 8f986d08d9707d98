import type { OpenCall } from "../../gate/calls/call.ts";
import { batch } from "../../kernel/db.ts";
import { isSameSecret } from "../../kernel/digest.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { idInToken, signInCode, signInToken } from "../../channels/mail/one-time-token.ts";
import type { SignInPurpose } from "../../kernel/schema/identity.ts";
import type { EmailProof, CodeOrLink } from "./sign-in-code.ts";
import { countTry, findOpenSignIn } from "./sign-in-code.store.ts";
import { requireWithinLimits, undoCount } from "../../gate/calls/rate-limit.change.ts";
import { clientBucket, RATE_LIMITS } from "../../gate/calls/rate-limit.ts";
import { message } from "../../kernel/messages/message.ts";

type CodeContext = Pick<OpenCall, "db" | "env" | "now" | "origin">;

/** One answer to a wrong code, a used one, an old one, and a right one that opens nothing. */
export const wrongCodeProblem = (): Problem =>
  new Problem("auth/invalid-credential", {
    detail: message("signIn.wrongProof"),
  });

/**
 * The address whose mail the caller reads, proved by the code or the link of a sign-in mail. The proof is not
 * used up yet: the batch that needs it does that (`consumeProof`), and fails when another call was faster.
 * @throws Problem auth/invalid-credential, quota-exceeded
 */
export async function verifyCodeOrLink(
  call: CodeContext,
  codeOrLink: CodeOrLink,
  purpose: SignInPurpose = "sign_in",
): Promise<EmailProof> {
  const { db, origin } = call;
  const client = clientBucket(origin.ip);
  await requireWithinLimits(call, [RATE_LIMITS.wrongTriesPerClient], client);
  const proof =
    "token" in codeOrLink
      ? await verifyLink(call, codeOrLink.token)
      : await verifyCode(call, codeOrLink.email, codeOrLink.code, purpose);
  if (proof === null) throw wrongCodeProblem();
  await batch(db, [undoCount(call, RATE_LIMITS.wrongTriesPerClient, client)]);
  return proof;
}

/**
 * Counts a request for a code three times: by the client, by the client and the address, and by the address.
 * So one client alone cannot use up the codes of an address. @throws Problem quota-exceeded
 */
export async function requireWithinCodeLimits(call: CodeContext, email: string): Promise<void> {
  const client = clientBucket(call.origin.ip);
  await requireWithinLimits(call, [RATE_LIMITS.codesPerClient], client);
  await requireWithinLimits(
    call,
    [RATE_LIMITS.codesPerClientAndEmail, RATE_LIMITS.codesPerClientAndEmailDaily],
    `${email} ${client}`,
  );
  await requireWithinLimits(call, [RATE_LIMITS.codesPerEmail], email);
}

async function verifyCode(
  { db, env, now }: CodeContext,
  email: string,
  code: string,
  purpose: SignInPurpose,
): Promise<EmailProof | null> {
  const openCodes = await countTry(db, email, purpose, now);
  // Each is compared, so that the time tells nothing of the place.
  const [match] = openCodes.filter(({ id, kid }) =>
    isSameSecret(code, signInCode(env.SIGNING_KEYS, kid, id, purpose)),
  );
  return match === undefined ? null : { signInId: match.id, email: match.email };
}

async function verifyLink({ db, env, now }: CodeContext, token: string): Promise<EmailProof | null> {
  const [found] = await findOpenSignIn(db, idInToken(token), now);
  return found !== undefined && isSameSecret(token, signInToken(env.SIGNING_KEYS, found.kid, found.id).token)
    ? { signInId: found.id, email: found.email }
    : null;
}
