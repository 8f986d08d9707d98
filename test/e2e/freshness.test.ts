import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus, type Problem } from "../harness/client.ts";
import { type Edge, startEdge } from "../harness/edge.ts";
import {
  giveCredits,
  newAccount,
  newApiKey,
  newMember,
  newToken,
  type Person,
  activateSubscription,
} from "../harness/people.ts";
import { isSoak } from "../harness/soak.ts";

/** `npm run test:soak` asks for the long form. */
const ROUNDS = isSoak ? 200 : 8;
const ISOLATES = 4;
const HOME = "203.0.113.7";
const ABROAD = "198.51.100.7";
const ANY_VERSION = { ifMatch: "*" };

let edge: Edge;
let platform: Api;

beforeAll(async () => {
  edge = await startEdge({ isolates: ISOLATES });
  platform = api(edge.at(0), edge.platform.apiKey);
});
afterAll(() => edge.close());

/** A right that can be given and taken, and the call that shows whether it is there. */
interface Switch {
  give(owner: Api): Promise<unknown>;
  take(owner: Api): Promise<unknown>;
  /** One call by the member, on that isolate. */
  probe(member: Api, isolate: number): Promise<{ status: number; body: unknown }>;
  /** What the probe answers with the right, and without it. */
  readonly given: number;
  readonly taken: number;
  readonly code: string;
}

type MakeSwitch = (member: Person, owner: Person) => Promise<Switch>;

const card = (member: Person) => `/v1/members/${member.memberId}`;
const patch = (member: Person, body: object) => async (owner: Api) =>
  expectStatus(await owner.patch(card(member), body, ANY_VERSION), 200);

const SWITCHES: ReadonlyArray<readonly [title: string, kind: "vendor" | "team", make: MakeSwitch]> = [
  [
    "S1.6, S1.7, S1.33: a role",
    "team",
    async (member) => ({
      give: patch(member, { roles: ["admin"] }),
      take: patch(member, { roles: ["viewer"] }),
      probe: (caller) => caller.get("/v1/members"),
      given: 200,
      taken: 403,
      code: "access/denied",
    }),
  ],
  [
    "S1.7: a role, asked by a spend",
    "team",
    async (member) => ({
      give: patch(member, { roles: ["member"] }),
      take: patch(member, { roles: ["viewer"] }),
      probe: (caller) =>
        caller.post("/v1/credits/spend", { amount: 1 }, { idempotencyKey: newIdempotencyKey() }),
      given: 201,
      taken: 403,
      code: "access/denied",
    }),
  ],
  [
    "a grant, asked by a read",
    "vendor",
    async (member, owner) => {
      const product = await newProduct(owner);
      return {
        ...grants(member, "view"),
        probe: (caller) => caller.get(`/v1/products/${product}`),
        given: 200,
        taken: 404,
        code: "not-found",
      };
    },
  ],
  [
    "a grant, asked by a list",
    "vendor",
    async (member) => ({
      ...grants(member, "view"),
      probe: (caller) => caller.get("/v1/products"),
      given: 200,
      taken: 403,
      code: "access/denied",
    }),
  ],
  [
    "a grant, asked by a write",
    "vendor",
    async (member, owner) => {
      // One for each isolate: edits of one object at the same time are another story.
      const products = await Promise.all(isolates.map(() => newProduct(owner)));
      return {
        ...grants(member, "edit"),
        probe: (caller, isolate) =>
          caller.patch(`/v1/products/${products[isolate]}`, { name: "Renamed" }, ANY_VERSION),
        given: 200,
        taken: 404,
        code: "not-found",
      };
    },
  ],
  [
    "S4.11: an address rule of the member",
    "vendor",
    async (member) => ({
      give: patch(member, { allowedIps: [`${ABROAD}/32`, `${HOME}/32`] }),
      take: patch(member, { allowedIps: [`${HOME}/32`] }),
      probe: (caller) => caller.get("/v1/me", { ip: ABROAD }),
      given: 200,
      taken: 403,
      code: "ip/not-allowed",
    }),
  ],
  [
    "an address rule of the account",
    "vendor",
    async (_, owner) => {
      const rules = (allowedIps: string[]) => async (by: Api) =>
        expectStatus(
          await by.patch(`/v1/accounts/${owner.accountId}`, { allowedIps }, { ...ANY_VERSION, ip: HOME }),
          200,
        );
      return {
        give: rules([`${ABROAD}/32`, `${HOME}/32`]),
        take: rules([`${HOME}/32`]),
        probe: (caller) => caller.get("/v1/me", { ip: ABROAD }),
        given: 200,
        taken: 403,
        code: "ip/not-allowed",
      };
    },
  ],
  [
    "S0.1: the plan that operators need",
    "vendor",
    async (member, owner) => {
      const plan = async (restrictedAccounts: boolean) =>
        expectStatus(
          await platform.put(`/v1/accounts/${owner.accountId}/plan`, {
            restrictedAccounts,
            memberLimit: null,
            contactUrl: null,
          }),
          200,
        );
      await grants(member, "view").give(owner.api);
      return {
        give: () => plan(true),
        take: () => plan(false),
        probe: (caller) => caller.get("/v1/products"),
        given: 200,
        taken: 402,
        code: "plan/feature-required",
      };
    },
  ],
  [
    "S4.20, S4.21, S4.38: a credit limit",
    "team",
    async (member) => ({
      give: patch(member, { roles: ["member"], creditLimit: null }),
      take: patch(member, { creditLimit: 0 }),
      probe: (caller) =>
        caller.post("/v1/credits/spend", { amount: 1 }, { idempotencyKey: newIdempotencyKey() }),
      given: 201,
      taken: 402,
      code: "credits/member-limit-exceeded",
    }),
  ],
  [
    "S4.18: a subscription",
    "team",
    async (member, owner) => {
      await patch(member, { roles: ["member"] })(owner.api);
      const subscription = async (status: string) =>
        expectStatus(
          await platform.put(`/v1/accounts/${owner.accountId}/subscription`, {
            status,
            tier: null,
            currentPeriodEnd: null,
          }),
          200,
        );
      return {
        give: () => subscription("active"),
        take: () => subscription("canceled"),
        probe: (caller) =>
          caller.post("/v1/credits/spend", { amount: 1 }, { idempotencyKey: newIdempotencyKey() }),
        given: 201,
        taken: 402,
        code: "credits/subscription-inactive",
      };
    },
  ],
  [
    "S2.21, S2.22: a block",
    "vendor",
    async (member) => ({
      give: async (owner) => expectStatus(await owner.post(`${card(member)}/unblock`), 200),
      take: async (owner) => expectStatus(await owner.post(`${card(member)}/block`), 200),
      probe: (caller) => caller.get("/v1/me"),
      given: 200,
      taken: 401,
      code: "auth/blocked",
    }),
  ],
];

async function newProduct(owner: Person): Promise<string> {
  return expectStatus(
    await owner.api.post<{ id: string }>(
      "/v1/products",
      { name: "Editor" },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  ).body.id;
}

const grants = (member: Person, access: string) => ({
  give: async (owner: Api) =>
    expectStatus(
      await owner.put(
        `${card(member)}/grants`,
        { grants: [{ resourceType: "product", access }] },
        ANY_VERSION,
      ),
      200,
    ),
  take: async (owner: Api) =>
    expectStatus(await owner.put(`${card(member)}/grants`, { grants: [] }, ANY_VERSION), 200),
});

async function people(kind: "vendor" | "team"): Promise<{ owner: Person; member: Person }> {
  const owner = await newAccount(edge.at(0), platform, kind);
  await activateSubscription(platform, owner.accountId);
  await giveCredits(platform, owner.accountId, 1_000_000);
  return {
    owner,
    member: await newMember(edge.at(0), owner, { roles: [kind === "team" ? "member" : "operator"] }),
  };
}

const isolates = Array.from({ length: ISOLATES }, (_, index) => index);

/** The next call on every isolate, all at once: each answers from what it remembers, unless it asks. */
const everywhere = (caller: Api, probe: Switch["probe"]) =>
  Promise.all(isolates.map((isolate) => probe(caller.via(edge.at(isolate)), isolate)));

describe("a change that one isolate has acknowledged is obeyed by the next call on every other", () => {
  test.each(SWITCHES)("%s", async (_, kind, make) => {
    const { owner, member } = await people(kind);
    const { give, take, probe, given, taken, code } = await make(member, owner);
    await give(owner.api);
    const callers = [member.api, api(edge.at(0), await newToken(edge.at(0), member.apiKey, { ip: HOME }))];
    const stale: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const caller = callers[round % 2] as Api;
      const warm = await everywhere(caller, probe);
      await take(owner.api.via(edge.at(round % ISOLATES)));
      const refused = await everywhere(caller, probe);
      await give(owner.api.via(edge.at((round + 1) % ISOLATES)));
      const allowed = await everywhere(caller, probe);
      if (warm.some((answer) => answer.status !== given))
        stale.push(`round ${round} before: ${warm.map((answer) => answer.status)}`);
      if (refused.some((answer) => answer.status !== taken || (answer.body as Problem).code !== code))
        stale.push(`round ${round} taken: ${refused.map((answer) => answer.status)}`);
      if (allowed.some((answer) => answer.status !== given))
        stale.push(`round ${round} given: ${allowed.map((answer) => answer.status)}`);
    }
    expect(stale).toEqual([]);
  });

  test("S1.41: a revoked key and its tokens are refused; the member's other key works", async () => {
    // Members make their own keys without a mail, so that no limit of mails is met.
    const { owner } = await people("vendor");
    const member = owner;
    const wrong: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const [at, keyId] = await revocable(owner, member);
      const token = api(edge.at(0), await newToken(edge.at(0), at.key));
      const warm = [...(await everywhere(at.api, me)), ...(await everywhere(token, me))];
      expectStatus(await owner.api.via(edge.at(round % ISOLATES)).del(`/v1/api-keys/${keyId}`), 204);
      const after = [...(await everywhere(at.api, me)), ...(await everywhere(token, me))];
      const other = await everywhere(member.api, me);
      if (warm.some(({ status }) => status !== 200))
        wrong.push(`round ${round} before: ${warm.map(({ status }) => status)}`);
      if (after.some(({ status }) => status !== 401))
        wrong.push(`round ${round} revoked: ${after.map(({ status }) => status)}`);
      if (other.some(({ status }) => status !== 200))
        wrong.push(`round ${round} other key: ${other.map(({ status }) => status)}`);
    }
    expect(wrong).toEqual([]);
  });
});

const me = (caller: Api) => caller.get("/v1/me");

async function revocable(owner: Person, member: Person): Promise<[{ key: string; api: Api }, string]> {
  const key = await newApiKey(edge.at(0), owner, member.memberId);
  const { body } = expectStatus(await api(edge.at(0), key).get<{ key: { id: string } }>("/v1/me"), 200);
  return [{ key, api: api(edge.at(0), key) }, body.key.id];
}
