import { type Api, type Fetch, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import {
  giveCredits,
  newAccount,
  newMember,
  type Person,
  activateSubscription,
} from "../../harness/people.ts";
import type { Contract } from "./contract.ts";

/** A member's statistics, events and assessments, and the ways of removing one. */
export async function removalCalls({ fetch }: Contract, platform: Api): Promise<void> {
  const keyed = () => ({ idempotencyKey: newIdempotencyKey() });
  const agency = await newAccount(fetch, platform, "agency");
  await activateSubscription(platform, agency.accountId);
  await giveCredits(platform, agency.accountId, 10);
  const toolId = expectStatus(
    await platform.post<{ id: string }>(
      "/v1/tools",
      { key: "removal", name: "Removal", createCost: 3 },
      keyed(),
    ),
    201,
  ).body.id;
  const member = await newMember(fetch, agency, {
    roles: ["specialist"],
    grants: [{ resourceType: "tool", resourceId: toolId, access: "view" }],
  });
  expectStatus(await member.api.post("/v1/tasks", { toolId, name: "Plan" }, keyed()), 201);
  const path = `/v1/members/${member.memberId}`;
  for (const who of [agency.api, member.api]) {
    expectStatus(await who.get(`${path}/statistics`), 200);
    expectStatus(await who.get(`${path}/events?limit=1`), 200);
  }
  const assessment = `/v1/accounts/${agency.accountId}/members/${member.memberId}/assessments/2025`;
  expectStatus(await platform.put(assessment, { result: "A" }), 200);
  expectStatus(await platform.put(assessment, { result: 1 }), 422);
  expectStatus(await member.api.get(`${path}/assessments`), 200);
  expectStatus(await platform.del(assessment), 204);
  expectStatus(await agency.api.del(`/v1/members/${agency.memberId}`), 409);
  expectStatus(await agency.api.del(path), 409);
  expectStatus(await agency.api.del(`${path}?tasks=keep`), 422);
  expectStatus(await agency.api.del(`${path}?tasks=delete`, { ifMatch: '"99"' }), 412);
  expectStatus(await agency.api.del(`${path}?tasks=delete`), 204);
  expectStatus(await agency.api.del(path), 404);
  const leaver = await newMember(fetch, agency, { roles: ["specialist"] });
  expectStatus(await agency.api.post("/v1/me/leave"), 409);
  expectStatus(await leaver.api.post("/v1/me/leave"), 204);
  await platformStops(fetch, platform, agency);
}

/** The same by the platform, which names the account. */
async function platformStops(fetch: Fetch, platform: Api, agency: Person): Promise<void> {
  const { memberId } = await newMember(fetch, agency, { roles: ["specialist"] });
  const path = `/v1/accounts/${agency.accountId}/members/${memberId}`;
  for (const verb of ["block", "unblock"]) expectStatus(await platform.post(`${path}/${verb}`), 200);
  expectStatus(await platform.del(`${path}/sessions`), 204);
  const {
    data: [key],
  } = expectStatus(await platform.get<{ data: { id: string }[] }>(`${path}/api-keys`), 200).body;
  expectStatus(await platform.del(`${path}/api-keys/${key?.id}`), 204);
  expectStatus(await platform.del(path), 204);
  expectStatus(await platform.del(path), 404);
  const heir = await newMember(fetch, agency, { roles: ["specialist"] });
  const offers = `/v1/accounts/${agency.accountId}/ownership-offers`;
  const offered = async () =>
    expectStatus(await agency.api.post<{ id: string }>(offers, { memberId: heir.memberId }), 201).body.id;
  const first = `${offers}/${await offered()}`;
  expectStatus(await agency.api.get(offers), 200);
  expectStatus(await heir.api.del(first), 204);
  expectStatus(await heir.api.post(`${first}/accept`), 404);
  expectStatus(await heir.api.post(`${offers}/${await offered()}/accept`), 200);
  expectStatus(
    await platform.put(`/v1/accounts/${agency.accountId}/owner`, {
      memberId: agency.memberId,
      reason: "Back",
    }),
    200,
  );
}
