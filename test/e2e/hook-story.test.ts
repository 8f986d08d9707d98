import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus } from "../harness/client.ts";
import { lastMail, mailsTo, tokenOf } from "../harness/mailbox.ts";
import { giveCredits, newAccount, activateSubscription } from "../harness/people.ts";
import { newServer, type Server } from "../harness/server.ts";
import {
  outcomeOf,
  customerEvent,
  JOIN_MAPPING,
  newHook,
  newMessageId,
  postSigned,
  postRaw,
  type Scheme,
  signMessage,
} from "../harness/webhook.ts";

/**
 * A shop tells of a customer, the customer gets a mail and comes in, and goes when the shop says so. One
 * server, over HTTP.
 */
let server: Server;
let platform: Api;

beforeAll(async () => {
  server = await newServer();
  await server.start();
  platform = api(server.fetch, server.platform.apiKey);
});
afterAll(() => server.close());

const EVENTS: Readonly<
  Record<Scheme, { readonly mapping: object; readonly created: string; readonly deleted: string }>
> = {
  standard: { mapping: JOIN_MAPPING, created: "customer.created", deleted: "customer.deleted" },
  stripe: { mapping: JOIN_MAPPING, created: "customer.created", deleted: "customer.deleted" },
  github: {
    mapping: {
      rules: [
        {
          when: { type: "organization", equals: [{ pointer: "/type", value: "member_added" }] },
          then: JOIN_MAPPING.rules[0]?.then,
        },
        {
          when: { type: "organization", equals: [{ pointer: "/type", value: "member_removed" }] },
          then: JOIN_MAPPING.rules[1]?.then,
        },
      ],
    },
    created: "member_added",
    deleted: "member_removed",
  },
};

test.each(["standard", "stripe", "github"] as const)(
  "S3.16 S2.16 S2.18 S2.21 signed as %s: an event, one mail, one click, a member; then a block",
  async (scheme) => {
    const { mapping, created, deleted } = EVENTS[scheme];
    const shop = await newAccount(server.fetch, platform, "team");
    await activateSubscription(platform, shop.accountId);
    await giveCredits(platform, shop.accountId, 10);
    const hook = await newHook(shop.api, scheme, mapping);
    const email = `nora-${scheme}@people.example`;
    const [id, externalId, how] = [newMessageId(), `cus-${scheme}`, { type: "organization" }];

    const trial = expectStatus(
      await shop.api.post<{ outcome: string }>(`/v1/hooks/${hook.id}/try`, {
        payload: customerEvent(email, externalId, created),
        type: "organization",
      }),
      200,
    ).body;
    expect([trial.outcome, await mailsTo(server.fetch, email)]).toEqual(["invited", []]);

    const body = JSON.stringify({ id, ...customerEvent(email, externalId, created) });
    const headers = await signMessage(hook, body, { id, ...how });
    expect(outcomeOf(await postRaw(server.fetch, hook.id, body.replace("Gast", "Host"), headers))).toBe(
      "401 auth/invalid-credential",
    );
    expect(outcomeOf(await postRaw(server.fetch, hook.id, body, headers))).toBe("invited");
    expect(outcomeOf(await postRaw(server.fetch, hook.id, body, headers))).toBe("invited again");
    expect((await mailsTo(server.fetch, email)).map(({ template }) => template)).toEqual(["invitation"]);

    const token = tokenOf(await lastMail(server.fetch, email, "invitation"));
    const { session, memberId } = expectStatus(
      await api(server.fetch, null).post<{ memberId: string; session: { access_token: string } }>(
        "/v1/invitations/accept",
        { token, signIn: true },
      ),
      200,
    ).body;
    const nora = api(server.fetch, session.access_token);
    expect(expectStatus(await nora.get("/v1/me"), 200).body).toMatchObject({ member: { id: memberId } });
    expect(expectStatus(await shop.api.get(`/v1/members/${memberId}`), 200).body).toMatchObject({
      status: "active",
      source: "external",
      externalId,
      roles: ["member"],
      emailVerified: true,
    });
    expectStatus(
      await nora.post("/v1/credits/spend", { amount: 1 }, { idempotencyKey: newIdempotencyKey() }),
      201,
    );

    expect(
      outcomeOf(await postSigned(server.fetch, hook, customerEvent(email, externalId, deleted), how)),
    ).toBe("blocked");
    expect(await nora.get("/v1/me")).toMatchObject({ status: 401, body: { code: "auth/blocked" } });
    expect(
      outcomeOf(
        await postSigned(server.fetch, hook, { again: 1, ...customerEvent(email, externalId, created) }, how),
      ),
    ).toBe("refused conflict/former-member");
    expect(
      (await mailsTo(server.fetch, email)).filter(({ template }) => template === "invitation"),
    ).toHaveLength(1);

    const { data } = expectStatus(
      await shop.api.get<{ data: { outcome: string }[] }>(`/v1/hooks/${hook.id}/deliveries`),
      200,
    ).body;
    expect(data.map(({ outcome }) => outcome)).toEqual(["refused", "blocked", "invited"]);
    expect(expectStatus(await shop.api.get("/v1/audit/verify"), 200).body).toMatchObject({ ok: true });
  },
);
