import { callerAs } from "./demo-people.ts";
import type { Login } from "./local-state.ts";
import {
  setUpAccount,
  addDemoMember,
  createObject,
  createDemoAccount,
  type DemoContext,
} from "./demo-setup.ts";

/** Agency: the platform's tools, used by sub-accounts on the agency's credits. */
export async function loadAgency({ platform, now, say }: DemoContext): Promise<readonly Login[]> {
  const owner = await createDemoAccount(platform, "Reef owner", {
    kind: "agency",
    name: "Reef Agency",
    owner: { email: "rosa@reef.example", firstName: "Rosa", lastName: "Reef" },
  });
  await setUpAccount(platform, owner.accountId, { restrictedAccounts: false, credits: 300, now });
  say("Reef Agency (agency): Rosa owns it, its subscription is active, 300 credits");
  const keywords = await createObject(platform, "/v1/tools", {
    key: "keywords",
    name: "Keyword finder",
    createCost: 10,
    updateCost: 3,
  });
  await createObject(platform, "/v1/tools", {
    key: "backlinks",
    name: "Backlink check",
    createCost: 25,
    updateCost: 5,
  });
  say("  the platform offers 2 tools");
  const specialist = await addDemoMember(platform, owner, "Reef specialist", {
    email: "sam@reef.example",
    firstName: "Sam",
    lastName: "Specialist",
    roles: ["specialist"],
    creditLimit: 30,
    grants: [{ resourceType: "tool", resourceId: keywords, access: "view" }],
  });
  const task = await createObject(
    callerAs(platform, owner),
    "/v1/tasks",
    { toolId: keywords, name: "Keywords for the spring campaign" },
    { "idempotency-key": "demo-first-task" },
  );
  const guest = await addDemoMember(platform, owner, "Reef guest", {
    email: "gus@reef.example",
    firstName: "Gus",
    lastName: "Guest",
    roles: ["guest"],
    grants: [{ resourceType: "task", resourceId: task, access: "view" }],
  });
  say("  Sam is a specialist with one tool and a limit of 30 credits, Gus a guest who sees one task");
  return [owner, specialist, guest];
}
