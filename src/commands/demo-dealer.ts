import { callerAs } from "./demo-people.ts";
import { expectCall } from "./gate-client.ts";
import type { Login } from "./local-state.ts";
import {
  setUpAccount,
  addDemoMember,
  createObject,
  createDemoAccount,
  type DemoContext,
} from "./demo-setup.ts";

/** Dealer: objects in groups, keys and their licenses, and a sub-dealer. */
export async function loadDealer({ platform, now, say }: DemoContext): Promise<readonly Login[]> {
  const manager = await createDemoAccount(platform, "Nord manager", {
    kind: "dealer",
    name: "Nord Dealer",
    owner: { email: "dana@nord.example", firstName: "Dana", lastName: "Manager" },
  });
  await setUpAccount(platform, manager.accountId, { restrictedAccounts: false, credits: 0, now });
  say("Nord Dealer (dealer): Dana is its manager");
  const managerCaller = callerAs(platform, manager);
  await createObject(managerCaller, "/v1/object-groups", { name: "Harbour" });
  const objectId = await createObject(managerCaller, "/v1/objects", {
    name: "Lighthouse hotel",
    city: "Kiel",
  });
  await createObject(managerCaller, "/v1/keys", { objectId, serial: "NORD-0001" });
  const user = await addDemoMember(platform, manager, "Nord user", {
    email: "ulf@nord.example",
    firstName: "Ulf",
    lastName: "User",
    roles: ["dealer_user"],
  });
  say("  an object with a key; Ulf is a dealer user, and sees nothing until Dana gives him an object group");
  const subdealer = await createDemoAccount(platform, "Fjord sub-dealer", {
    kind: "subdealer",
    name: "Fjord Sub-dealer",
    parentId: manager.accountId,
    owner: { email: "finn@fjord.example", firstName: "Finn", lastName: "Fjord" },
  });
  const transferredId = await createObject(managerCaller, "/v1/objects", {
    name: "Fjord lodge",
    city: "Bergen",
  });
  await createObject(managerCaller, "/v1/keys", { objectId: transferredId, serial: "NORD-0002" });
  await expectCall(managerCaller, {
    method: "POST",
    path: `/v1/objects/${transferredId}/transfer`,
    body: { accountId: subdealer.accountId },
    expect: 200,
  });
  say(
    "  Fjord Sub-dealer stands under it: Dana has handed an object over, " +
      "for whose key Finn generates licenses",
  );
  return [manager, user, subdealer];
}
