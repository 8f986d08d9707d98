import { DAY_MS } from "../../kernel/clock.ts";
import { and, isNotNull, lt, or } from "drizzle-orm";
import { batch, type Db } from "../../kernel/db.ts";
import { session, signIn, tally } from "../../kernel/schema/identity.ts";

/**
 * Sessions that have ended are kept so long, so that a refresh token that comes late is still told apart from
 * a wrong one.
 */
const ENDED_RETENTION_MS = 30 * DAY_MS;

/**
 * Takes away what signing in leaves behind: codes of yesterday, windows that are over, sessions that ended
 * long ago. @param now milliseconds since the epoch
 */
export async function pruneSignIn(db: Db, now: number): Promise<void> {
  await batch(db, [
    db.delete(signIn).where(lt(signIn.expiresAt, now - DAY_MS)),
    db.delete(tally).where(lt(tally.window, now)),
    db
      .delete(session)
      .where(
        or(
          lt(session.expiresAt, now - ENDED_RETENTION_MS),
          and(isNotNull(session.endedAt), lt(session.endedAt, now - ENDED_RETENTION_MS)),
        ),
      ),
  ]);
}
