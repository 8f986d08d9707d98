import { z } from "zod";
import { sha256Hex } from "../digest.ts";
import { invalidParameter } from "./problem.ts";
import { message } from "../messages/message.ts";
import { ruleText } from "../messages/rule-text.ts";

const CURSOR = z.string().regex(/^[A-Za-z0-9_-]{1,2000}$/, ruleText("validation.cursor"));

export const listLimit = (defaultLimit: number) =>
  z
    .string()
    .regex(/^(?:[1-9]\d?|100)$/, ruleText("validation.pageLimit"))
    .transform(Number)
    .default(defaultLimit)
    .meta({
      described: { type: "integer", minimum: 1, maximum: 100, default: defaultLimit },
      description: "How many rows at most.",
    });

/** The query of every list: `limit` 1 to 100 and the opaque `cursor` of the page before. */
export const listQuery = {
  limit: listLimit(25),
  cursor: CURSOR.optional().describe("nextCursor of the page before."),
};

/** @param position after which the next page starts: a JSON value that only this list understands */
export const encodeCursor = (position: unknown): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(position))))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

/** A cursor only says where to go on inside what the caller may see, so it is validated, not signed. */
export function decodeCursor<T>(cursor: string | undefined, position: z.ZodType<T>): T | null {
  if (cursor === undefined) return null;
  try {
    const bytes = Uint8Array.from(atob(cursor.replaceAll("-", "+").replaceAll("_", "/")), (char) =>
      char.charCodeAt(0),
    );
    return position.parse(
      JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes)),
    );
  } catch {
    throw invalidParameter("cursor", message("validation.cursor"));
  }
}

/** Characters at the end of a cursor that say of which list it is. */
const LIST_DIGEST_LENGTH = 16;
const listDigest = (list: string): string => sha256Hex(list).slice(0, LIST_DIGEST_LENGTH);

/** @param list what the cursor may go on in: account, path and filters */
export const bindCursor = (cursor: string, list: string): string => `${cursor}${listDigest(list)}`;

/** The cursor that was bound to the list. @throws Problem validation when it belongs to another */
export function unbindCursor(bound: string, list: string): string {
  if (bound.slice(-LIST_DIGEST_LENGTH) === listDigest(list)) return bound.slice(0, -LIST_DIGEST_LENGTH);
  throw invalidParameter("cursor", message("validation.cursorFilters"));
}

/** Cuts a page out of `limit + 1` rows that were asked for. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  item: (row: Row) => Item,
  position: (row: Row) => unknown,
) {
  const last = rows[limit - 1];
  const nextCursor = rows.length > limit && last !== undefined ? encodeCursor(position(last)) : null;
  return { data: rows.slice(0, limit).map(item), nextCursor };
}

const nextCursor = z
  .string()
  .nullable()
  .meta({ id: "NextCursor", description: "Send it as `cursor` for the next page; null on the last page." });

/** The fields of such an answer. */
export const pageFields = <T extends z.ZodType>(item: T) => ({ data: z.array(item), nextCursor });

/** The schema of such an answer, for OpenAPI. @param id its name among the components */
export const pageSchema = <T extends z.ZodType>(item: T, id = `${z.globalRegistry.get(item)?.id}Page`) =>
  z.object(pageFields(item)).meta({ id });
