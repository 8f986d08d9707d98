import { and, eq, gt, isNull, lt, type SQL, sql } from "drizzle-orm";
import { type Db, guard, type Statement } from "../../kernel/db.ts";
import { signIn, type SignInPurpose } from "../../kernel/schema/identity.ts";
import { invitation } from "../../kernel/schema/invitation.ts";
import { account, member, user } from "../../kernel/schema/team.ts";
import { type EmailProof, TRIES_MAX } from "./sign-in-code.ts";

export const insertSignIn = (db: Db, row: typeof signIn.$inferInsert): Statement =>
  db.insert(signIn).values(row);

/** Neither used nor past its time. */
const isOpenCode = (at: number): SQL | undefined => and(isNull(signIn.usedAt), gt(signIn.expiresAt, at));

/**
 * Counts a try of every open code of an address, before it is compared with them: tries at once are tries one
 * by one. So each code is compared `TRIES_MAX` times at most, however many are asked for. No row: there is
 * nothing left to try.
 */
export const countTry = (db: Db, email: string, purpose: SignInPurpose, at: number) =>
  db
    .update(signIn)
    .set({ attempts: sql`${signIn.attempts} + 1` })
    .where(
      and(
        eq(signIn.email, email),
        eq(signIn.purpose, purpose),
        lt(signIn.attempts, TRIES_MAX),
        isOpenCode(at),
      ),
    )
    .returning({ id: signIn.id, kid: signIn.kid, email: signIn.email });

/** The open codes of the address and the purpose that a proof is of. */
const codesOfProof = ({ signInId, email }: EmailProof): SQL | undefined =>
  and(
    eq(signIn.email, email),
    sql`${signIn.purpose} = (SELECT purpose FROM sign_in WHERE id = ${signInId})`,
    isNull(signIn.usedAt),
  );

/** A right code that only led to a question was no guess, at none of the codes that are open beside it. */
export const undoTry = (db: Db, proof: EmailProof): Statement =>
  db
    .update(signIn)
    .set({ attempts: sql`MAX(${signIn.attempts} - 1, 0)` })
    .where(codesOfProof(proof));

export const findOpenSignIn = (db: Db, id: string, at: number) =>
  db
    .select({ id: signIn.id, kid: signIn.kid, email: signIn.email })
    .from(signIn)
    .where(and(eq(signIn.id, id), eq(signIn.purpose, "sign_in"), isOpenCode(at)));

/**
 * Uses up a proof, and ends the others of its address and purpose, in the batch of what it is used for. Fails
 * under "claim_used" when that has happened already, or its time is over.
 */
export const consumeProof = (db: Db, proof: EmailProof, at: number): Statement[] => [
  guard(
    db,
    "claim_used",
    sql`EXISTS (SELECT 1 FROM sign_in
    WHERE id = ${proof.signInId} AND used_at IS NULL AND expires_at > ${at})`,
  ),
  db.update(signIn).set({ usedAt: at }).where(codesOfProof(proof)),
];

/**
 * An address whose mail may open something: a member's of any account, an invited one, or any at all with a
 * link by which one may join. No row: the address is unknown. `locale` is the person's own, or that of the
 * card that waits; `account` is the one that waits, or the link's.
 * @param linkHash SHA-256 of the link's token, or ""
 */
export const findCodeRecipient = (db: Db, email: string, linkHash: string, at: number) =>
  db
    .select({
      isKnown: sql<number>`u.id IS NOT NULL OR i.id IS NOT NULL`.mapWith(Boolean).as("known"),
      locale: sql<string | null>`coalesce(u.locale, w.language)`.as("locale"),
      link: sql`iif(l.id IS NULL, NULL,
        json_object('id', l.id, 'maxUses', l.max_uses, 'until', l.expires_at))`
        .mapWith((json: string) => JSON.parse(json) as NamedLink)
        .as("link") as SQL.Aliased<NamedLink | null>,
      account: {
        name: sql<string | null>`a.name`.as("account_name"),
        locale: sql<string | null>`json_extract(a.settings, '$.locale')`.as("account_locale"),
      },
    })
    .from(sql`(SELECT 1)
    LEFT JOIN ${user} u ON u.email = ${email} AND EXISTS (SELECT 1 FROM ${member} m WHERE m.user_id = u.id)
    LEFT JOIN ${invitation} i ON i.id = (SELECT max(id) FROM ${invitation}
      WHERE email = ${email} AND status = 'pending' AND kind = 'email' AND expires_at > ${at})
    LEFT JOIN ${member} w ON w.id = i.member_id
    LEFT JOIN ${invitation} l ON l.token_hash = ${linkHash} AND l.kind = 'link' AND l.status = 'pending'
      AND l.expires_at > ${at} AND (l.max_uses IS NULL OR l.uses < l.max_uses)
    LEFT JOIN ${account} a ON a.id = coalesce(i.account_id, l.account_id)`)
    .where(sql`u.id IS NOT NULL OR i.id IS NOT NULL OR l.id IS NOT NULL`);

/** The operator link that was named, while it is good; `until` in milliseconds since the epoch. */
interface NamedLink {
  readonly id: string;
  /** Null for a standing one. */
  readonly maxUses: number | null;
  readonly until: number;
}

export type CodeRecipient = Awaited<ReturnType<typeof findCodeRecipient>>[number];
