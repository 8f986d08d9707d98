import { and, desc, eq } from "drizzle-orm";
import type { Db, Statement } from "../../kernel/db.ts";
import { assessment } from "../../kernel/schema/directory.ts";

export type AssessmentRow = typeof assessment.$inferSelect;

/** The newest year first. */
export const listAssessments = (db: Db, accountId: string, memberId: string) =>
  db
    .select()
    .from(assessment)
    .where(and(eq(assessment.memberId, memberId), eq(assessment.accountId, accountId)))
    .orderBy(desc(assessment.year));

/** One for each year; a later one takes its place. */
export const upsertAssessment = (db: Db, row: AssessmentRow): Statement => {
  const { result, at, writtenBy } = row;
  return db
    .insert(assessment)
    .values(row)
    .onConflictDoUpdate({ target: [assessment.memberId, assessment.year], set: { result, at, writtenBy } });
};

export const removeAssessment = (
  db: Db,
  { memberId, year }: Pick<AssessmentRow, "memberId" | "year">,
): Statement =>
  db.delete(assessment).where(and(eq(assessment.memberId, memberId), eq(assessment.year, year)));
