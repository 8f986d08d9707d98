import { env } from "cloudflare:workers";
import { keyHints, mintKey } from "../../../src/gate/credentials/api-key.ts";
import { batch, openDb, type Statement } from "../../../src/kernel/db.ts";
import { sha256Hex } from "../../../src/kernel/digest.ts";
import { newId } from "../../../src/kernel/id.ts";
import { apiKey } from "../../../src/kernel/schema/identity.ts";
import { member } from "../../../src/kernel/schema/team.ts";

const db = openDb(env.DB);
export const addressOf = (memberId: string): string => `${memberId}@example.com`.toLowerCase();

/** An active member with one API key. @returns the key */
export async function newMemberRow(
  accountId: string,
  id: string,
  fields: Partial<typeof member.$inferInsert>,
  scopes: readonly string[] | null = null,
  more: readonly Statement[] = [],
): Promise<string> {
  const [now, secret] = [Date.now(), mintKey(crypto.getRandomValues(new Uint8Array(32)))];
  await batch(db, [
    db.insert(member).values({
      id,
      accountId,
      username: id,
      firstName: "Mia",
      lastName: "Member",
      email: addressOf(id),
      status: "active",
      roles: [],
      rights: [],
      objectGroupIds: [],
      allowedIps: [],
      createdAt: now,
      updatedAt: now,
      ...fields,
    }),
    db.insert(apiKey).values({
      id: newId("apiKey", now),
      accountId,
      memberId: id,
      createdBy: id,
      name: "key",
      hash: sha256Hex(secret),
      ...keyHints(secret),
      allowedIps: [],
      createdAt: now,
      scopes: scopes === null ? null : [...scopes],
    }),
    ...more,
  ]);
  return secret;
}

/** A member with a user record, as after a first sign-in by mail: they may sign in again. */
export const newPerson = (memberId: string): Promise<unknown> =>
  env.DB.batch([
    env.DB.prepare("INSERT INTO user (id, email, created_at) VALUES (?, ?, 0)").bind(
      `usr_${memberId}`,
      addressOf(memberId),
    ),
    env.DB.prepare("UPDATE member SET user_id = ? WHERE id = ?").bind(`usr_${memberId}`, memberId),
  ]);
