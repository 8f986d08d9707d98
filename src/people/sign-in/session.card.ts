import { z } from "zod";

/** RFC 6749 section 5.1, and whose they are. */
export const Tokens = z
  .object({
    access_token: z.string(),
    token_type: z.literal("Bearer"),
    expires_in: z.number().int().describe("Seconds."),
    refresh_token: z
      .string()
      .describe(
        "Good once: each refresh answers another. One that is sent again later than ten seconds, " +
          "from elsewhere, or after its successor was used, ends the session.",
      ),
    refresh_expires_in: z
      .number()
      .int()
      .describe(
        "Seconds without a refresh after which the session ends. " +
          "Thirty days after the sign-in it ends anyway.",
      ),
    session: z.object({ id: z.string() }),
    memberId: z.string(),
    accountId: z.string(),
  })
  .meta({ id: "SessionTokens" });

export type Tokens = z.infer<typeof Tokens>;
