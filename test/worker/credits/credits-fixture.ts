import { SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { keyHints, mintKey } from "../../../src/gate/credentials/api-key.ts";
import { DEFAULT_SETTINGS } from "../../../src/gate/principals/settings.ts";
import { batch, openDb } from "../../../src/kernel/db.ts";
import { newId } from "../../../src/kernel/id.ts";
import { sha256Hex } from "../../../src/kernel/digest.ts";
import { apiKey } from "../../../src/kernel/schema/identity.ts";
import { account, member, type Subscription } from "../../../src/kernel/schema/team.ts";
import { type Api, api } from "../../harness/client.ts";

export const db = openDb(env.DB);

export interface Caller {
  readonly accountId: string;
  readonly memberId: string;
  readonly api: Api;
}

type MemberFields = Partial<typeof member.$inferInsert>;

/**
 * An account with its owner. Written to D1 directly: these tests are of credits, and cost seconds otherwise.
 */
export async function insertAccount(
  kind: "platform" | "team",
  role: string,
  subscription: Partial<Subscription> = {},
): Promise<Caller> {
  const now = Date.now();
  const accountId = newId("account", now);
  await batch(db, [
    db.insert(account).values({
      id: accountId,
      kind,
      name: kind,
      ownerMemberId: accountId,
      createdAt: now,
      updatedAt: now,
      allowedIps: [],
      plan: { restrictedAccounts: true, memberLimit: null, contactUrl: null },
      subscription: { status: "active", tier: null, currentPeriodEnd: null, ...subscription },
      settings: DEFAULT_SETTINGS,
    }),
  ]);
  return insertMember(accountId, role);
}

export async function insertMember(
  accountId: string,
  role: string,
  fields: MemberFields = {},
): Promise<Caller> {
  const now = Date.now();
  const [memberId, secret] = [newId("member", now), mintKey(crypto.getRandomValues(new Uint8Array(32)))];
  await batch(db, [
    db.insert(member).values({
      id: memberId,
      accountId,
      username: memberId,
      firstName: "Mia",
      lastName: "Member",
      email: `${memberId}@example.com`.toLowerCase(),
      status: "active",
      roles: [role],
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
      memberId,
      createdBy: memberId,
      name: "key",
      hash: await sha256Hex(secret),
      ...keyHints(secret),
      allowedIps: [],
      createdAt: now,
    }),
  ]);
  return {
    accountId,
    memberId,
    api: api((path, init) => SELF.fetch(new URL(path, "http://127.0.0.1:8787").href, init), secret),
  };
}
