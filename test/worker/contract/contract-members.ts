import { type Api, type Fetch, newKey, ok } from "../../harness/client.ts";
import { giveCredits, newAccount, newMember, type Person, subscribe } from "../../harness/people.ts";
import type { Contract } from "./contract-world.ts";

const keyed = () => ({ idempotencyKey: newKey() });

/** Copied rights, tools, tasks and object groups of members, and members that the platform adds. */
export async function memberAccess({ fetch }: Contract, platform: Api): Promise<void> {
  await callTaskAccess(fetch, platform);
  const dealer = await newAccount(fetch, platform, "dealer");
  const client = await newMember(fetch, dealer, { roles: ["client"] });
  const groups = `/v1/members/${client.memberId}/object-groups`;
  ok(await dealer.api.put(groups, { groupIds: ["all"] }), 200);
  ok(await dealer.api.get(`/v1/members/${dealer.memberId}/effective`), 200);
  await addMembers(dealer, platform);
}

async function callTaskAccess(fetch: Fetch, platform: Api): Promise<void> {
  const agency = await newAccount(fetch, platform, "agency");
  await subscribe(platform, agency.accountId);
  await giveCredits(platform, agency.accountId, 10);
  const toolId = ok(
    await platform.post<{ id: string }>("/v1/tools", { key: "rank", name: "Rank" }, keyed()),
    201,
  ).body.id;
  const taskId = ok(
    await agency.api.post<{ id: string }>("/v1/tasks", { toolId, name: "Plan" }, keyed()),
    201,
  ).body.id;
  const [specialist, manager] = [
    await newMember(fetch, agency, { roles: ["specialist"] }),
    await newMember(fetch, agency, { roles: ["manager"] }),
  ];
  const path = `/v1/members/${specialist.memberId}`;
  ok(await agency.api.put(`${path}/tools`, { toolIds: [toolId] }), 200);
  ok(await agency.api.put(`${path}/tasks`, { tasks: [{ toolId, taskId }] }), 200);
  ok(await specialist.api.get(`${path}/effective`), 200);
  ok(
    await agency.api.post(`/v1/members/${manager.memberId}/copy-rights`, {
      fromMemberId: specialist.memberId,
    }),
    200,
  );
}

/** Members that the platform and the dealer add, each with another sign-in address. */
async function addMembers(dealer: Person, platform: Api): Promise<void> {
  const members = `/v1/accounts/${dealer.accountId}/members`;
  const body = {
    firstName: "Agnes",
    lastName: "Aggregator",
    email: "agnes@example.com",
    roles: ["aggregator"],
  };
  const command = keyed();
  const { id } = ok(await platform.post<{ id: string }>(members, body, command), 201).body;
  ok(await platform.post(members, body, command), 201);
  ok(await platform.post(`${members}/${id}/claims`), 201);
  const email = "agnes.new@example.com";
  ok(await platform.post(`${members}/${id}/sign-in-address`, { email }), 200);
  ok(await platform.del(`${members}/${id}/sign-in-address`), 204);
  const client = ok(
    await dealer.api.post<{ id: string }>(
      "/v1/members",
      { firstName: "C", lastName: "C", email: "client.new@example.com", roles: ["client"] },
      keyed(),
    ),
    201,
  ).body.id;
  ok(
    await dealer.api.post(`/v1/members/${client}/sign-in-address`, { email: "client.next@example.com" }),
    200,
  );
  ok(await dealer.api.del(`/v1/members/${client}/sign-in-address`), 204);
}
