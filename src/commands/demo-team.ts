import type { Login } from "./local-state.ts";
import {
  setUpAccount,
  addDemoViewer,
  addDemoMember,
  createObject,
  createDemoAccount,
  type DemoContext,
} from "./demo-setup.ts";

/** Team: themes of the platform's catalog, licensed by members within limits. */
export async function loadTeam({ platform, now, say }: DemoContext): Promise<readonly Login[]> {
  const admin = await createDemoAccount(platform, "Studio admin", {
    kind: "team",
    name: "Studio North",
    owner: { email: "ada@studio.example", firstName: "Ada", lastName: "Admin" },
  });
  say("Studio North (team): Ada is its admin and holds an API key");
  await setUpAccount(platform, admin.accountId, { restrictedAccounts: false, credits: 500, now });
  say("  its subscription is active, 500 credits");
  const member = await addDemoMember(platform, admin, "Studio member", {
    email: "max@studio.example",
    firstName: "Max",
    lastName: "Member",
    roles: ["member"],
    creditLimit: 50,
  });
  const viewer = await addDemoViewer(platform, admin, "Studio viewer", {
    email: "vera@studio.example",
    firstName: "Vera",
    lastName: "Viewer",
    roles: ["viewer"],
  });
  say("  Max is a member who may spend 50 credits, Vera a viewer, who signs in by mail");
  for (const [name, priceCredits, priceAmount] of [
    ["Aurora", 20, 4_900],
    ["Basalt", 35, 8_900],
  ] as const) {
    await createObject(platform, "/v1/catalog", {
      name,
      vendor: "Northern Themes",
      priceCredits,
      priceAmount,
      currency: "EUR",
    });
  }
  say("  the platform's catalog has 2 themes, at 20 and 35 credits");
  return [admin, member, viewer];
}
