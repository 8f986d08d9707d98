import { and, asc, eq, gt } from "drizzle-orm";
import { batch, type Db, type Statement } from "../../kernel/db.ts";
import { foldForSearch } from "../../kernel/text/search-fold.ts";
import { refold } from "../../kernel/schema/refold.ts";
import { account, member, role } from "../../kernel/schema/team.ts";
import { foldSearchFields } from "./member-search.ts";

/** Rows that one sweep reads of a table; the next one comes within a minute. */
const ROWS_MAX = 500;

type RefoldTable = (typeof refold.$inferSelect)["name"];

interface RefoldStep {
  /** Of the rows that were read, in order. */
  readonly ids: readonly string[];
  readonly statements: readonly Statement[];
}

/**
 * Accounts and roles have one name. Only what differs is written, and only while the name is the one that was
 * read.
 */
async function refoldNamesAfter(
  db: Db,
  table: typeof account | typeof role,
  after: string,
): Promise<RefoldStep> {
  const { id, name, nameFolded } = table;
  const rows = await db
    .select({ id, name, nameFolded })
    .from(table)
    .where(gt(id, after))
    .orderBy(asc(id))
    .limit(ROWS_MAX);
  const statements = rows
    .filter((row) => foldForSearch(row.name) !== row.nameFolded)
    .map((row) =>
      db
        .update(table)
        .set({ nameFolded: foldForSearch(row.name) })
        .where(and(eq(id, row.id), eq(name, row.name))),
    );
  return { ids: rows.map((row) => row.id), statements };
}

/** A card that was changed meanwhile was folded by its writer. */
async function refoldMembersAfter(db: Db, after: string): Promise<RefoldStep> {
  const rows = await db
    .select()
    .from(member)
    .where(gt(member.id, after))
    .orderBy(asc(member.id))
    .limit(ROWS_MAX);
  const isOutdated = (row: typeof member.$inferSelect): boolean => {
    const { usernameFolded, phoneFolded, mobilePhoneFolded } = foldSearchFields(row);
    return (
      row.usernameFolded !== usernameFolded ||
      row.phoneFolded !== phoneFolded ||
      row.mobilePhoneFolded !== mobilePhoneFolded
    );
  };
  const statements = rows.filter(isOutdated).map((row) =>
    db
      .update(member)
      .set(foldSearchFields(row))
      .where(and(eq(member.id, row.id), eq(member.version, row.version))),
  );
  return { ids: rows.map(({ id }) => id), statements };
}

const STEPS: { readonly [N in RefoldTable]: (db: Db, after: string) => Promise<RefoldStep> } = {
  account: (db, after) => refoldNamesAfter(db, account, after),
  role: (db, after) => refoldNamesAfter(db, role, after),
  member: refoldMembersAfter,
};

/** One step of each table that is not done. Two sweeps at once write the same. */
export async function sweepSearchFields(db: Db): Promise<void> {
  for (const { name, doneTo } of await db.select().from(refold)) {
    const { ids, statements } = await STEPS[name](db, doneTo);
    const last = ids.length < ROWS_MAX ? undefined : ids.at(-1);
    const isTable = eq(refold.name, name);
    const progress =
      last === undefined
        ? db.delete(refold).where(isTable)
        : db.update(refold).set({ doneTo: last }).where(isTable);
    await batch(db, [...statements, progress]);
  }
}
