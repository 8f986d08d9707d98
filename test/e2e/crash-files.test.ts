import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus, toReply } from "../harness/client.ts";
import { newAccount, newMember, type Person, activateSubscription } from "../harness/people.ts";
import { readAllPages } from "../harness/full-list.ts";
import { newServer, type Server } from "../harness/server.ts";
import { isSoak } from "../harness/soak.ts";

/** `npm run test:soak` asks for the long form. */
const CRASHES = isSoak ? 20 : 1;
const CALLERS = 4;

interface FileCard {
  readonly name: string;
  readonly sha256: string;
  readonly size: number;
}

let server: Server;
let platform: Api;
let member: Person;
let theme: string;

beforeAll(async () => {
  server = await newServer();
  platform = api(server.fetch, server.platform.apiKey);
  await server.start();
  const owner = await newAccount(server.fetch, platform, "team");
  await activateSubscription(platform, owner.accountId);
  member = await newMember(server.fetch, owner, { roles: ["admin"] });
  theme = expectStatus(
    await platform.post<{ id: string }>(
      "/v1/catalog",
      { name: "Aurora", vendor: "Nordlys" },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  ).body.id;
  expectStatus(
    await member.api.post("/v1/licenses", { themeId: theme }, { idempotencyKey: newIdempotencyKey() }),
    201,
  );
});
afterAll(() => server.close());

const hash = async (bytes: BufferSource) =>
  Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");

async function upload(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const headers = { authorization: `Bearer ${server.platform.apiKey}`, "content-type": "application/zip" };
  return (
    await toReply(
      await server.fetch(`/v1/catalog/${theme}/files/${name}`, { method: "PUT", headers, body: bytes }),
    )
  ).status;
}

const linkTo = async (file: string) =>
  new URL(
    expectStatus(await member.api.post<{ url: string }>(`/v1/themes/${theme}/downloads`, { file }), 200).body
      .url,
  ).pathname;

/** What is known of a name: the file that was acknowledged last, and the one that the crash came into. */
interface Known {
  acknowledged: string | null;
  tried: string;
}

test(`S1.8 ${CRASHES} times kill -9 in uploads and downloads: nothing acknowledged is lost`, async () => {
  const known = new Map<string, Known>();
  let [links, unanswered] = [0, 0];
  for (let crash = 0; crash < CRASHES; crash += 1) {
    let [done, killing] = [0, null as Promise<void> | null];
    const caller = async (index: number) => {
      const name = `file-${index}.zip`;
      for (let round = 0; killing === null; round += 1) {
        const bytes = new Uint8Array(50_000 + 77_777 * (round % 5)).fill(crash * 50 + round);
        const state = known.get(name) ?? { acknowledged: null, tried: "" };
        known.set(name, Object.assign(state, { tried: await hash(bytes) }));
        if ((await upload(name, bytes).catch(() => null)) !== 200) return;
        state.acknowledged = state.tried;
        unanswered += 1;
        if ((await linkTo(name).catch(() => null)) === null) return;
        [links, unanswered] = [links + 1, unanswered - 1];
        if ((done += 1) === 6 + ((crash * 5) % 17)) killing = server.kill9();
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, (_, index) => caller(index)));
    await killing;
    await server.start();

    const { data } = expectStatus(
      await platform.get<{ data: FileCard[] }>(`/v1/catalog/${theme}/files`),
      200,
    ).body;
    for (const { name, sha256, size } of data) {
      const answer = await server.fetch(await linkTo(name));
      const bytes = new Uint8Array(await answer.arrayBuffer());
      links += 1;
      expect([answer.status, bytes.length, await hash(bytes)]).toEqual([200, size, sha256]);
      expect([known.get(name)?.acknowledged, known.get(name)?.tried]).toContain(sha256);
    }
    const lost = Array.from(known).filter(
      ([name, { acknowledged }]) => acknowledged !== null && !data.some((file) => file.name === name),
    );
    expect(lost).toEqual([]);
  }
  await server.sweep();
  const rows = await readAllPages<{ outcome: string }>(
    member.api,
    "/v1/audit?limit=100&action=theme.download",
  );
  expect(rows.length).toBeGreaterThanOrEqual(links);
  expect(rows.length).toBeLessThanOrEqual(links + unanswered);
});
