import { toHex } from "../../kernel/hex.ts";
import { and, asc, eq, gt, inArray, isNull, lt, or, sql } from "drizzle-orm";
import type { UploadedFile } from "../../kernel/http/body.ts";
import { batch, type Db, guard, type Statement } from "../../kernel/db.ts";
import { resource, strayFile, themeFile, type ThemeFileRow } from "../../kernel/schema/resource.ts";

export const FILES_MAX = 100;

const whereFile = (themeId: string, name: string) =>
  and(eq(themeFile.themeId, themeId), eq(themeFile.name, name));

export const listFiles = (db: Db, themeId: string) =>
  db.select().from(themeFile).where(eq(themeFile.themeId, themeId)).orderBy(asc(themeFile.name));

export const findFile = (db: Db, themeId: string, name: string) =>
  db.select().from(themeFile).where(whereFile(themeId, name));

export const findFileById = (db: Db, themeId: string, id: string) =>
  db
    .select()
    .from(themeFile)
    .where(and(eq(themeFile.themeId, themeId), eq(themeFile.id, id)));

/**
 * Puts a file in the place of the one that was read, or where there was none, and only while there is room.
 */
export const replaceFile = (db: Db, row: ThemeFileRow, before: ThemeFileRow | undefined): Statement[] => [
  before === undefined
    ? guard(
        db,
        "changed",
        sql`(SELECT COUNT(*) FROM theme_file WHERE theme_id = ${row.themeId}) < ${FILES_MAX}
      AND NOT EXISTS (SELECT 1 FROM theme_file WHERE theme_id = ${row.themeId} AND name = ${row.name})`,
      )
    : guardFile(db, before),
  // The sweep has not taken the bytes meanwhile, and will not take them any more.
  guard(db, "changed", sql`EXISTS (SELECT 1 FROM stray_file WHERE id = ${row.id} AND at > 0)`),
  db.delete(strayFile).where(eq(strayFile.id, row.id)),
  ...(before === undefined ? [] : deleteFileRow(db, before)),
  db.insert(themeFile).values(row),
];

export const removeFile = (db: Db, row: ThemeFileRow): Statement[] => [
  guardFile(db, row),
  ...deleteFileRow(db, row),
];

const deleteFileRow = (db: Db, row: ThemeFileRow): Statement[] => [
  db.delete(themeFile).where(whereFile(row.themeId, row.name)),
  db.insert(strayFile).values({ id: row.id, at: 0 }),
];

const guardFile = (db: Db, row: ThemeFileRow): Statement =>
  guard(
    db,
    "changed",
    sql`EXISTS (SELECT 1 FROM theme_file
    WHERE theme_id = ${row.themeId} AND name = ${row.name} AND id = ${row.id})`,
  );

/** Licenses of a theme that an account has and that hold now; one is enough. */
export const findLicense = (db: Db, accountId: string, themeId: string, now: number) =>
  db
    .select({ id: resource.id, version: resource.version })
    .from(resource)
    .where(
      and(
        eq(resource.parentId, themeId),
        eq(resource.accountId, accountId),
        eq(resource.type, "license"),
        eq(resource.status, "active"),
        or(isNull(resource.expiresAt), gt(resource.expiresAt, now)),
      ),
    )
    .limit(1);

/**
 * Stores the bytes as they come in. They are noted as strays until a file names them. Null when their number
 * is not the declared one, or when the sweep took them meanwhile; then nothing is kept.
 */
export async function storeBytes(
  db: Db,
  files: R2Bucket,
  id: string,
  { body, size }: UploadedFile,
  now: number,
): Promise<string | null> {
  await batch(db, [db.insert(strayFile).values({ id, at: now })]);
  const [toStore, toHash] = body.tee();
  const digest = new crypto.DigestStream("SHA-256");
  const sizedStream = new FixedLengthStream(size);
  const [put, , , hash] = await Promise.allSettled([
    files.put(id, sizedStream.readable),
    toStore.pipeTo(sizedStream.writable),
    toHash.pipeTo(digest),
    digest.digest,
  ]);
  if (put.status === "fulfilled" && hash.status === "fulfilled") {
    if (await isStillStray(db, id)) return toHex(new Uint8Array(hash.value));
    await removeBytes(db, files, [id]);
    return null;
  }
  if (put.status === "rejected" && hash.status === "fulfilled" && Number(digest.bytesWritten) === size)
    throw put.reason;
  return null;
}

/** While they are noted, the sweep finds them. Once it has given them up, nothing else does. */
const isStillStray = async (db: Db, id: string): Promise<boolean> =>
  (
    await db
      .select({ id: strayFile.id })
      .from(strayFile)
      .where(and(eq(strayFile.id, id), gt(strayFile.at, 0)))
  ).length > 0;

export async function removeBytes(db: Db, files: R2Bucket, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await files.delete([...ids]);
  await batch(db, [db.delete(strayFile).where(inArray(strayFile.id, [...ids]))]);
}

/** Longer than any upload takes. */
const STRAY_AGE_MS = 3_600_000;
const SWEEP_MAX = 90;

/**
 * Removes bytes that no file names any more, or that an upload left behind which never ended. Their notes are
 * marked first, after which no row can name them, and go last, so that a crash between leaves the rest to the
 * next sweep.
 */
export async function sweepStrayFiles(db: Db, files: R2Bucket, now: number): Promise<void> {
  const expiredIds = db
    .select({ id: strayFile.id })
    .from(strayFile)
    .where(lt(strayFile.at, now - STRAY_AGE_MS))
    .limit(SWEEP_MAX);
  const strays = await db
    .update(strayFile)
    .set({ at: 0 })
    .where(inArray(strayFile.id, expiredIds))
    .returning({ id: strayFile.id });
  await removeBytes(
    db,
    files,
    strays.map(({ id }) => id),
  );
}
