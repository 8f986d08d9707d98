import { type Api, type Fetch, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import {
  giveCredits,
  newAccount,
  newMember,
  type Person,
  activateSubscription,
} from "../../harness/people.ts";
import type { Contract } from "./contract.ts";

const idempotent = () => ({ idempotencyKey: newIdempotencyKey() });

/** Copied rights, tools, tasks and object groups of members, and members that the platform adds. */
export async function memberAccessCalls({ fetch }: Contract, platform: Api): Promise<void> {
  await callTaskAccess(fetch, platform);
  const dealer = await newAccount(fetch, platform, "dealer");
  const client = await newMember(fetch, dealer, { roles: ["client"] });
  const groups = `/v1/members/${client.memberId}/object-groups`;
  expectStatus(await dealer.api.put(groups, { groupIds: ["all"] }), 200);
  expectStatus(await dealer.api.get(`/v1/members/${dealer.memberId}/effective`), 200);
  await addMembers(dealer, platform);
}

async function callTaskAccess(fetch: Fetch, platform: Api): Promise<void> {
  const agency = await newAccount(fetch, platform, "agency");
  await activateSubscription(platform, agency.accountId);
  await giveCredits(platform, agency.accountId, 10);
  const toolId = expectStatus(
    await platform.post<{ id: string }>("/v1/tools", { key: "rank", name: "Rank" }, idempotent()),
    201,
  ).body.id;
  const taskId = expectStatus(
    await agency.api.post<{ id: string }>("/v1/tasks", { toolId, name: "Plan" }, idempotent()),
    201,
  ).body.id;
  const [specialist, manager] = [
    await newMember(fetch, agency, { roles: ["specialist"] }),
    await newMember(fetch, agency, { roles: ["manager"] }),
  ];
  const path = `/v1/members/${specialist.memberId}`;
  expectStatus(await agency.api.put(`${path}/tools`, { toolIds: [toolId] }), 200);
  expectStatus(await agency.api.put(`${path}/tasks`, { tasks: [{ toolId, taskId }] }), 200);
  expectStatus(await specialist.api.get(`${path}/effective`), 200);
  expectStatus(
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
  const command = idempotent();
  const { id } = expectStatus(await platform.post<{ id: string }>(members, body, command), 201).body;
  expectStatus(await platform.post(members, body, command), 201);
  expectStatus(await platform.post(`${members}/${id}/claims`), 201);
  const email = "agnes.new@example.com";
  expectStatus(await platform.post(`${members}/${id}/sign-in-address`, { email }), 200);
  expectStatus(await platform.del(`${members}/${id}/sign-in-address`), 204);
  const client = expectStatus(
    await dealer.api.post<{ id: string }>(
      "/v1/members",
      { firstName: "C", lastName: "C", email: "client.new@example.com", roles: ["client"] },
      idempotent(),
    ),
    201,
  ).body.id;
  expectStatus(
    await dealer.api.post(`/v1/members/${client}/sign-in-address`, { email: "client.next@example.com" }),
    200,
  );
  expectStatus(await dealer.api.del(`/v1/members/${client}/sign-in-address`), 204);
}
