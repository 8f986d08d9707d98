import { env } from "cloudflare:workers";
import { batch, openDb } from "../../../src/kernel/db.ts";
import { newId } from "../../../src/kernel/id.ts";
import type { AccountKind } from "../../harness/policy-rights.ts";
import { newDice } from "./oracle-fixture.ts";
import { type Account, newTreeAccount } from "./tree-account.ts";
import { type Actor, newActor } from "./tree-actor.ts";
import { insertItem, newTreeItem, TYPES_BY_KIND, type TreeItem } from "./tree-item.ts";

/**
 * Accounts of a tree with objects and members, written to the database as rows. They are random: anything
 * that rows can say.
 */
export interface TreeFixture {
  readonly accounts: readonly Account[];
  readonly items: readonly TreeItem[];
  readonly actors: readonly Actor[];
}

export interface TreeShape {
  readonly kind: AccountKind;
  /** The place of the account above in the list. */
  readonly parent?: number;
  readonly actors: number;
}

export async function createTree(
  platformId: string,
  shapes: readonly TreeShape[],
  seed: number,
): Promise<TreeFixture> {
  const roll = newDice(seed);
  // Objects that the platform offered in the world before.
  await env.DB.prepare("DELETE FROM resource WHERE account_id = ?").bind(platformId).run();
  const accounts: Account[] = [];
  for (const { kind, parent } of shapes)
    accounts.push(await newTreeAccount(kind, parent === undefined ? undefined : accounts[parent]));
  const people = shapes.flatMap(({ actors }, index) =>
    Array.from({ length: actors }, () => ({
      home: accounts[index] as Account,
      memberId: newId("member", Date.now()),
    })),
  );
  const items: TreeItem[] = [];
  for (const place of [{ id: platformId, kind: "platform", parentId: "" }, ...accounts]) {
    for (const type of TYPES_BY_KIND[place.kind] ?? [])
      items.push(
        newTreeItem(type, place, {
          items,
          platformId,
          roll,
          owners: people.filter(({ home }) => home.id === place.id).map(({ memberId }) => memberId),
        }),
      );
  }
  await batch(openDb(env.DB), items.map(insertItem));
  const actors: Actor[] = [];
  for (const { home, memberId } of people)
    actors.push(await newActor(home, memberId, { accounts, items, roll }));
  return { accounts, items, actors };
}
