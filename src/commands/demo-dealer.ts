import { as } from "./cast.ts";
import { ask } from "./client.ts";
import type { Login } from "./local.ts";
import { equip, joined, make, opened, type Stage } from "./stage.ts";

/** Dealer: objects in groups, keys and their licenses, and a sub-dealer. */
export async function dealer({ platform, now, say }: Stage): Promise<readonly Login[]> {
  const manager = await opened(platform, "Nord manager", {
    kind: "dealer",
    name: "Nord Dealer",
    owner: { email: "dana@nord.example", firstName: "Dana", lastName: "Manager" },
  });
  await equip(platform, manager.accountId, { restrictedAccounts: false, credits: 0, now });
  say("Nord Dealer (dealer): Dana is its manager");
  const by = as(platform, manager);
  await make(by, "/v1/object-groups", { name: "Harbour" });
  const objectId = await make(by, "/v1/objects", { name: "Lighthouse hotel", city: "Kiel" });
  await make(by, "/v1/keys", { objectId, serial: "NORD-0001" });
  const user = await joined(platform, manager, "Nord user", {
    email: "ulf@nord.example",
    firstName: "Ulf",
    lastName: "User",
    roles: ["dealer_user"],
  });
  say("  an object with a key; Ulf is a dealer user, and sees nothing until Dana gives him an object group");
  const subdealer = await opened(platform, "Fjord sub-dealer", {
    kind: "subdealer",
    name: "Fjord Sub-dealer",
    parentId: manager.accountId,
    owner: { email: "finn@fjord.example", firstName: "Finn", lastName: "Fjord" },
  });
  const handed = await make(by, "/v1/objects", { name: "Fjord lodge", city: "Bergen" });
  await make(by, "/v1/keys", { objectId: handed, serial: "NORD-0002" });
  await ask(by, {
    method: "POST",
    path: `/v1/objects/${handed}/transfer`,
    body: { accountId: subdealer.accountId },
    expect: 200,
  });
  say(
    "  Fjord Sub-dealer stands under it: Dana has handed an object over, " +
      "for whose key Finn generates licenses",
  );
  return [manager, user, subdealer];
}
