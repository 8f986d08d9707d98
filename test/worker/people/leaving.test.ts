import { beforeAll, describe, expect, test } from "vitest";
import { type Api, api, newKey, ok } from "../../harness/client.ts";
import { newAccount, newMember, newToken } from "../../harness/people.ts";
import { newTask, newTool } from "../resources/charge-world.ts";
import { actionsIn, at } from "../products/dealer-world.ts";
import { narrowed } from "../contract/narrowed-keys.ts";
import { fetch, foundPlatform, said, subscribed } from "../access/operators-world.ts";

let platform: Api;
beforeAll(async () => {
  platform = await foundPlatform();
});

describe("K11 a member leaves", () => {
  const leave = (who: Api) => who.post("/v1/me/leave");

  test("K11 what the member owned is the owner's, and all that names them goes as in a removal", async () => {
    const owner = await subscribed(platform, "agency");
    ok(
      await platform.post(
        `/v1/accounts/${owner.accountId}/credits`,
        { kind: "top_up", amount: 100 },
        { idempotencyKey: newKey() },
      ),
      201,
    );
    const tool = await newTool(platform);
    const member = await newMember(fetch, owner, {
      roles: ["specialist"],
      grants: [{ resourceType: "tool", resourceId: "0", access: "view" }],
    });
    const task = ok(await newTask(member.api, tool), 201).body.id;
    const token = api(fetch, await newToken(fetch, member.apiKey));
    ok(await leave(token), 204);
    for (const who of [member.api, token])
      expect(said(await who.get("/v1/me"))).toBe("401 auth/invalid-credential");
    expect(ok(await owner.api.get<{ ownerId: string }>(`/v1/tasks/${task}`), 200).body.ownerId).toBe(
      owner.memberId,
    );
    expect(said(await owner.api.get(`/v1/members/${member.memberId}`))).toBe("404 not-found");
    expect(
      (await actionsIn(owner.api, "member.delete")).map((event) => [
        event.resource.id,
        (event as { reason?: string }).reason,
      ]),
    ).toEqual([[member.memberId, "left"]]);
  });

  test("K11 not the owner or the last of the top role, nor by a narrowed key or from elsewhere", async () => {
    const owner = await subscribed(platform, "vendor");
    const member = await newMember(fetch, owner, { roles: ["operator"] });
    expect(said(await leave(owner.api))).toBe("409 conflict/last-admin");
    for (const narrow of await narrowed(owner, member))
      expect(said(await leave(narrow))).toBe("403 access/denied");
    const seller = await subscribed(platform, "seller");
    const organization = await newAccount(fetch, platform, "customer_org", { parentId: seller.accountId });
    const admin = await newMember(fetch, seller, { roles: ["seller_admin"] });
    expect(said(await leave(at(admin, organization.accountId)))).toBe("409 conflict/state");
    // Leaving needs no plan: an operator of a lapsed one goes too, and the other seller admin.
    ok(
      await platform.put(`/v1/accounts/${owner.accountId}/plan`, {
        restrictedAccounts: false,
        memberLimit: null,
        contactUrl: null,
      }),
      200,
    );
    expect(said(await member.api.get("/v1/products"))).toBe("402 plan/feature-required");
    for (const who of [member, admin]) ok(await leave(who.api), 204);
  });
});
