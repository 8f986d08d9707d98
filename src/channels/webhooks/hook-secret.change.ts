import type { Call } from "../../gate/calls/call.ts";
import { sealSecret } from "../../gate/credentials/sealed-secret.ts";
import { invalidField } from "../../kernel/http/problem.ts";
import { randomBytes } from "../../kernel/random.ts";
import type { HookRow } from "../../kernel/schema/hook.ts";
import { ROLLOUT_MS, SEALING_PURPOSE, findSecretFault, formatStandardSecret } from "./hook-secret.ts";
import { message } from "../../kernel/messages/message.ts";

/** The body's fields about the secret. */
interface SecretInput {
  readonly secret?: string | undefined;
  readonly newSecret?: true | undefined;
}

/**
 * The secret that was sent, or one that is made here and shown once.
 * @throws Problem validation
 */
export function chooseSecret(
  scheme: HookRow["scheme"],
  { secret, newSecret }: SecretInput,
): { secret: string; generated: { newSecret?: string } } {
  if (secret !== undefined && newSecret !== undefined)
    throw invalidField("/newSecret", message("webhooks.secretOrNew"));
  if (secret === undefined) {
    if (scheme !== "standard") throw invalidField("/secret", message("webhooks.sendersSecret"));
    const made = formatStandardSecret(randomBytes(32));
    return { secret: made, generated: { newSecret: made } };
  }
  const fault = findSecretFault(scheme, secret);
  if (fault !== null) throw invalidField("/secret", fault);
  return { secret, generated: {} };
}

/** As the row keeps it: only this hook's deliveries can open it. */
export const sealHookSecret = ({ env }: Call, hookId: string, secret: string): Promise<string> =>
  sealSecret(env.SIGNING_KEYS, SEALING_PURPOSE, hookId, secret);

/** The columns that change with a new secret; the one before may stay good for a while. */
export async function rollSecret(call: Call, row: HookRow, sent: SecretInput, keepPrevious: boolean) {
  const { secret, generated } = chooseSecret(row.scheme, sent);
  return {
    made: generated,
    secret: await sealHookSecret(call, row.id, secret),
    secretAt: call.now,
    previousSecret: keepPrevious ? row.secret : null,
    previousUntil: keepPrevious ? call.now + ROLLOUT_MS : null,
  };
}
