import { beforeAll, describe, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { mailsTo } from "../../harness/mailbox.ts";
import { newApiKey, newMember, type Person } from "../../harness/people.ts";
import { ageInvitation, createInvitation, newPerson } from "../people/invitations-fixture.ts";
import {
  fetch,
  createPlatform,
  HOME_IP,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

let platform: Api;
let team: Person;
beforeAll(async () => {
  platform = await createPlatform();
  team = await createSubscribedAccount(platform, "team");
});

const move = (who: { readonly api: Api }, id: string) =>
  who.api.patch(`/v1/members/${id}`, { email: newPerson().email }, { ifMatch: "*" });
const resend = (who: { readonly api: Api }, id: string) => who.api.post(`/v1/invitations/${id}/resend`);

describe("a key that is narrowed in place or time gives no more access than it has", () => {
  test.each([
    ["place", () => ({ allowedIps: [HOME_IP] })],
    ["time", () => ({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() })],
  ])("%s: it gives no member roles, in any way", async (_, narrowing) => {
    const narrow = { api: api(fetch, await newApiKey(fetch, team, team.memberId, narrowing())) };
    const [waiting, old] = [
      await createInvitation(team, { roles: ["member"] }),
      await newMember(fetch, team, { roles: ["viewer"] }),
    ];
    await ageInvitation(waiting.id);
    const [first, second, third] = [newPerson(), newPerson(), newPerson()];
    const refused = await narrow.api.post<{ detail: string }>(
      "/v1/invitations",
      { ...first, roles: ["admin"] },
      { idempotencyKey: newIdempotencyKey() },
    );
    expect([said(refused), refused.body.detail]).toEqual([
      "403 access/denied",
      expect.stringContaining("restricted in"),
    ]);
    expect(
      [
        await narrow.api.post("/v1/members", { ...second, roles: ["member"] }),
        await resend(narrow, waiting.id),
        await move(narrow, waiting.member.id),
        await narrow.api.patch(`/v1/members/${old.memberId}`, { roles: ["member"] }, { ifMatch: "*" }),
      ].map(said),
    ).toEqual(Array(4).fill("403 access/denied"));
    const { body } = expectStatus(
      await narrow.api.post<{ results: { status: number }[] }>(
        "/v1/invitations/bulk",
        { invitations: [{ ...third, roles: ["member"] }] },
        { idempotencyKey: newIdempotencyKey() },
      ),
      200,
    );
    expect(body.results.map(({ status }) => status)).toEqual([403]);
    for (const { email } of [first, second, third]) expect(await mailsTo(fetch, email)).toEqual([]);
    // What gives nothing, it may do.
    expect(
      said(await narrow.api.patch(`/v1/members/${old.memberId}`, { city: "Bergen" }, { ifMatch: "*" })),
    ).toBe("200");
    expect(said(await narrow.api.patch(`/v1/members/${old.memberId}`, { roles: [] }, { ifMatch: "*" }))).toBe(
      "200",
    );
  });

  test("nor does a link of it", async () => {
    const vendor = await createSubscribedAccount(platform, "vendor");
    const narrow = api(fetch, await newApiKey(fetch, vendor, vendor.memberId, { allowedIps: [HOME_IP] }));
    expect(said(await narrow.post("/v1/operator-links", {}, { idempotencyKey: newIdempotencyKey() }))).toBe(
      "403 access/denied",
    );
  });
});
