import type { OpenCall } from "../../gate/calls/call.ts";
import { batch } from "../../kernel/db.ts";
import { isSameSecret } from "../../kernel/digest.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { idInToken, signInCode, signInToken } from "../../channels/mail/one-time-token.ts";
import type { SignInPurpose } from "../../kernel/schema/identity.ts";
import type { Proof, Shown } from "./code.ts";
import { countTry, findByLink } from "./code.store.ts";
import { requireWithinLimits, undoCount } from "../../gate/calls/rate-limit.change.ts";
import { clientBucket, RATE_LIMITS } from "../../gate/calls/rate-limit.ts";

type Asked = Pick<OpenCall, "db" | "env" | "now" | "origin">;

/** One answer to a wrong code, a used one, an old one, and a right one that opens nothing. */
export const wrongCode = (): Problem =>
  new Problem("auth/invalid-credential", {
    detail: "The code or link is wrong, was used, or has expired. Ask for a new one: POST /v1/auth/codes.",
  });

/**
 * The address whose mail the caller reads, proved by the code or the link of a sign-in mail. The proof is not
 * used up yet: the batch that needs it does that (`spend`), and fails when another call was faster.
 * @throws Problem auth/invalid-credential, quota-exceeded
 */
export async function prove(call: Asked, shown: Shown, purpose: SignInPurpose = "sign_in"): Promise<Proof> {
  const { db, origin } = call;
  const whom = clientBucket(origin.ip);
  await requireWithinLimits(call, [RATE_LIMITS.wrongTriesPerClient], whom);
  const proof =
    "token" in shown ? await byLink(call, shown.token) : await byCode(call, shown.email, shown.code, purpose);
  if (proof === null) throw wrongCode();
  await batch(db, [undoCount(call, RATE_LIMITS.wrongTriesPerClient, whom)]);
  return proof;
}

/**
 * Counts a request for a code three times: by the client, by the client and the address, and by the address.
 * So one client alone cannot use up the codes of an address. @throws Problem quota-exceeded
 */
export async function countCode(call: Asked, email: string): Promise<void> {
  const whom = clientBucket(call.origin.ip);
  await requireWithinLimits(call, [RATE_LIMITS.codesPerClient], whom);
  await requireWithinLimits(
    call,
    [RATE_LIMITS.codesPerClientAndEmail, RATE_LIMITS.codesPerClientAndEmailDaily],
    `${email} ${whom}`,
  );
  await requireWithinLimits(call, [RATE_LIMITS.codesPerEmail], email);
}

async function byCode(
  { db, env, now }: Asked,
  email: string,
  code: string,
  purpose: SignInPurpose,
): Promise<Proof | null> {
  const open = await countTry(db, email, purpose, now);
  // Each is compared, so that the time tells nothing of the place.
  const [same] = open.filter(({ id, kid }) =>
    isSameSecret(code, signInCode(env.SIGNING_KEYS, kid, id, purpose)),
  );
  return same === undefined ? null : { signInId: same.id, email: same.email };
}

async function byLink({ db, env, now }: Asked, token: string): Promise<Proof | null> {
  const [found] = await findByLink(db, idInToken(token), now);
  return found !== undefined && isSameSecret(token, signInToken(env.SIGNING_KEYS, found.kid, found.id).token)
    ? { signInId: found.id, email: found.email }
    : null;
}
