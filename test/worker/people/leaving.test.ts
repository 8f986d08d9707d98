import { beforeAll, describe, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newAccount, newMember, newToken } from "../../harness/people.ts";
import { createTask, createTool } from "../resources/charge-fixture.ts";
import { listActions, actingIn } from "../products/dealer-fixture.ts";
import { createRestrictedKeys } from "../contract/restricted-key.ts";
import { fetch, createPlatform, said, createSubscribedAccount } from "../access/operators-fixture.ts";

let platform: Api;
beforeAll(async () => {
  platform = await createPlatform();
});

describe("K11 a member leaves", () => {
  const leave = (who: Api) => who.post("/v1/me/leave");

  test("K11 what the member owned is the owner's, and all that names them goes as in a removal", async () => {
    const owner = await createSubscribedAccount(platform, "agency");
    expectStatus(
      await platform.post(
        `/v1/accounts/${owner.accountId}/credits`,
        { kind: "top_up", amount: 100 },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    );
    const tool = await createTool(platform);
    const member = await newMember(fetch, owner, {
      roles: ["specialist"],
      grants: [{ resourceType: "tool", resourceId: "0", access: "view" }],
    });
    const task = expectStatus(await createTask(member.api, tool), 201).body.id;
    const token = api(fetch, await newToken(fetch, member.apiKey));
    expectStatus(await leave(token), 204);
    for (const who of [member.api, token])
      expect(said(await who.get("/v1/me"))).toBe("401 auth/invalid-credential");
    expect(
      expectStatus(await owner.api.get<{ ownerId: string }>(`/v1/tasks/${task}`), 200).body.ownerId,
    ).toBe(owner.memberId);
    expect(said(await owner.api.get(`/v1/members/${member.memberId}`))).toBe("404 not-found");
    expect(
      (await listActions(owner.api, "member.delete")).map((event) => [
        event.resource.id,
        (event as { reason?: string }).reason,
      ]),
    ).toEqual([[member.memberId, "left"]]);
  });

  test("K11 not the owner or the last of the top role, nor by a narrowed key or from elsewhere", async () => {
    const owner = await createSubscribedAccount(platform, "vendor");
    const member = await newMember(fetch, owner, { roles: ["operator"] });
    expect(said(await leave(owner.api))).toBe("409 conflict/last-admin");
    for (const narrow of await createRestrictedKeys(owner, member))
      expect(said(await leave(narrow))).toBe("403 access/denied");
    const seller = await createSubscribedAccount(platform, "seller");
    const organization = await newAccount(fetch, platform, "customer_org", { parentId: seller.accountId });
    const admin = await newMember(fetch, seller, { roles: ["seller_admin"] });
    expect(said(await leave(actingIn(admin, organization.accountId)))).toBe("409 conflict/state");
    // Leaving needs no plan: an operator of a lapsed one goes too, and the other seller admin.
    expectStatus(
      await platform.put(`/v1/accounts/${owner.accountId}/plan`, {
        restrictedAccounts: false,
        memberLimit: null,
        contactUrl: null,
      }),
      200,
    );
    expect(said(await member.api.get("/v1/products"))).toBe("402 plan/feature-required");
    for (const who of [member, admin]) expectStatus(await leave(who.api), 204);
  });
});
