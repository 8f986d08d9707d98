import { z } from "zod";
import { displayName } from "../../kernel/http/body.ts";
import { iso } from "../../kernel/clock.ts";
import { HOOK_SCHEMES, type HookRow } from "../../kernel/schema/hook.ts";
import { Mapping, NewMapping, unorderedRules } from "./mapping.ts";

const name = displayName(100);
const secret = z.string().max(300);

const NEW_SECRET_DESCRIPTION = "Let the gate make a secret, which is shown once. For the scheme standard.";

export const NewHookBody = z
  .strictObject({
    name,
    scheme: z
      .enum(HOOK_SCHEMES)
      .describe("How the sender signs: Standard Webhooks; as Stripe does; as GitHub does."),
    secret: secret
      .optional()
      .describe(
        "As the sender gave it. With the scheme standard, whsec_ and the base64 of 24 to 64 bytes; " +
          "left out, the gate makes one and shows it once.",
      ),
    mapping: NewMapping,
    active: z.boolean().default(true),
  })
  .meta({ id: "NewHook" });

export const HookPatch = z
  .strictObject({
    name: name.optional(),
    mapping: NewMapping.optional(),
    active: z.boolean().optional(),
    secret: secret.optional().describe("Another secret, as the sender gave it."),
    newSecret: z.literal(true).optional().describe(NEW_SECRET_DESCRIPTION),
    keepPrevious: z
      .boolean()
      .default(true)
      .describe("The secret before stays good for 24 hours. False where it became known to others."),
  })
  .meta({ id: "HookPatch" });

export const HookCard = z
  .object({
    id: z.string(),
    accountId: z.string(),
    memberId: z.string().describe("Its owner: each delivery may do what this member may do then."),
    name: z.string(),
    scheme: z.enum(HOOK_SCHEMES),
    url: z.string().describe("Where the sender posts to."),
    active: z.boolean(),
    mapping: Mapping,
    unordered: z
      .array(z.int())
      .describe(
        "Rules that set a plan or a subscription without `at`: " +
          "an older message that comes late undoes a newer one. Send the mapping again with `at`.",
      ),
    secret: z.object({
      since: z.string(),
      previousUntil: z.string().nullable().describe("Until then the secret before is good too."),
      readable: z
        .boolean()
        .describe(
          "False when the signing key that sealed it is gone: " +
            "then nothing is let in until its owner sets another.",
        ),
    }),
    lastRefusal: z
      .object({ at: z.string(), reason: z.string() })
      .nullable()
      .describe(
        "Why a call was not let in: headers_missing, headers_malformed, wrong_signature, too_old, too_new, " +
          "switched_off, secret_unreadable, owner_gone, owner_blocked or owner_not_active. " +
          "Kept once a minute at most. The caller did not learn the reason.",
      ),
    createdAt: z.string(),
    updatedAt: z.string(),
    version: z.int(),
  })
  .meta({ id: "Hook" });

export const CreatedHookCard = HookCard.extend({
  newSecret: z.string().optional().describe("Shown once, where the gate made it."),
}).meta({ id: "CreatedHook", extends: "Hook" });

/** @param readable whether the secret can still be opened */
export const hookCard = (
  row: HookRow,
  { issuer, now, readable }: { issuer: string; now: number; readable: boolean },
) => ({
  id: row.id,
  accountId: row.accountId,
  memberId: row.memberId,
  name: row.name,
  scheme: row.scheme,
  url: `${issuer}/v1/hooks/${row.id}`,
  active: row.active,
  mapping: row.mapping as Mapping,
  unordered: unorderedRules(row.mapping as Mapping),
  secret: {
    since: iso(row.secretAt),
    previousUntil: row.previousUntil !== null && row.previousUntil > now ? iso(row.previousUntil) : null,
    readable,
  },
  lastRefusal:
    row.lastRefusal === null ? null : { at: iso(row.lastRefusal.at), reason: row.lastRefusal.reason },
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
  version: row.version,
});

/** What the trail compares: not what came from outside meanwhile. */
export const hookAuditCard = ({ lastRefusal: _, url: __, ...card }: ReturnType<typeof hookCard>) => card;
