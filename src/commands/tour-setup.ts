import { addMember, callerAs, createAccount } from "./demo-people.ts";
import { expectCall, type Caller, textAt } from "./gate-client.ts";
import { setUpAccount, newPersonFactory } from "./demo-setup.ts";

/** Who is on stage, and the objects that the scenes hand on. */
export interface TourAccounts {
  readonly owner: Caller;
  readonly operator: Caller;
  readonly admin: Caller;
  readonly colleague: Caller;
  readonly colleagueId: string;
  readonly spender: Caller;
  readonly spenderId: string;
  readonly productId: string;
}

export const CREDIT_LIMIT = 5;

const ALLOWED_IP = "203.0.113.7";

/** @param now milliseconds since the epoch; it makes the names of this run */
export async function createTourAccounts(platform: Caller, now: number): Promise<TourAccounts> {
  console.log("\nThe platform opens two accounts and equips them");
  const vendor = await openVendor(platform, now);
  return { ...vendor, ...(await openTeam(platform, now)) };
}

/** A vendor with an operator, who may call from some addresses only, and a product. */
async function openVendor(platform: Caller, now: number) {
  const person = newPersonFactory("story", now);
  const vendor = await createAccount(platform, {
    kind: "vendor",
    name: `Tour vendor ${now.toString(36)}`,
    owner: person("Olivia", "Owner"),
  });
  await setUpAccount(platform, vendor.accountId, { restrictedAccounts: true, credits: 100, now });
  const owner = callerAs(platform, vendor);
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
    ALLOWED_IP,
  );
  const product = await expectCall(owner, {
    method: "POST",
    path: "/v1/products",
    body: { name: "Tour editor" },
    expect: 201,
  });
  return { owner, operator: callerAs(platform, operator), productId: textAt(product, "id") };
}

/** A team with a second admin, and a member who may spend up to the limit. */
async function openTeam(platform: Caller, now: number) {
  const person = newPersonFactory("story", now);
  const team = await createAccount(platform, {
    kind: "team",
    name: `Tour team ${now.toString(36)}`,
    owner: person("Ada", "Admin"),
  });
  await setUpAccount(platform, team.accountId, { restrictedAccounts: false, credits: 100, now });
  const admin = callerAs(platform, team);
  const colleague = await addMember(admin, team.accountId, { ...person("Bea", "Admin"), roles: ["admin"] });
  const spender = await addMember(admin, team.accountId, {
    ...person("Max", "Member"),
    roles: ["member"],
    creditLimit: CREDIT_LIMIT,
  });
  return {
    admin,
    colleague: callerAs(platform, colleague),
    colleagueId: colleague.memberId,
    spender: callerAs(platform, spender),
    spenderId: spender.memberId,
  };
}
