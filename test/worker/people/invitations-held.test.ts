import { beforeAll, describe, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus, type Problem } from "../../harness/client.ts";
import { codeOf, lastMail } from "../../harness/mailbox.ts";
import type { Person } from "../../harness/people.ts";
import { fetchWithDelayedWrite } from "../gate/delayed-write.ts";
import {
  acceptInvitation,
  ageInvitation,
  type Invitation,
  createInvitation,
  newPerson,
  readRows,
  invitationToken,
} from "./invitations-fixture.ts";
import {
  OTHER_IP,
  fetch,
  createPlatform,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

let platform: Api;
let team: Person;

beforeAll(async () => {
  platform = await createPlatform();
  team = await createSubscribedAccount(platform, "team");
});

type Waiting = Invitation & { readonly token: string };
const resend = async ({ id }: Waiting, who = team.api) => {
  await ageInvitation(id);
  return who.post<Problem>(`/v1/invitations/${id}/resend`);
};
const revoke = ({ id }: Waiting, who = team.api) => who.del<Problem>(`/v1/invitations/${id}`);

async function edit(path: string, patch: object): Promise<unknown> {
  const { headers } = expectStatus(await team.api.get(path), 200);
  return expectStatus(await team.api.patch(path, patch, { ifMatch: headers.get("etag") ?? "" }), 200);
}

describe("an acceptance that was decided and not yet written meets", () => {
  const account = () => `/v1/accounts/${team.accountId}`;
  const CHANGES: ReadonlyArray<
    readonly [title: string, between: (waiting: Waiting) => Promise<unknown>, expected: string, sound: number]
  > = [
    [
      "another acceptance",
      async ({ token }) => expectStatus(await acceptInvitation(token), 200),
      "409 invitation/used",
      1,
    ],
    [
      "a resend, whose newer link alone is good then",
      async (waiting) => expectStatus(await resend(waiting), 200),
      "404 not-found",
      0,
    ],
    [
      "a revocation",
      async (waiting) => expectStatus(await revoke(waiting), 204),
      "410 invitation/revoked",
      0,
    ],
    [
      "a block",
      async ({ member }) => expectStatus(await team.api.post(`/v1/members/${member.id}/block`), 200),
      "401 auth/blocked",
      0,
    ],
    [
      "an address rule of the member",
      ({ member }) => edit(`/v1/members/${member.id}`, { allowedIps: [`${OTHER_IP}/32`] }),
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
    const waiting = await createInvitation(team, { role: "member" });
    const late = fetchWithDelayedWrite(() => between(waiting), 1);
    expect(
      said(
        await api(late, null).post<Problem>("/v1/invitations/accept", { token: waiting.token, signIn: true }),
      ),
    ).toBe(expected);
    expect(await readRows("SELECT COUNT(*) AS n FROM user WHERE email = ?", waiting.member.email)).toEqual([
      { n: people },
    ]);
    expect(
      await readRows("SELECT COUNT(*) AS n FROM session WHERE member_id = ?", waiting.member.id),
    ).toEqual([{ n: 0 }]);
    await edit(account(), { allowedIps: [] });
  });
});

describe("what was decided about an invitation meets its acceptance", () => {
  test("a resend sends nothing then, and the invitation stays accepted", async () => {
    const waiting = await createInvitation(team, { role: "member" });
    const late = team.api.via(
      fetchWithDelayedWrite(async () => expectStatus(await acceptInvitation(waiting.token), 200), 2),
    );
    expect(said(await resend(waiting, late))).toBe("409 invitation/used");
    expect(await readRows("SELECT status, send_count FROM invitation WHERE id = ?", waiting.id)).toEqual([
      { status: "accepted", send_count: 1 },
    ]);
    expect(await invitationToken(waiting.member.email)).toBe(waiting.token);
  });

  test("a revocation takes no member away who has come", async () => {
    const waiting = await createInvitation(team, { role: "member" });
    const late = team.api.via(
      fetchWithDelayedWrite(async () => expectStatus(await acceptInvitation(waiting.token), 200), 2),
    );
    expect(said(await revoke(waiting, late))).toBe("409 invitation/used");
    expect(await readRows("SELECT COUNT(*) AS n FROM member WHERE id = ?", waiting.member.id)).toEqual([
      { n: 1 },
    ]);
  });
});

test("a person who joins by a link meets its end, and the code is still good for another", async () => {
  const vendor = await createSubscribedAccount(platform, "vendor");
  const link = async () =>
    expectStatus(
      await vendor.api.post<{ id: string; url: string }>(
        "/v1/operator-links",
        {},
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body;
  const [first, second] = [await link(), await link()];
  const tokenIn = ({ url }: { url: string }) => url.slice(url.indexOf("=") + 1);
  const joining = newPerson();
  expectStatus(
    await api(fetch, null).post("/v1/auth/codes", { email: joining.email, link: tokenIn(first) }),
    202,
  );
  const code = codeOf(await lastMail(fetch, joining.email, "join"));
  const late = fetchWithDelayedWrite(
    async () => expectStatus(await vendor.api.del(`/v1/operator-links/${first.id}`), 204),
    2,
  );
  expect(
    said(
      await api(late, null).post<Problem>("/v1/operator-links/join", {
        ...joining,
        code,
        token: tokenIn(first),
      }),
    ),
  ).toBe("410 invitation/revoked");
  expect(await readRows("SELECT COUNT(*) AS n FROM member WHERE email = ?", joining.email)).toEqual([
    { n: 0 },
  ]);
  expectStatus(
    await api(fetch, null).post("/v1/operator-links/join", { ...joining, code, token: tokenIn(second) }),
    201,
  );
});
