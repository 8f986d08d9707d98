import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import type { Person } from "../../harness/people.ts";
import { nextClientIp } from "../../harness/sign-in.ts";
import { createInvitation } from "../people/invitations-fixture.ts";
import { createPlatform, said, createSubscribedAccount } from "../access/operators-fixture.ts";
import {
  joinOtherAccount,
  anonymousCaller,
  addSignedInMember,
  signInWith,
  requestMail,
  listEvents,
} from "../people/sign-in-fixture.ts";

let platform: Api;
let team: Person;
beforeAll(async () => {
  platform = await createPlatform();
  team = await createSubscribedAccount(platform, "team");
});

/** Rows of the trail, and what is counted beside it to become one row for each kind and minute. */
const denied = async (action: string, id: string) => {
  const counted = await env.DB.prepare(
    `SELECT coalesce(sum(repeated), 0) AS n FROM refusal
     WHERE account_id = ? AND instr(event, ?) > 0 AND instr(event, ?) > 0`,
  )
    .bind(team.accountId, `"${action}"`, `"${id}"`)
    .first<number>("n");
  const rows = await rowsOf(action, id);
  expect(rows).toBeLessThan(5);
  return rows + (counted ?? 0);
};

const rowsOf = async (action: string, id: string) =>
  (await listEvents(team.accountId, action)).filter(
    ({ outcome, resource, actor }) =>
      outcome === "denied" &&
      ((resource as { id: string | null }).id === id || (actor as { memberId: string }).memberId === id),
  ).length;

/** How often each answer came. */
async function tally(
  times: number,
  once: () => Promise<{ status: number; body: unknown }>,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let time = 0; time < times; time += 1) {
    const answer = said((await once()) as never);
    counts[answer] = (counts[answer] ?? 0) + 1;
  }
  return counts;
}

describe("K8 a stranger with an old mail writes few rows of the trail, and so many are counted a day", () => {
  test("by an invitation that has expired", async () => {
    const { id, token } = await createInvitation(team, { role: "member" });
    await env.DB.prepare("UPDATE invitation SET expires_at = 1 WHERE id = ?").bind(id).run();
    const ip = nextClientIp();
    expect(await tally(40, () => anonymousCaller.post("/v1/invitations/accept", { token }, { ip }))).toEqual({
      "410 invitation/expired": 30,
      "429 quota-exceeded": 10,
    });
    expect(await denied("invitation.accept", id)).toBe(30);
    // From ever so many places it is refused as before, but told a hundred times a day.
    expect(
      await tally(80, () =>
        anonymousCaller.post("/v1/invitations/accept", { token }, { ip: nextClientIp() }),
      ),
    ).toEqual({ "410 invitation/expired": 80 });
    expect(await denied("invitation.accept", id)).toBe(100);
  });

  test("by the link of a sign-in mail, blocked since; and by a key's claim that has run out", async () => {
    const one = await addSignedInMember(team);
    const { token } = await requestMail(one.email);
    expectStatus(await team.api.post(`/v1/members/${one.id}/block`), 200);
    const [ip, other] = [nextClientIp(), nextClientIp()];
    expect(await tally(40, () => signInWith({ token }, { ip }))).toEqual({
      "401 auth/blocked": 30,
      "429 quota-exceeded": 10,
    });
    expect(await denied("session.create", one.id)).toBe(30);
    const key = expectStatus(
      await team.api.post<{ id: string; claim: { token: string } }>(
        `/v1/members/${(await waiting()).id}/api-keys`,
        { name: "k" },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body;
    await env.DB.prepare("UPDATE api_key SET claim_expires_at = 1 WHERE id = ?").bind(key.id).run();
    expect(
      await tally(40, () =>
        anonymousCaller.post("/v1/auth/claims", { token: key.claim.token }, { ip: other }),
      ),
    ).toEqual({ "410 invitation/expired": 30, "429 quota-exceeded": 10 });
  });
});

const waiting = async () => (await createInvitation(team, { role: "member" })).member;

test("S2.19: a choice offers twenty accounts, those that the person is in first", async () => {
  const one = await addSignedInMember(team);
  await joinOtherAccount(platform, one.email);
  const seller = await createSubscribedAccount(platform, "seller");
  for (let count = 0; count < 22; count += 1) {
    await env.DB.prepare("DELETE FROM tally").run();
    expectStatus(
      await seller.api.post(
        "/v1/organizations",
        { name: `Your bank ${count}`, owner: { email: one.email, firstName: "V", lastName: "V" } },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    );
  }
  const { token } = await requestMail(one.email);
  const { accounts } = (await signInWith({ token })).body as unknown as {
    accounts: { invitation: boolean }[];
  };
  expect(accounts.map(({ invitation }) => invitation)).toEqual([false, false, ...Array(18).fill(true)]);
  expect((await signInWith({ token, accountId: team.accountId })).status).toBe(201);
});
