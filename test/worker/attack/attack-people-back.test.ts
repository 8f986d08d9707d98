import { beforeAll, describe, expect, test } from "vitest";
import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { codeOf, lastMail, mailsTo } from "../../harness/mailbox.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { nextClientIp } from "../../harness/sign-in.ts";
import {
  outcomeOf,
  customerEvent,
  type Hook,
  JOIN_MAPPING,
  newHook,
  postSigned,
} from "../../harness/webhook.ts";
import { fetch, createPlatform, said, createSubscribedAccount } from "../access/operators-fixture.ts";
import { anonymousCaller, addSignedInMember, newEmail } from "../people/sign-in-fixture.ts";

let platform: Api;
let owner: Person;
let hook: Hook;
beforeAll(async () => {
  platform = await createPlatform();
  owner = await createSubscribedAccount(platform, "team");
  hook = await newHook(owner.api);
});

const OUT = "refused conflict/former-member";
const readdress = async (id: string, email = newEmail()) =>
  void expectStatus(await owner.api.patch(`/v1/members/${id}`, { email }, { ifMatch: "*" }), 200);
const send = async (email: string, id = newIdempotencyKey(), type = "customer.created") =>
  outcomeOf(await postSigned(fetch, hook, customerEvent(email, id, type)));

describe("a block finds the person", () => {
  test("by the address that they sign in with, though the card has another", async () => {
    const who = await addSignedInMember(owner);
    await readdress(who.id);
    expect([
      await send(who.email, newIdempotencyKey(), "customer.deleted"),
      said(await who.api.get("/v1/me")),
    ]).toEqual(["blocked", "401 auth/blocked"]);
  });

  test("by the address that they were invited at, once no other member has it", async () => {
    const who = await addSignedInMember(owner);
    const { email } = who;
    await readdress(who.id);
    const other = await newMember(fetch, owner, { roles: ["viewer"], email: newEmail() });
    await readdress(other.memberId, email);
    // Two go by it: the card's and the person's who signs in with it.
    expect(await send(email, newIdempotencyKey(), "customer.deleted")).toBe("refused conflict/state");
    expectStatus(await owner.api.del(`/v1/members/${other.memberId}`), 204);
    expect(await send(email, newIdempotencyKey(), "customer.deleted")).toBe("blocked");
  });

  test("or says that it found no member", async () => {
    const email = newEmail();
    expect([await send(email, newIdempotencyKey(), "customer.deleted"), await send(email)]).toEqual([
      "barred",
      OUT,
    ]);
  });
});

describe("a hook invites no member who is blocked or removed", () => {
  test("under the address that they sign in with", async () => {
    const who = await addSignedInMember(owner);
    await readdress(who.id);
    expectStatus(await owner.api.post(`/v1/members/${who.id}/block`), 200);
    const before = (await mailsTo(fetch, who.email)).length;
    expect([await send(who.email), (await mailsTo(fetch, who.email)).length - before]).toEqual([OUT, 0]);
  });

  test.each([
    ["blocked", (id: string) => owner.api.post(`/v1/members/${id}/block`)],
    ["removed", (id: string) => owner.api.del(`/v1/members/${id}`)],
  ] as const)("under an address that the card of a %s member had before", async (_, out) => {
    const [email, between] = [newEmail(), newEmail()];
    const { memberId } = await newMember(fetch, owner, { roles: ["viewer"], email });
    await readdress(memberId, between);
    await readdress(memberId);
    expect((await out(memberId)).status).toBeLessThan(300);
    expect([await send(email), await send(between)]).toEqual([OUT, OUT]);
  });

  test("but an address that a member who is in has given up is free", async () => {
    const email = newEmail();
    const { memberId } = await newMember(fetch, owner, { roles: ["viewer"] });
    await readdress(memberId, email);
    await readdress(memberId);
    expect(await send(email)).toBe("invited");
  });

  test("under any external id that they ever had", async () => {
    const [email, one, two, early] = [newEmail(), newIdempotencyKey(), newIdempotencyKey(), newEmail()];
    for (const externalId of [one, two]) {
      const { id } = expectStatus(
        await owner.api.post<{ id: string }>(
          "/v1/members",
          { firstName: "A", lastName: "B", email, externalId },
          { idempotencyKey: newIdempotencyKey() },
        ),
        201,
      ).body;
      expectStatus(await owner.api.del(`/v1/members/${id}`), 204);
    }
    expect([await send(newEmail(), one), await send(newEmail(), two)]).toEqual([OUT, OUT]);
    const [three, four] = [newIdempotencyKey(), newIdempotencyKey()];
    for (const id of [three, four]) expect(await send(early, id, "customer.deleted")).toBe("barred");
    expect([await send(newEmail(), three), await send(newEmail(), four)]).toEqual([OUT, OUT]);
  });
});

describe("a link brings no removed member back", () => {
  test("who was removed, or kept out; a person may invite them", async () => {
    const vendor = await createSubscribedAccount(platform, "vendor");
    const { url } = expectStatus(
      await vendor.api.post<{ url: string }>(
        "/v1/operator-links",
        { name: "S", maxUses: 9 },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body;
    const token = url.slice(url.indexOf("=") + 1);
    const email = newEmail();
    const join = async (template = "join") => {
      expectStatus(
        await anonymousCaller.post("/v1/auth/codes", { email, link: token }, { ip: nextClientIp() }),
        202,
      );
      const code = codeOf(await lastMail(fetch, email, template));
      return anonymousCaller.post<{ memberId: string }>(
        "/v1/operator-links/join",
        { token, email, code, firstName: "A", lastName: "B" },
        { ip: nextClientIp() },
      );
    };
    const { memberId } = expectStatus(await join(), 201).body;
    expectStatus(await vendor.api.post(`/v1/members/${memberId}/block`), 200);
    expect(said(await join("sign_in"))).toBe("409 conflict/duplicate-member");
    expectStatus(
      await vendor.api.patch(`/v1/members/${memberId}`, { roles: [], rights: [] }, { ifMatch: "*" }),
      200,
    );
    expectStatus(await vendor.api.del(`/v1/members/${memberId}`), 204);
    expect(said(await join())).toBe("409 conflict/former-member");
    expectStatus(
      await vendor.api.post(
        "/v1/invitations",
        { email, firstName: "A", lastName: "B", roles: ["operator"] },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    );
  });
});

test("a caller who may not see members learns of none by trying a block", async () => {
  const rights = ["hook.view", "hook.edit", "member.block"];
  const spy = await newMember(fetch, owner, { roles: [], rights: [...rights, "member.view"] });
  const made = await spy.api.post<{ id: string }>(
    "/v1/hooks",
    { name: "x", scheme: "standard", mapping: { typeAt: "/type", rules: [JOIN_MAPPING.rules[1]] } },
    { idempotencyKey: newIdempotencyKey() },
  );
  const { id } = expectStatus(made, 201).body;
  expectStatus(await owner.api.patch(`/v1/members/${spy.memberId}`, { rights }, { ifMatch: "*" }), 200);
  const email = newEmail();
  await newMember(fetch, owner, { roles: ["viewer"], email });
  const tried = async (address: string) => {
    const { outcome, code } = expectStatus(
      await spy.api.post<{ outcome: string; code: string }>(`/v1/hooks/${id}/try`, {
        payload: customerEvent(address, newIdempotencyKey(), "customer.deleted"),
      }),
      200,
    ).body;
    return `${outcome} ${code}`;
  };
  expect([await tried(email), await tried(newEmail())]).toEqual([
    "denied access/denied",
    "denied access/denied",
  ]);
});
