import { beforeAll, describe, expect, test } from "vitest";
import { type Api, api, newKey, ok, type Problem } from "../../harness/client.ts";
import { codeOf, lastMail } from "../../harness/mailbox.ts";
import type { Person } from "../../harness/people.ts";
import { heldBack } from "../gate/held-back.ts";
import { accept, aged, type Invitation, invited, person, rows, tokenFor } from "./invitations-world.ts";
import { ELSEWHERE, fetch, foundPlatform, said, subscribed } from "../access/operators-world.ts";

let platform: Api;
let team: Person;

beforeAll(async () => {
  platform = await foundPlatform();
  team = await subscribed(platform, "team");
});

type Waiting = Invitation & { readonly token: string };
const resend = async ({ id }: Waiting, who = team.api) => {
  await aged(id);
  return who.post<Problem>(`/v1/invitations/${id}/resend`);
};
const revoke = ({ id }: Waiting, who = team.api) => who.del<Problem>(`/v1/invitations/${id}`);

async function edit(path: string, patch: object): Promise<unknown> {
  const { headers } = ok(await team.api.get(path), 200);
  return ok(await team.api.patch(path, patch, { ifMatch: headers.get("etag") ?? "" }), 200);
}

describe("an acceptance that was decided and not yet written meets", () => {
  const account = () => `/v1/accounts/${team.accountId}`;
  const CHANGES: ReadonlyArray<
    readonly [title: string, between: (waiting: Waiting) => Promise<unknown>, expected: string, sound: number]
  > = [
    ["another acceptance", async ({ token }) => ok(await accept(token), 200), "409 invitation/used", 1],
    [
      "a resend, whose newer link alone is good then",
      async (waiting) => ok(await resend(waiting), 200),
      "404 not-found",
      0,
    ],
    ["a revocation", async (waiting) => ok(await revoke(waiting), 204), "410 invitation/revoked", 0],
    [
      "a block",
      async ({ member }) => ok(await team.api.post(`/v1/members/${member.id}/block`), 200),
      "401 auth/blocked",
      0,
    ],
    [
      "an address rule of the member",
      ({ member }) => edit(`/v1/members/${member.id}`, { allowedIps: [`${ELSEWHERE}/32`] }),
      "403 ip/not-allowed",
      0,
    ],
    [
      "an address rule of the account",
      () => edit(account(), { allowedIps: ["203.0.113.0/24"] }),
      "403 ip/not-allowed",
      0,
    ],
  ];
  test.each(CHANGES)("%s", async (_, between, expected, people) => {
    const waiting = await invited(team, { role: "member" });
    const late = heldBack(() => between(waiting), 1);
    expect(
      said(
        await api(late, null).post<Problem>("/v1/invitations/accept", { token: waiting.token, signIn: true }),
      ),
    ).toBe(expected);
    expect(await rows("SELECT COUNT(*) AS n FROM user WHERE email = ?", waiting.member.email)).toEqual([
      { n: people },
    ]);
    expect(await rows("SELECT COUNT(*) AS n FROM session WHERE member_id = ?", waiting.member.id)).toEqual([
      { n: 0 },
    ]);
    await edit(account(), { allowedIps: [] });
  });
});

describe("what was decided about an invitation meets its acceptance", () => {
  test("a resend sends nothing then, and the invitation stays accepted", async () => {
    const waiting = await invited(team, { role: "member" });
    const late = team.api.via(heldBack(async () => ok(await accept(waiting.token), 200), 2));
    expect(said(await resend(waiting, late))).toBe("409 invitation/used");
    expect(await rows("SELECT status, send_count FROM invitation WHERE id = ?", waiting.id)).toEqual([
      { status: "accepted", send_count: 1 },
    ]);
    expect(await tokenFor(waiting.member.email)).toBe(waiting.token);
  });

  test("a revocation takes no member away who has come", async () => {
    const waiting = await invited(team, { role: "member" });
    const late = team.api.via(heldBack(async () => ok(await accept(waiting.token), 200), 2));
    expect(said(await revoke(waiting, late))).toBe("409 invitation/used");
    expect(await rows("SELECT COUNT(*) AS n FROM member WHERE id = ?", waiting.member.id)).toEqual([
      { n: 1 },
    ]);
  });
});

test("a person who joins by a link meets its end, and the code is still good for another", async () => {
  const vendor = await subscribed(platform, "vendor");
  const link = async () =>
    ok(
      await vendor.api.post<{ id: string; url: string }>(
        "/v1/operator-links",
        {},
        { idempotencyKey: newKey() },
      ),
      201,
    ).body;
  const [first, second] = [await link(), await link()];
  const tokenIn = ({ url }: { url: string }) => url.slice(url.indexOf("=") + 1);
  const joining = person();
  ok(await api(fetch, null).post("/v1/auth/codes", { email: joining.email, link: tokenIn(first) }), 202);
  const code = codeOf(await lastMail(fetch, joining.email, "join"));
  const late = heldBack(async () => ok(await vendor.api.del(`/v1/operator-links/${first.id}`), 204), 2);
  expect(
    said(
      await api(late, null).post<Problem>("/v1/operator-links/join", {
        ...joining,
        code,
        token: tokenIn(first),
      }),
    ),
  ).toBe("410 invitation/revoked");
  expect(await rows("SELECT COUNT(*) AS n FROM member WHERE email = ?", joining.email)).toEqual([{ n: 0 }]);
  ok(
    await api(fetch, null).post("/v1/operator-links/join", { ...joining, code, token: tokenIn(second) }),
    201,
  );
});
