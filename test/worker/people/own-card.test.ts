import { beforeAll, expect, test } from "vitest";
import { type Api, expectStatus } from "../../harness/client.ts";
import { newAccount, newMember } from "../../harness/people.ts";
import { createPlatform, createSubscribedAccount, fetch } from "../access/operators-fixture.ts";

interface Card {
  readonly dealer?: string;
  readonly readOnlyFields: readonly string[];
  readonly rights?: readonly string[];
  readonly directRights?: readonly string[];
}

let platform: Api;
beforeAll(async () => {
  platform = await createPlatform();
});

const ownCard = async (api: Api) =>
  expectStatus(await api.get<{ member: Card; rights: string[] }>("/v1/me"), 200).body;

test("the own card calls the rights beside the roles so, and the others by their old name", async () => {
  const owner = await createSubscribedAccount(platform, "vendor");
  const member = await newMember(fetch, owner, { rights: ["product.view"] });
  const me = await ownCard(member.api);
  expect(me.member.directRights).toEqual(["product.view"]);
  expect(me.member).not.toHaveProperty("rights");
  expect(me.rights).toContain("product.view");
  const card = expectStatus(await owner.api.get<Card>(`/v1/members/${member.memberId}`), 200).body;
  expect(card.rights).toEqual(["product.view"]);
  expect(card).not.toHaveProperty("directRights");
});

test("only members of dealers have a dealer on their card", async () => {
  const vendor = await newAccount(fetch, platform, "vendor");
  const dealer = await newAccount(fetch, platform, "dealer");
  const below = await newAccount(fetch, platform, "subdealer", { parentId: dealer.accountId });
  for (const { api } of [dealer, below]) {
    const { name } = expectStatus(await api.get<{ account: { name: string } }>("/v1/me"), 200).body.account;
    const { member } = await ownCard(api);
    expect(member.dealer).toBe(name);
    expect(member.readOnlyFields).toContain("dealer");
  }
  const { member } = await ownCard(vendor.api);
  expect(member).not.toHaveProperty("dealer");
  expect(member.readOnlyFields).not.toContain("dealer");
  const { data } = expectStatus(await vendor.api.get<{ data: Card[] }>("/v1/members"), 200).body;
  expect(data.map((card) => "dealer" in card)).toEqual([false]);
});
