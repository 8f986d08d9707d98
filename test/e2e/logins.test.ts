import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, type Reply } from "../harness/client.ts";
import { type Edge, startEdge } from "../harness/edge.ts";
import { fillLogins } from "../harness/logins.ts";
import { newAccount, type Person } from "../harness/people.ts";
import { printFigure } from "../harness/full-list.ts";
import { isSoak } from "../harness/soak.ts";

/** `npm run test:soak` asks for the long form. */
const ROUNDS = isSoak ? 100 : 1;
const ASKED = 50;
const FREE = 10;
const LOGINS = 9_999;

let edge: Edge;
let platform: Api;
let dealer: Person;
beforeAll(async () => {
  edge = await startEdge({ isolates: 2 });
  platform = api(edge.at(0), edge.platform.apiKey);
  dealer = await newAccount(edge.at(0), platform, "dealer");
  await fillLogins((await edge.env()).DB, dealer.accountId, 2, LOGINS);
});
afterAll(() => edge.close());

interface Made {
  readonly id: string;
  readonly login: string;
  readonly code?: string;
}

/** Which logins are free in a round: the last ones, or some in between. */
const freed = (round: number): string[] =>
  Array.from({ length: FREE }, (_, n) =>
    String(round % 2 === 0 ? LOGINS - n : 2 + ((round * 613 + n * 977) % (LOGINS - 2))).padStart(4, "0"),
  ).sort();

test(`S3.52: of ${ASKED} creations at once for the last ${FREE} logins exactly ${FREE} succeed`, async () => {
  const { DB } = await edge.env();
  let again = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const logins = freed(round);
    await DB.prepare("DELETE FROM member WHERE account_id = ? AND login IN (SELECT value FROM json_each(?))")
      .bind(dealer.accountId, JSON.stringify(logins))
      .run();
    const create = async (index: number): Promise<Reply<Made>> => {
      const body = {
        firstName: "Last",
        lastName: "One",
        email: `r${round}-${index}@example.com`,
        roles: ["dealer_user"],
      };
      const ask = { idempotencyKey: newIdempotencyKey() };
      const answer = await dealer.api.via(edge.at(index % 2)).post<Made>("/v1/members", body, ask);
      // The same key once more is the same member, or the same refusal.
      const twin = await dealer.api.via(edge.at((index + 1) % 2)).post<Made>("/v1/members", body, ask);
      expect([twin.status, twin.body.id, twin.body.login]).toEqual([
        answer.status,
        answer.body.id,
        answer.body.login,
      ]);
      again += 1;
      return answer;
    };
    const answers = await Promise.all(Array.from({ length: ASKED }, (_, index) => create(index)));
    const made = answers
      .filter(({ status }) => status === 201)
      .map(({ body }) => body.login)
      .sort();
    expect(made).toEqual(logins);
    expect(
      answers.filter(({ status }) => status !== 201).map(({ status, body }) => `${status} ${body.code}`),
    ).toEqual(Array.from({ length: ASKED - FREE }, () => "409 conflict/member-limit"));
    const { results } = await DB.prepare(
      `SELECT count(*) AS members, count(DISTINCT login) AS logins, min(login) AS first, max(login) AS last
        FROM member WHERE account_id = ?`,
    )
      .bind(dealer.accountId)
      .all();
    expect(results).toEqual([{ members: LOGINS, logins: LOGINS, first: "0001", last: String(LOGINS) }]);
    // Each new member has the one invitation that waits for them, and no refused creation left any.
    const astray = await DB.prepare(
      `SELECT (SELECT count(*) FROM invitation WHERE account_id = ?1)
        - (SELECT count(*) FROM member WHERE account_id = ?1 AND (status = 'new' OR id = ?2)) AS n`,
    )
      .bind(dealer.accountId, dealer.memberId)
      .first("n");
    expect(astray).toBe(0);
  }
  printFigure(`${ROUNDS} rounds, ${again} creations asked twice`);
}, 3_600_000);
