import { bindCursor } from "../../src/kernel/http/page.ts";

/** @param position the JSON text that the cursor holds */
export const encodeCursor = (position: string): string => Buffer.from(position).toString("base64url");

/**
 * A cursor that the gate never gave. Anybody can compute what binds one to a list, so what is in it can be
 * hostile.
 */
export const forgeCursor = (position: string, accountId: string, path: string): string =>
  bindCursor(encodeCursor(position), JSON.stringify([accountId, path, []]));
