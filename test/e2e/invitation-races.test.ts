import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type Api,
  api,
  newIdempotencyKey,
  expectStatus,
  type Problem,
  type Reply,
} from "../harness/client.ts";
import { type Edge, startEdge } from "../harness/edge.ts";
import { lastMail, tokenOf } from "../harness/mailbox.ts";
import { newAccount, type Person } from "../harness/people.ts";
import { nextClientIp } from "../harness/sign-in.ts";
import { isSoak } from "../harness/soak.ts";

/** `npm run test:soak` asks for the long form. */
const ROUNDS = isSoak ? 100 : 4;
const ISOLATES = 4;

let edge: Edge;
let platform: Api;
let owner: Person;

beforeAll(async () => {
  edge = await startEdge({ isolates: ISOLATES });
  platform = api(edge.at(0), edge.platform.apiKey);
});
// Each race in an account of its own: one account sends 500 mails a day.
beforeEach(async () => {
  owner = await newAccount(edge.at(0), platform, "team");
});
afterAll(() => edge.close());

const anybody = (isolate: number): Api => api(edge.at(isolate % ISOLATES), null);
const admin = (isolate: number): Api => owner.api.via(edge.at(isolate % ISOLATES));
const said = ({ status, body }: Reply<Problem>): string =>
  status < 400 ? String(status) : `${status} ${body.code}`;

interface Waiting {
  readonly id: string;
  readonly memberId: string;
  readonly email: string;
  readonly token: string;
}

const tokenFor = async (email: string): Promise<string> =>
  tokenOf(await lastMail(edge.at(0), email, "invitation"));
const execute = async (sql: string, ...values: unknown[]) =>
  (
    await (
      await edge.env()
    ).DB.prepare(sql)
      .bind(...values)
      .all<Record<string, unknown>>()
  ).results;

/** An invitation that was sent long enough ago to be sent once more. */
async function invited(): Promise<Waiting> {
  const email = `${newIdempotencyKey()}@example.com`;
  const { id, member } = expectStatus(
    await owner.api.post<{ id: string; member: { id: string } }>(
      "/v1/invitations",
      { firstName: "Nora", lastName: "New", email, role: "member" },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  ).body;
  await execute("UPDATE invitation SET mail_at = 0 WHERE id = ?", id);
  return { id, memberId: member.id, email, token: await tokenFor(email) };
}

const accept = (isolate: number, token: string, signIn = false) =>
  anybody(isolate).post<Problem>("/v1/invitations/accept", { token, signIn }, { ip: nextClientIp() });
const rounds = Array.from({ length: ROUNDS }, (_, round) => round);

/** How often the trail tells that it was accepted, sealed already or not yet. */
const acceptances = async (id: string): Promise<unknown> =>
  (
    await execute(
      `SELECT
  (SELECT COUNT(*) FROM audit_outbox WHERE event ->> 'action' = 'invitation.accept'
    AND event ->> '$.resource.id' = ?1 AND event ->> 'outcome' = 'success')
  + (SELECT COUNT(*) FROM audit_event WHERE body ->> 'action' = 'invitation.accept'
    AND body ->> '$.resource.id' = ?1 AND body ->> 'outcome' = 'success') AS n`,
      id,
    )
  )[0]?.["n"];

describe("on every isolate", () => {
  test("S1.4: of several acceptances of one token exactly one succeeds, with one event", async () => {
    for (const round of rounds) {
      const { id, memberId, email, token } = await invited();
      const answers = await Promise.all(
        [0, 1, 2, 3].map((isolate) => accept(isolate, token, (isolate + round) % 2 === 0)),
      );
      expect(answers.map(said).sort()).toEqual(["200", ...Array(3).fill("409 invitation/used")]);
      expect(await execute("SELECT COUNT(*) AS n FROM user WHERE email = ?", email)).toEqual([{ n: 1 }]);
      expect(await acceptances(id)).toBe(1);
      const signedIn = answers.some(({ status, body }) => status === 200 && "session" in body);
      expect(await execute("SELECT COUNT(*) AS n FROM session WHERE member_id = ?", memberId)).toEqual([
        { n: signedIn ? 1 : 0 },
      ]);
      expect(
        await execute("SELECT status, user_id IS NOT NULL AS known FROM member WHERE id = ?", memberId),
      ).toEqual([{ status: signedIn ? "active" : "new", known: 1 }]);
    }
  });

  test("a resend and an acceptance: one of them wins, and no older link works", async () => {
    for (const round of rounds) {
      const { id, email, token } = await invited();
      const [resent, accepted] = await Promise.all([
        admin(round).post<Problem>(`/v1/invitations/${id}/resend`),
        accept(round + 1, token),
      ]);
      const outcome = `${said(resent)}, ${said(accepted)}`;
      expect(["200, 404 not-found", "409 invitation/used, 200"]).toContain(outcome);
      const [row] = await execute("SELECT status, send_count AS sent FROM invitation WHERE id = ?", id);
      if (accepted.status === 200) {
        expect(row).toEqual({ status: "accepted", sent: 1 });
        continue;
      }
      expect(row).toEqual({ status: "pending", sent: 2 });
      expect(said(await accept(round + 2, token))).toBe("404 not-found");
      expect(said(await accept(round + 3, await tokenFor(email)))).toBe("200");
    }
  });

  test("two revocations and an acceptance: the member joined or the row is gone, as answered", async () => {
    for (const round of rounds) {
      const { id, memberId, token } = await invited();
      const revoke = (isolate: number) => admin(isolate).del<Problem>(`/v1/invitations/${id}`);
      const [one, two, accepted] = await Promise.all([
        revoke(round),
        revoke(round + 1),
        accept(round + 2, token),
      ]);
      const [row] = await execute("SELECT status FROM invitation WHERE id = ?", id);
      const members = await execute("SELECT user_id IS NOT NULL AS known FROM member WHERE id = ?", memberId);
      const revocations = [said(one), said(two)].sort();
      if (accepted.status === 200) {
        expect([revocations, row, members]).toEqual([
          ["409 invitation/used", "409 invitation/used"],
          { status: "accepted" },
          [{ known: 1 }],
        ]);
      } else {
        expect([said(accepted), revocations, row, members]).toEqual([
          "410 invitation/revoked",
          ["204", "410 invitation/revoked"],
          { status: "revoked" },
          [],
        ]);
      }
    }
  });

  test("a block and an acceptance: the member is blocked in the end, and did not join after it", async () => {
    for (const round of rounds) {
      const { memberId, token } = await invited();
      const [blocked, accepted] = await Promise.all([
        admin(round).post<Problem>(`/v1/members/${memberId}/block`),
        accept(round + 1, token, true),
      ]);
      expect(said(blocked)).toBe("200");
      expect(["200", "401 auth/blocked"]).toContain(said(accepted));
      expect(await execute("SELECT status FROM member WHERE id = ?", memberId)).toEqual([
        { status: "blocked" },
      ]);
      if (accepted.status !== 200) continue;
      const { session } = accepted.body as unknown as { session: { access_token: string } };
      expect(said(await api(edge.at(round % ISOLATES), session.access_token).get<Problem>("/v1/me"))).toBe(
        "401 auth/blocked",
      );
    }
  });
});
