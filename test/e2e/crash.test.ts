import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus, type Reply } from "../harness/client.ts";
import { readAllPages, findChainFaults } from "../harness/full-list.ts";
import { newServer, type Server } from "../harness/server.ts";
import { giveCredits, newAccount, newMember, type Person, activateSubscription } from "../harness/people.ts";
import { isSoak } from "../harness/soak.ts";

/** `npm run test:soak` asks for the long form. */
const CRASHES = isSoak ? 20 : 1;
const CALLERS = 8;

interface Spent {
  readonly id: string;
  readonly amount: number;
}

/** A spend as its caller knows it: the answer is null when the crash came first. */
interface Try {
  readonly key: string;
  readonly answer: Reply<Spent> | null;
}

let server: Server;
let platform: Api;

beforeAll(async () => {
  server = await newServer();
  platform = api(server.fetch, server.platform.apiKey);
});
afterAll(() => server.close());

const spend = (member: Person, key: string) =>
  member.api.post<Spent>("/v1/credits/spend", { amount: 1 }, { idempotencyKey: key });

/**
 * Callers spend without a pause until the server is gone; it is killed as soon as `enough` spends were
 * acknowledged.
 */
async function stormUntilKilled(member: Person, enough: number): Promise<Try[]> {
  const tries: Try[] = [];
  let [acknowledged, killing] = [0, null as Promise<void> | null];
  const caller = async () => {
    for (;;) {
      const key = newIdempotencyKey();
      const answer = await spend(member, key).catch(() => null);
      tries.push({ key, answer });
      if (answer === null) return;
      if ((acknowledged += 1) === enough) killing = server.kill9();
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  await killing;
  return tries;
}

const replayAll = async (member: Person, tries: readonly Try[]) => {
  const answers: Reply<Spent>[] = [];
  for (let start = 0; start < tries.length; start += CALLERS) {
    answers.push(
      ...(await Promise.all(tries.slice(start, start + CALLERS).map(({ key }) => spend(member, key)))),
    );
  }
  return answers;
};

describe("kill -9 of the whole server in the middle of a spending storm", () => {
  test(`S1.8 S4.22 ${CRASHES} times: nothing is lost or charged twice, each entry comes once`, async () => {
    await server.start();
    const owner = await newAccount(server.fetch, platform, "team");
    await activateSubscription(platform, owner.accountId);
    await giveCredits(platform, owner.accountId, 1_000_000);
    const member = await newMember(server.fetch, owner, { roles: ["member"] });
    const charged = new Set<string>();

    for (let crash = 0; crash < CRASHES; crash += 1) {
      const tries = await stormUntilKilled(member, 20 + ((crash * 37) % 150));
      expect(tries.some(({ answer }) => answer === null)).toBe(true);
      await server.start();
      const first = await replayAll(member, tries);
      expect(first.map(({ status }) => status)).toEqual(tries.map(() => 201));
      tries.forEach(({ answer }, index) => {
        if (answer !== null) expect([answer.status, answer.body]).toEqual([201, first[index]?.body]);
      });
      const second = await replayAll(member, tries);
      expect(second.map(({ body }) => body)).toEqual(first.map(({ body }) => body));
      for (const { body } of first) charged.add(body.id);
      const { spent } = expectStatus(await member.api.get<{ spent: number }>("/v1/credits"), 200).body;
      expect(spent).toBe(charged.size);
    }

    await server.sweep();
    const ledger = await readAllPages<{ id: string; kind: string }>(
      owner.api,
      "/v1/credits/ledger?limit=100",
    );
    const entries = ledger.map(({ id }) => id);
    expect(new Set(entries).size).toBe(entries.length);
    expect(
      ledger
        .filter(({ kind }) => kind === "spend")
        .map(({ id }) => id)
        .sort(),
    ).toEqual([...charged].sort());
    const trail = await readAllPages<{ resource: { id: string } }>(
      owner.api,
      "/v1/audit?limit=100&action=credits.*",
    );
    expect(trail.map(({ resource }) => resource.id).sort()).toEqual(entries.sort());
    expect(await findChainFaults(owner.api)).toEqual([]);
  });
});
