import { addMember, as, openAccount } from "./cast.ts";
import { ask, type Caller, textAt } from "./client.ts";
import { equip, peopleOf } from "./stage.ts";

/** Who is on stage, and the objects that the scenes hand on. */
export interface World {
  readonly owner: Caller;
  readonly operator: Caller;
  readonly admin: Caller;
  readonly colleague: Caller;
  readonly colleagueId: string;
  readonly spender: Caller;
  readonly spenderId: string;
  readonly productId: string;
}

export const LIMIT = 5;

const ALLOWED = "203.0.113.7";

/** @param now milliseconds since the epoch; it makes the names of this run */
export async function openWorld(platform: Caller, now: number): Promise<World> {
  console.log("\nThe platform opens two accounts and equips them");
  const vendor = await openVendor(platform, now);
  return { ...vendor, ...(await openTeam(platform, now)) };
}

/** A vendor with an operator, who may call from some addresses only, and a product. */
async function openVendor(platform: Caller, now: number) {
  const person = peopleOf("story", now);
  const vendor = await openAccount(platform, {
    kind: "vendor",
    name: `Tour vendor ${now.toString(36)}`,
    owner: person("Olivia", "Owner"),
  });
  await equip(platform, vendor.accountId, { restrictedAccounts: true, credits: 100, now });
  const owner = as(platform, vendor);
  const operator = await addMember(
    owner,
    vendor.accountId,
    {
      ...person("Oscar", "Operator"),
      roles: ["operator"],
      allowedIps: ["203.0.113.0/24"],
      grants: [
        { resourceType: "product", resourceId: "0", access: "edit" },
        { resourceType: "customer", resourceId: "0", access: "owner" },
      ],
    },
    ALLOWED,
  );
  const product = await ask(owner, {
    method: "POST",
    path: "/v1/products",
    body: { name: "Tour editor" },
    expect: 201,
  });
  return { owner, operator: as(platform, operator), productId: textAt(product, "id") };
}

/** A team with a second admin, and a member who may spend up to the limit. */
async function openTeam(platform: Caller, now: number) {
  const person = peopleOf("story", now);
  const team = await openAccount(platform, {
    kind: "team",
    name: `Tour team ${now.toString(36)}`,
    owner: person("Ada", "Admin"),
  });
  await equip(platform, team.accountId, { restrictedAccounts: false, credits: 100, now });
  const admin = as(platform, team);
  const colleague = await addMember(admin, team.accountId, { ...person("Bea", "Admin"), roles: ["admin"] });
  const spender = await addMember(admin, team.accountId, {
    ...person("Max", "Member"),
    roles: ["member"],
    creditLimit: LIMIT,
  });
  return {
    admin,
    colleague: as(platform, colleague),
    colleagueId: colleague.memberId,
    spender: as(platform, spender),
    spenderId: spender.memberId,
  };
}
