import { addMember, as, openAccount } from "./cast.ts";
import { ask, type Caller, textAt } from "./client.ts";
import type { Login } from "./local.ts";

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/**
 * Two accounts to play with, made over HTTP by the platform's owner: a vendor with an operator, and a team.
 * @param say gets one line for each step
 * @param now milliseconds since the epoch
 */
export async function loadDemo(platform: Caller, now: number, say: (line: string) => void): Promise<readonly Login[]> {
  return [...await vendor(platform, now, say), ...await team(platform, now, say)];
}

async function vendor(platform: Caller, now: number, say: (line: string) => void): Promise<readonly Login[]> {
  const owner = { who: "Acme owner", ...named(await openAccount(platform, {
    kind: "vendor", name: "Acme Licensing", owner: { email: "olivia@acme.example", firstName: "Olivia", lastName: "Owner" },
  })) };
  say("Acme Licensing (vendor): Olivia owns it and holds an API key");
  await equip(platform, owner.accountId, { restrictedAccounts: true, credits: 1_000, now });
  say("  its plan has restricted accounts, its subscription is active, 1,000 credits");
  const operator = { who: "Acme operator", ...named(await addMember(as(platform, owner), owner.accountId, {
    email: "oscar@acme.example", firstName: "Oscar", lastName: "Operator", roles: ["operator"], allowedIps: ["203.0.113.0/24"],
    grants: [{ resourceType: "product", resourceId: "0", access: "edit" }, { resourceType: "customer", resourceId: "0", access: "owner" }],
  }, "203.0.113.7")) };
  say("  Oscar is its operator: edits products, owns customers, calls from 203.0.113.0/24 only");
  await stock(as(platform, owner));
  say("  2 products, 2 license keys, 2 customers");
  return [owner, operator];
}

async function team(platform: Caller, now: number, say: (line: string) => void): Promise<readonly Login[]> {
  const admin = { who: "Studio admin", ...named(await openAccount(platform, {
    kind: "team", name: "Studio North", owner: { email: "ada@studio.example", firstName: "Ada", lastName: "Admin" },
  })) };
  say("Studio North (team): Ada is its admin and holds an API key");
  await equip(platform, admin.accountId, { restrictedAccounts: false, credits: 500, now });
  say("  its subscription is active, 500 credits");
  const caller = as(platform, admin);
  const member = { who: "Studio member", ...named(await addMember(caller, admin.accountId, {
    email: "max@studio.example", firstName: "Max", lastName: "Member", roles: ["member"], creditLimit: 50,
  })) };
  const viewer = { who: "Studio viewer", ...named(await addMember(caller, admin.accountId, {
    email: "vera@studio.example", firstName: "Vera", lastName: "Viewer", roles: ["viewer"],
  })) };
  say("  Max is a member who may spend 50 credits, Vera a viewer");
  return [admin, member, viewer];
}

/** What only the platform's members set: plan, subscription, credits. */
export async function equip(
  platform: Caller, accountId: string, { restrictedAccounts, credits, now }: { readonly restrictedAccounts: boolean; readonly credits: number; readonly now: number },
): Promise<void> {
  const path = `/v1/accounts/${accountId}`;
  await ask(platform, { method: "PUT", path: `${path}/plan`, body: { restrictedAccounts, memberLimit: null, contactUrl: null }, expect: 200 });
  await ask(platform, {
    method: "PUT", path: `${path}/subscription`, body: { status: "active", tier: "demo", currentPeriodEnd: new Date(now + YEAR_MS).toISOString() }, expect: 200,
  });
  await ask(platform, {
    method: "POST", path: `${path}/credits`, body: { kind: "top_up", amount: credits }, headers: { "idempotency-key": `${accountId}-first` }, expect: 201,
  });
}

async function stock(owner: Caller): Promise<void> {
  const make = async (path: string, body: object) => textAt(await ask(owner, { method: "POST", path, body, expect: 201 }), "id");
  for (const [product, customer] of [["Acme Editor", "Berg Films"], ["Acme Renderer", "Calm Pictures"]] as const) {
    const productId = await make("/v1/products", { name: product });
    const customerId = await make("/v1/customers", { name: customer });
    await make("/v1/license-keys", { productId, customerId });
  }
}

const named = ({ who: _, ...login }: Login): Omit<Login, "who"> => login;
