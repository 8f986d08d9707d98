import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { claimStateOf } from "../../../src/gate/credentials/claim.ts";
import {
  ADDRESS_MACHINE,
  type AddressEvent,
  type AddressState,
  ADDRESS_EFFECTS,
  CLAIM_MACHINE,
  type ClaimEvent,
  type ClaimState,
  INVITATION_MACHINE,
  type InvitationEvent,
  type InvitationState,
  LINK_MACHINE,
  type LinkEvent,
  type LinkState,
} from "../../../src/gate/credentials/state-machine.ts";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { codeOf, lastMail, tokenOf } from "../../harness/mailbox.ts";
import type { Person } from "../../harness/people.ts";
import { nextClientIp, requestCode } from "../../harness/sign-in.ts";
import {
  ageInvitation,
  createInvitation,
  newPerson,
  invitationToken,
} from "../people/invitations-fixture.ts";
import { fetch, createPlatform, said, createSubscribedAccount } from "../access/operators-fixture.ts";
import { anonymousCaller, readRow, newEmail, listEvents } from "../people/sign-in-fixture.ts";

let team: Person;
let vendor: Person;
beforeAll(async () => {
  const platform = await createPlatform();
  team = await createSubscribedAccount(platform, "team");
  vendor = await createSubscribedAccount(platform, "vendor");
});

/** A member on the way in. */
interface Comer {
  readonly memberId: string;
  readonly invitationId: string;
  email: string;
  /** Of the claim. */
  keyId: string;
  token: string;
  /** The member's own caller, once there is one. */
  api: Api | null;
}

const ANY = { ifMatch: "*" };
const set = (table: "api_key" | "invitation", column: string, value: number, id: string) =>
  env.DB.prepare(`UPDATE ${table} SET ${column} = ? WHERE id = ?`).bind(value, id).run();

async function comer(): Promise<Comer> {
  const { id, member } = await createInvitation(team, { role: "member" });
  return { memberId: member.id, invitationId: id, email: member.email, keyId: "", token: "", api: null };
}

const makeKey = ({ memberId }: Comer) =>
  team.api.post<{ id: string; claim: { token?: string } }>(
    `/v1/members/${memberId}/api-keys`,
    { name: "key" },
    { idempotencyKey: newIdempotencyKey() },
  );

/** A claim that was answered or mailed. */
async function claimed(one: Comer): Promise<Comer> {
  const { id, claim } = expectStatus(await makeKey(one), 201).body;
  return Object.assign(one, {
    keyId: id,
    token: claim.token ?? tokenOf(await lastMail(fetch, one.email, "api_key")),
  });
}

const exchange = ({ token }: Comer) =>
  anonymousCaller.post<{ secret: string }>("/v1/auth/claims", { token }, { ip: nextClientIp() });
const take = async (one: Comer) =>
  Object.assign(one, { api: api(fetch, expectStatus(await exchange(one), 201).body.secret) });

async function accept(one: Comer): Promise<Comer> {
  const answer = await anonymousCaller.post<{ session: { access_token: string } }>("/v1/invitations/accept", {
    token: await invitationToken(one.email),
    signIn: true,
  });
  return answer.status === 200
    ? Object.assign(one, { api: api(fetch, answer.body.session.access_token) })
    : one;
}

/** Both codes, or one where there is no address yet. */
async function confirm(who: Api, from: string | null, to: string): Promise<string> {
  const asked = await who.post("/v1/me/email", { email: to }, { ip: nextClientIp() });
  if (asked.status !== 202) return said(asked);
  const old = from === null ? {} : { oldCode: codeOf(await lastMail(fetch, from, "change_email")) };
  return said(
    await who.post("/v1/me/email/confirm", {
      email: to,
      newCode: codeOf(await lastMail(fetch, to, "change_email")),
      ...old,
    }),
  );
}

async function change(one: Comer): Promise<void> {
  if (one.api === null) return;
  const to = newEmail();
  if ((await confirm(one.api, one.email, to)) === "200") one.email = to;
}

const unlink = ({ memberId }: Comer) => team.api.del(`/v1/members/${memberId}/sign-in-address`);
const nameAddress = ({ memberId, email }: Comer) =>
  team.api.post<{ id: string }>(`/v1/members/${memberId}/sign-in-address`, { email });

/**
 * Every state with every event: the next state as the table has it, or the same one where the table has none.
 */
async function walk<S extends string, E extends string, T>(
  table: Readonly<Record<S, Readonly<Partial<Record<E, S>>>>>,
  reach: Readonly<Record<Exclude<S, "none">, (event: E) => Promise<T>>> &
    Readonly<Partial<Record<"none", (event: E) => Promise<T>>>>,
  fire: Readonly<Partial<Record<E, (subject: T) => Promise<unknown>>>>,
  read: (subject: T) => Promise<S>,
): Promise<void> {
  const walked: string[] = [];
  const expected: string[] = [];
  for (const [state, go] of Object.entries(reach) as [S, (event: E) => Promise<T>][]) {
    for (const [event, act] of Object.entries(fire) as [E, (subject: T) => Promise<unknown>][]) {
      const subject = await go(event);
      expect([state, event, await read(subject)]).toEqual([state, event, state]);
      await act(subject);
      walked.push(`${state} ${event} ${await read(subject)}`);
      expected.push(`${state} ${event} ${table[state][event] ?? state}`);
    }
  }
  expect(walked).toEqual(expected);
  // No edge is left out but those that lead from nothing, which is how every subject came to be.
  const edges = (Object.entries(table) as [S, Partial<Record<E, S>>][])
    .filter(([state]) => Object.hasOwn(reach, state))
    .flatMap(([state, moves]) =>
      Object.entries(moves).map(([event, to]) => `${state} ${event} ${String(to)}`),
    );
  expect(edges.filter((edge) => !walked.includes(edge))).toEqual([]);
}

describe("K1 each way in is the table that the stores write by", () => {
  test("a claim", async () => {
    const told = async () => claimed(await comer());
    const mailed = async () => claimed(await accept(await comer()));
    const past = async (one: Comer) => {
      await set("api_key", "claim_expires_at", 1, one.keyId);
      return one;
    };
    await walk<ClaimState, ClaimEvent, Comer>(
      CLAIM_MACHINE,
      {
        told,
        mailed,
        // An expired claim was answered or mailed before.
        expired: async (event) =>
          past(event === "readdress" || event === "unlink" ? await mailed() : await told()),
        claimed: async () => take(await told()),
        revoked: async () => {
          const one = await told();
          await team.api.del(`/v1/api-keys/${one.keyId}`);
          return one;
        },
        replaced: async () => {
          const one = await told();
          expectStatus(await makeKey(one), 201);
          return one;
        },
        ended: async () => accept(await told()),
      },
      {
        exchange,
        lapse: past,
        revoke: ({ keyId }) => team.api.del(`/v1/api-keys/${keyId}`),
        replace: makeKey,
        arrive: accept,
        readdress: change,
        unlink,
      },
      async ({ keyId }) => {
        const row = await readRow(
          "SELECT claim_state AS claimState, claim_expires_at AS claimExpiresAt FROM api_key WHERE id = ?",
          keyId,
        );
        return claimStateOf(row as unknown as Parameters<typeof claimStateOf>[0], Date.now());
      },
    );
  });

  test("an invitation", async () => {
    /** A member who calls with a key, and whose address was named since. */
    const named = async (): Promise<Comer> => {
      const one = await take(await claimed(await comer()));
      return { ...one, invitationId: expectStatus(await nameAddress(one), 200).body.id };
    };
    const pending = (event: InvitationEvent) => (event === "link" ? named() : comer());
    const past = async (one: Comer) => {
      await set("invitation", "expires_at", 1, one.invitationId);
      return one;
    };
    await walk<InvitationState, InvitationEvent, Comer>(
      INVITATION_MACHINE,
      {
        pending,
        expired: async (event) => past(await pending(event)),
        accepted: async () => accept(await comer()),
        revoked: async () => {
          const one = await comer();
          expectStatus(await team.api.del(`/v1/invitations/${one.invitationId}`), 204);
          return one;
        },
      },
      {
        send: async ({ invitationId }) => {
          await ageInvitation(invitationId);
          return team.api.post(`/v1/invitations/${invitationId}/resend`);
        },
        move: async ({ memberId, invitationId }) => {
          await ageInvitation(invitationId);
          return team.api.patch(`/v1/members/${memberId}`, { email: newEmail() }, ANY);
        },
        accept,
        lapse: past,
        revoke: ({ invitationId }) => team.api.del(`/v1/invitations/${invitationId}`),
        key: async (one) => {
          if ((await readRow("SELECT user_id FROM member WHERE id = ?", one.memberId))?.["user_id"] === null)
            await take(await claimed(one));
        },
        link: async ({ api: own, email }) => (own === null ? null : confirm(own, null, email)),
      },
      async ({ invitationId }) => {
        const row = await readRow("SELECT status, expires_at FROM invitation WHERE id = ?", invitationId);
        return row?.["status"] === "pending" && Number(row["expires_at"]) <= Date.now()
          ? "expired"
          : (row?.["status"] as InvitationState);
      },
    );
  });

  test("an operator link", async () => {
    interface Link {
      readonly id: string;
      readonly token: string;
    }
    const open = async (event: LinkEvent): Promise<Link> => {
      const { id, url } = expectStatus(
        await vendor.api.post<{ id: string; url: string }>(
          "/v1/operator-links",
          { maxUses: event === "join" ? 2 : 1 },
          { idempotencyKey: newIdempotencyKey() },
        ),
        201,
      ).body;
      return { id, token: url.slice(-43) };
    };
    const join = async ({ token }: Link) => {
      const who = newPerson();
      expectStatus(
        await anonymousCaller.post(
          "/v1/auth/codes",
          { email: who.email, link: token },
          { ip: nextClientIp() },
        ),
        202,
      );
      const code = await lastMail(fetch, who.email).then(codeOf, () => "12345678");
      return anonymousCaller.post("/v1/operator-links/join", { token, code, ...who }, { ip: nextClientIp() });
    };
    const revoke = ({ id }: Link) => vendor.api.del(`/v1/operator-links/${id}`);
    const past = async (one: Link) => {
      await set("invitation", "expires_at", 1, one.id);
      return one;
    };
    await walk<LinkState, LinkEvent, Link>(
      LINK_MACHINE,
      {
        open,
        used: async () => {
          const one = await open("fill");
          expectStatus(await join(one), 201);
          return one;
        },
        expired: async (event) => past(await open(event)),
        revoked: async (event) => {
          const one = await open(event);
          expectStatus(await revoke(one), 204);
          return one;
        },
      },
      { join, fill: join, lapse: past, revoke },
      async ({ id }) => {
        const { data } = expectStatus(
          await vendor.api.get<{ data: { id: string; status: string }[] }>("/v1/operator-links?limit=100"),
          200,
        ).body;
        const { status } = data.find((one) => one.id === id) ?? expect.fail();
        // A used claim that has expired answers as used.
        return (status === "pending" ? "open" : status) as LinkState;
      },
    );
  });

  test("a sign-in address, as the card shows it", async () => {
    const keyed = async () => take(await claimed(await comer()));
    await walk<AddressState, AddressEvent, Comer>(
      ADDRESS_MACHINE,
      {
        none: (event) => (event === "link" || event === "change" ? keyed() : comer()),
        linked: async () => accept(await comer()),
      },
      {
        accept,
        change,
        unlink,
        link: async ({ api: own, email }) => (own === null ? null : confirm(own, null, email)),
        sign_in: async ({ email }) =>
          anonymousCaller.post(
            "/v1/auth/sessions",
            { email, code: await requestCode(fetch, email), accountId: team.accountId },
            { ip: nextClientIp() },
          ),
      },
      async ({ memberId, email }) => {
        const { signInEmail, signInSince } = expectStatus(
          await team.api.get<{ signInEmail: string | null; signInSince: string | null }>(
            `/v1/members/${memberId}`,
          ),
          200,
        ).body;
        expect([signInEmail, signInSince === null]).toEqual([
          signInEmail === null ? null : email,
          signInEmail === null,
        ]);
        return signInEmail === null ? "none" : "linked";
      },
    );
  });
});

describe("K1 K4 between the ways in", () => {
  test("an acceptance by a member who used a key ends the key, with rows and a mail", async () => {
    const one = await take(await claimed(await comer()));
    expectStatus(await nameAddress(one), 200);
    expectStatus(await (one.api ?? expect.fail()).get("/v1/me"), 200);
    const key = one.api ?? expect.fail();
    await accept(one);
    expect([said(await key.get("/v1/me")), said(await (one.api ?? expect.fail()).get("/v1/me"))]).toEqual([
      "401 auth/invalid-credential",
      "200",
    ]);
    expect(
      (await listEvents(team.accountId, "api_key.revoke")).map(
        ({ resource }) => (resource as { id: string }).id,
      ),
    ).toContain(one.keyId);
    expect((await lastMail(fetch, one.email, "security")).subject).toContain("sign-in address");
    expect(ADDRESS_EFFECTS.accept).toMatchObject({ claim: "arrive", keys: "end" });
  });

  test("a sign-in by the invitation that waits ends a told claim as its acceptance does", async () => {
    const one = await claimed(await comer());
    const body = { email: one.email, code: await requestCode(fetch, one.email), accountId: team.accountId };
    expectStatus(await anonymousCaller.post("/v1/auth/sessions", body, { ip: nextClientIp() }), 201);
    const state = "SELECT claim_state AS state FROM api_key WHERE id = ?";
    expect(await readRow(state, one.keyId)).toEqual({ state: "ended" });
    expect(said(await exchange(one))).toBe("404 not-found");
    const ends = (await listEvents(team.accountId, "api_key.revoke")).filter(
      ({ resource }) => (resource as { id: string }).id === one.keyId,
    );
    expect(ends).toMatchObject([{ changes: { before: { claim: "told" }, after: { claim: "ended" } } }]);
  });

  test("an unlinked member has no session or sign-in; a new claim or address works", async () => {
    const one = await accept(await comer());
    const session = one.api ?? expect.fail();
    expectStatus(await session.get("/v1/me"), 200);
    expectStatus(await unlink(one), 204);
    expect(said(await session.get("/v1/me"))).toBe("401 auth/invalid-credential");
    expectStatus(
      await anonymousCaller.post("/v1/auth/codes", { email: one.email }, { ip: nextClientIp() }),
      202,
    );
    expect((await lastMail(fetch, one.email)).template).toBe("security");
    await claimed(one);
    expect((await readRow("SELECT claim_state FROM api_key WHERE id = ?", one.keyId))?.["claim_state"]).toBe(
      "told",
    );
    expectStatus(await nameAddress(one), 200);
    await accept(one);
    expect(said(await exchange(one))).toBe("404 not-found");
  });
});
