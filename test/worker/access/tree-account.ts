import { env } from "cloudflare:workers";
import { DEFAULT_SETTINGS } from "../../../src/gate/principals/settings.ts";
import { batch, openDb } from "../../../src/kernel/db.ts";
import { newId } from "../../../src/kernel/id.ts";
import { account } from "../../../src/kernel/schema/team.ts";
import { type Api, api } from "../../harness/client.ts";
import type { TreeAccount } from "../../harness/policy.ts";
import type { AccountKind } from "../../harness/policy-rights.ts";
import { fetch } from "./operators-fixture.ts";
import { newMemberRow } from "./tree-member.ts";

export interface Account extends TreeAccount {
  readonly kind: AccountKind;
  /** A member who may see every member. */
  readonly top: Api;
}

const db = openDb(env.DB);

export async function newTreeAccount(kind: AccountKind, parent: Account | undefined): Promise<Account> {
  const [id, topId, now] = [newId("account", Date.now()), newId("member", Date.now()), Date.now()];
  await batch(db, [
    db.insert(account).values({
      id,
      kind,
      name: kind,
      parentId: parent?.id ?? null,
      ownerMemberId: topId,
      plan: { restrictedAccounts: true, memberLimit: null, contactUrl: null },
      subscription: { status: "active", tier: null, currentPeriodEnd: null },
      settings: DEFAULT_SETTINGS,
      allowedIps: [],
      createdAt: now,
      updatedAt: now,
    }),
  ]);
  const top = await newMemberRow(id, topId, { rights: ["member.view"] });
  return {
    id,
    kind,
    parentId: parent?.id ?? "",
    grandparentId: parent?.parentId === "" ? null : (parent?.parentId ?? null),
    top: api(fetch, top),
  };
}
