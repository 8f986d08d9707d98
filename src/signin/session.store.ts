import { and, eq, sql } from "drizzle-orm";
import type { Db, Expression, Statement } from "../kernel/db.ts";
import { session } from "../schema/identity.ts";
import { member } from "../schema/team.ts";

export type SessionRow = typeof session.$inferSelect;

/** @param userId may be known in the batch only */
export const insertSession = (db: Db, { userId, ...row }: Omit<SessionRow, "userId"> & { readonly userId: string | Expression }): Statement =>
  db.insert(session).values({ ...row, userId: sql`${userId}` });

/** The first sign-in makes a new member active; later ones change nothing that any decision asks for, so the version stays. */
export const arrive = (db: Db, { id, status }: { readonly id: string; readonly status: string }, at: number): Statement =>
  (status === "new"
    ? db.update(member).set({ status: "active", acceptedAt: sql`COALESCE(${member.acceptedAt}, ${at})`, lastLoginAt: at, updatedAt: at, version: sql`${member.version} + 1` })
      .where(and(eq(member.id, id), eq(member.status, "new")))
    : db.update(member).set({ lastLoginAt: at }).where(eq(member.id, id)));
