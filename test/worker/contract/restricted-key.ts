import { api, type Api, expectStatus } from "../../harness/client.ts";
import { newApiKey, type Person } from "../../harness/people.ts";
import { fetch } from "../access/operators-fixture.ts";

/** Keys that the member made, each narrowed in one way. */
export async function createRestrictedKeys(owner: Person, member: Person): Promise<Api[]> {
  expectStatus(
    await owner.api.patch(
      `/v1/accounts/${owner.accountId}`,
      { settings: { membersMayCreateKeys: true } },
      { ifMatch: "*" },
    ),
    200,
  );
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const terms = [{ scopes: [] }, { allowedIps: ["203.0.113.0/24"] }, { expiresAt }];
  return Promise.all(
    terms.map(async (each) => api(fetch, await newApiKey(fetch, member, member.memberId, each))),
  );
}
