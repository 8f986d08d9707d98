import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api, newIdempotencyKey, expectStatus, type Reply } from "../harness/client.ts";
import { type Edge, startEdge } from "../harness/edge.ts";
import { lastMail, tokenOf } from "../harness/mailbox.ts";
import { newAccount, type Person } from "../harness/people.ts";
import { nextClientIp, requestCode, signIn, type Tokens } from "../harness/sign-in.ts";
import { isSoak } from "../harness/soak.ts";

/** `npm run test:soak` asks for the long form. */
const ROUNDS = isSoak ? 100 : 4;
const ISOLATES = 4;

let edge: Edge;
let owner: Person;

beforeAll(async () => {
  edge = await startEdge({ isolates: ISOLATES });
  owner = await newAccount(edge.at(0), api(edge.at(0), edge.platform.apiKey), "team");
});
afterAll(() => edge.close());

const post = (isolate: number, path: string, body: object) =>
  api(edge.at(isolate % ISOLATES), null).post<Tokens>(path, body, { ip: nextClientIp() });
const refresh = (isolate: number, token: string) =>
  post(isolate, "/v1/auth/refresh", { refresh_token: token });
const me = (isolate: number, token: string) =>
  api(edge.at(isolate % ISOLATES), token).get<Record<string, unknown>>("/v1/me");
const won = (answers: readonly Reply<Tokens>[]) =>
  answers.filter(({ status }) => status === 200 || status === 201);

async function invited(): Promise<{ id: string; email: string }> {
  const email = `${newIdempotencyKey()}@example.com`;
  return {
    email,
    ...expectStatus(
      await owner.api.post<{ id: string }>(
        "/v1/members",
        { firstName: "Nora", lastName: "New", email, roles: ["member"] },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body,
  };
}

/** The invitation of a new member, aged so that it may be sent at once. */
const invitationOf = async (memberId: string): Promise<string> =>
  (
    await (
      await edge.env()
    ).DB.prepare("UPDATE invitation SET mail_at = 0 WHERE member_id = ? RETURNING id")
      .bind(memberId)
      .first<{ id: string }>()
  )?.id ?? "";

/** How many rows a statement counts. */
const counted = async (sql: string, value: string): Promise<number> =>
  (await (await edge.env()).DB.prepare(sql).bind(value).first<{ n: number }>())?.n ?? -1;

/** A moment later each time, so that the block meets every step of what runs beside it. */
async function blockAfter(ms: number, memberId: string, isolate: number): Promise<void> {
  await new Promise((go) => {
    setTimeout(go, ms);
  });
  expectStatus(await owner.api.via(edge.at(isolate % ISOLATES)).post(`/v1/members/${memberId}/block`), 200);
}

describe("on every isolate", () => {
  test("S2.21: no call and no refresh that began after a block was acknowledged succeeds", async () => {
    const { id, email } = await invited();
    let { tokens } = await signIn(edge.at(0), email, owner.accountId);
    const wrong: string[] = [];
    let [before, after] = [0, 0];
    for (let round = 0; round < ROUNDS; round += 1) {
      let acknowledged = false;
      /** Calls one after another, some of them past the block. */
      const stream = async (call: () => Promise<{ status: number }>): Promise<void> => {
        for (let late = 0; late < 3; ) {
          const began = acknowledged;
          const { status } = await call();
          if (began) [late, after] = [late + 1, after + 1];
          else before += status === 200 ? 1 : 0;
          // Two changes in the middle of one call are answered 503.
          if (began ? status !== 401 : ![200, 401, 503].includes(status))
            wrong.push(`round ${round}: ${status}, ${began ? "after" : "before"} the block`);
        }
      };
      const streams = [0, 1, 2, 3].map((isolate) => stream(() => me(isolate, tokens.access_token)));
      const refreshing = stream(async () => {
        const answer = await refresh(round, tokens.refresh_token);
        if (answer.status === 200) tokens = answer.body;
        return answer;
      });
      expectStatus(await owner.api.via(edge.at(round % ISOLATES)).post(`/v1/members/${id}/block`), 200);
      acknowledged = true;
      await Promise.all([...streams, refreshing]);
      expectStatus(await owner.api.post(`/v1/members/${id}/unblock`), 200);
    }
    expect(wrong).toEqual([]);
    // The race was run: there were calls on both sides.
    expect([before > 0, after >= ROUNDS * 15]).toEqual([true, true]);
  });

  test("S2.19: a code sent to every isolate at once opens one session and activates once", async () => {
    const found: unknown[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { id, email } = await invited();
      const code = await requestCode(edge.at(0), email);
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, isolate) =>
          post(isolate, "/v1/auth/sessions", { email, code, accountId: owner.accountId }),
        ),
      );
      const card = expectStatus(await owner.api.get<{ status: string }>(`/v1/members/${id}`), 200);
      found.push([
        won(answers).length,
        await counted("SELECT count(*) AS n FROM session WHERE member_id = ?", id),
        card.body.status,
        await counted("SELECT version AS n FROM member WHERE id = ?", id),
      ]);
    }
    // Made, accepted, active.
    expect(found).toEqual(Array(ROUNDS).fill([1, 1, "active", 3]));
  });

  test("S2.18, S2.19, S2.21: a block during a first sign-in comes before it or after it", async () => {
    const found: unknown[] = [];
    const late: string[] = [];
    for (let round = 0; round < ROUNDS * 2; round += 1) {
      const { id, email } = await invited();
      expectStatus(await owner.api.post(`/v1/invitations/${await invitationOf(id)}/resend`), 200);
      expectStatus(
        await post(0, "/v1/invitations/accept", {
          token: tokenOf(await lastMail(edge.at(0), email, "invitation")),
        }),
        200,
      );
      const code = await requestCode(edge.at(0), email);
      const [answer] = await Promise.all([
        post(round, "/v1/auth/sessions", { email, code }),
        blockAfter(round % 8, id, round + 1),
      ]);
      if (answer.status === 201) late.push(answer.body.access_token);
      const activations = await counted(
        `SELECT count(*) AS n
          FROM (SELECT event AS body FROM audit_outbox UNION ALL SELECT body FROM audit_event)
          WHERE body ->> '$.action' = 'member.activate' AND body ->> '$.resource.id' = ?`,
        id,
      );
      const came = await counted("SELECT last_login_at IS NOT NULL AS n FROM member WHERE id = ?", id);
      found.push([
        answer.status,
        activations,
        came,
        await counted("SELECT status = 'blocked' AS n FROM member WHERE id = ?", id),
        await counted("SELECT count(*) AS n FROM session WHERE member_id = ?", id),
      ]);
    }
    const consistent = found.map((row) =>
      (row as number[])[0] === 201 ? [201, 1, 1, 1, 1] : [401, 0, 0, 1, 0],
    );
    expect(found).toEqual(consistent);
    expect(await Promise.all(late.map(async (token) => (await me(1, token)).status))).toEqual(
      late.map(() => 401),
    );
  });

  test("a refresh token sent at once from many addresses works once at most, its session ends", async () => {
    const found: unknown[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { email } = await invited();
      const { tokens } = await signIn(edge.at(0), email, owner.accountId);
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, isolate) => refresh(isolate, tokens.refresh_token)),
      );
      const good = won(answers).map(({ body }) => body);
      const left = [tokens, ...good].flatMap(({ access_token, refresh_token }) =>
        [0, 1, 2, 3]
          .map((isolate) => me(isolate, access_token))
          .concat(refresh(round, refresh_token) as never),
      );
      found.push([good.length <= 1, new Set((await Promise.all(left)).map(({ status }) => status))]);
    }
    expect(found).toEqual(Array(ROUNDS).fill([true, new Set([401])]));
  });

  test("K16 a refresh token sent at once from one address gets the same successor everywhere", async () => {
    const found: unknown[] = [];
    for (let round = 0; round < ROUNDS / 4; round += 1) {
      const { email } = await invited();
      const { tokens } = await signIn(edge.at(0), email, owner.accountId);
      const ip = nextClientIp();
      const again = (isolate: number, token: string) =>
        api(edge.at(isolate % ISOLATES), null).post<Tokens>(
          "/v1/auth/refresh",
          { refresh_token: token },
          { ip },
        );
      const good = won(
        await Promise.all(Array.from({ length: 8 }, (_, isolate) => again(isolate, tokens.refresh_token))),
      ).map(({ body }) => body);
      // Once the successor is used, the first token ends the session.
      const next = expectStatus(await again(round, good[0]?.refresh_token ?? ""), 200).body;
      const late = await again(round + 1, tokens.refresh_token);
      found.push([
        good.length,
        new Set(good.map(({ refresh_token }) => refresh_token)).size,
        late.status,
        (await me(round, next.access_token)).status,
      ]);
    }
    expect(found).toEqual(Array(ROUNDS / 4).fill([8, 1, 401, 401]));
  });
});
