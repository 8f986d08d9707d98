import type { OpenCall } from "../../gate/calls/call.ts";
import { batch } from "../../kernel/db.ts";
import { sameSecret } from "../../kernel/digest.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { idInToken, signInCode, signInToken } from "../../channels/mail/one-time.ts";
import type { SignInPurpose } from "../../kernel/schema/identity.ts";
import type { Proof, Shown } from "./code.ts";
import { countTry, findByLink } from "./code.store.ts";
import { countAsked, takeBack } from "../../gate/calls/limit.change.ts";
import { asker, LIMITS } from "../../gate/calls/limit.ts";

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
  const whom = asker(origin.ip);
  await countAsked(call, [LIMITS.wrongFrom], whom);
  const proof =
    "token" in shown ? await byLink(call, shown.token) : await byCode(call, shown.email, shown.code, purpose);
  if (proof === null) throw wrongCode();
  await batch(db, [takeBack(call, LIMITS.wrongFrom, whom)]);
  return proof;
}

/**
 * Counts a request for a code three times: by the client, by the client and the address, and by the address.
 * So one client alone cannot use up the codes of an address. @throws Problem quota-exceeded
 */
export async function countCode(call: Asked, email: string): Promise<void> {
  const whom = asker(call.origin.ip);
  await countAsked(call, [LIMITS.codesFrom], whom);
  await countAsked(call, [LIMITS.codesFor, LIMITS.codesForDay], `${email} ${whom}`);
  await countAsked(call, [LIMITS.codesTo], email);
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
    sameSecret(code, signInCode(env.SIGNING_KEYS, kid, id, purpose)),
  );
  return same === undefined ? null : { signInId: same.id, email: same.email };
}

async function byLink({ db, env, now }: Asked, token: string): Promise<Proof | null> {
  const [found] = await findByLink(db, idInToken(token), now);
  return found !== undefined && sameSecret(token, signInToken(env.SIGNING_KEYS, found.kid, found.id).token)
    ? { signInId: found.id, email: found.email }
    : null;
}
