import { beforeAll, describe, expect, test } from "vitest";
import { type Api, api, newKey, ok } from "../../harness/client.ts";
import { mailsTo } from "../../harness/mailbox.ts";
import { newApiKey, newMember, type Person } from "../../harness/people.ts";
import { aged, invited, person } from "../people/invitations-world.ts";
import { fetch, foundPlatform, HOME, said, subscribed } from "../access/operators-world.ts";

let platform: Api;
let team: Person;
beforeAll(async () => {
  platform = await foundPlatform();
  team = await subscribed(platform, "team");
});

const move = (who: { readonly api: Api }, id: string) =>
  who.api.patch(`/v1/members/${id}`, { email: person().email }, { ifMatch: "*" });
const resend = (who: { readonly api: Api }, id: string) => who.api.post(`/v1/invitations/${id}/resend`);

describe("a key that is narrowed in place or time gives no more access than it has", () => {
  test.each([
    ["place", () => ({ allowedIps: [HOME] })],
    ["time", () => ({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() })],
  ])("%s: it gives no member roles, in any way", async (_, narrowing) => {
    const narrow = { api: api(fetch, await newApiKey(fetch, team, team.memberId, narrowing())) };
    const [waiting, old] = [
      await invited(team, { roles: ["member"] }),
      await newMember(fetch, team, { roles: ["viewer"] }),
    ];
    await aged(waiting.id);
    const [first, second, third] = [person(), person(), person()];
    const refused = await narrow.api.post<{ detail: string }>(
      "/v1/invitations",
      { ...first, roles: ["admin"] },
      { idempotencyKey: newKey() },
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
    const { body } = ok(
      await narrow.api.post<{ results: { status: number }[] }>(
        "/v1/invitations/bulk",
        { invitations: [{ ...third, roles: ["member"] }] },
        { idempotencyKey: newKey() },
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
    const vendor = await subscribed(platform, "vendor");
    const narrow = api(fetch, await newApiKey(fetch, vendor, vendor.memberId, { allowedIps: [HOME] }));
    expect(said(await narrow.post("/v1/operator-links", {}, { idempotencyKey: newKey() }))).toBe(
      "403 access/denied",
    );
  });
});
