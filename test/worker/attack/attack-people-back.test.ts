import { beforeAll, describe, expect, test } from "vitest";
import { type Api, newKey, ok } from "../../harness/client.ts";
import { codeOf, lastMail, mailsTo } from "../../harness/mailbox.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { anywhere } from "../../harness/sign-in.ts";
import { became, customer, type Hook, JOIN, newHook, post } from "../../harness/webhook.ts";
import { fetch, foundPlatform, said, subscribed } from "../access/operators-world.ts";
import { anybody, arrived, newEmail } from "../people/sign-in-world.ts";

let platform: Api;
let owner: Person;
let hook: Hook;
beforeAll(async () => {
  platform = await foundPlatform();
  owner = await subscribed(platform, "team");
  hook = await newHook(owner.api);
});

const OUT = "refused conflict/former-member";
const readdress = async (id: string, email = newEmail()) =>
  void ok(await owner.api.patch(`/v1/members/${id}`, { email }, { ifMatch: "*" }), 200);
const send = async (email: string, id = newKey(), type = "customer.created") =>
  became(await post(fetch, hook, customer(email, id, type)));

describe("a block finds the person", () => {
  test("by the address that they sign in with, though the card has another", async () => {
    const who = await arrived(owner);
    await readdress(who.id);
    expect([await send(who.email, newKey(), "customer.deleted"), said(await who.api.get("/v1/me"))]).toEqual([
      "blocked",
      "401 auth/blocked",
    ]);
  });

  test("by the address that they were invited at, once no other member has it", async () => {
    const who = await arrived(owner);
    const { email } = who;
    await readdress(who.id);
    const other = await newMember(fetch, owner, { roles: ["viewer"], email: newEmail() });
    await readdress(other.memberId, email);
    // Two go by it: the card's and the person's who signs in with it.
    expect(await send(email, newKey(), "customer.deleted")).toBe("refused conflict/state");
    ok(await owner.api.del(`/v1/members/${other.memberId}`), 204);
    expect(await send(email, newKey(), "customer.deleted")).toBe("blocked");
  });

  test("or says that it found no member", async () => {
    const email = newEmail();
    expect([await send(email, newKey(), "customer.deleted"), await send(email)]).toEqual(["barred", OUT]);
  });
});

describe("a hook invites no member who is blocked or removed", () => {
  test("under the address that they sign in with", async () => {
    const who = await arrived(owner);
    await readdress(who.id);
    ok(await owner.api.post(`/v1/members/${who.id}/block`), 200);
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
    const [email, one, two, early] = [newEmail(), newKey(), newKey(), newEmail()];
    for (const externalId of [one, two]) {
      const { id } = ok(
        await owner.api.post<{ id: string }>(
          "/v1/members",
          { firstName: "A", lastName: "B", email, externalId },
          { idempotencyKey: newKey() },
        ),
        201,
      ).body;
      ok(await owner.api.del(`/v1/members/${id}`), 204);
    }
    expect([await send(newEmail(), one), await send(newEmail(), two)]).toEqual([OUT, OUT]);
    const [three, four] = [newKey(), newKey()];
    for (const id of [three, four]) expect(await send(early, id, "customer.deleted")).toBe("barred");
    expect([await send(newEmail(), three), await send(newEmail(), four)]).toEqual([OUT, OUT]);
  });
});

describe("a link brings no removed member back", () => {
  test("who was removed, or kept out; a person may invite them", async () => {
    const vendor = await subscribed(platform, "vendor");
    const { url } = ok(
      await vendor.api.post<{ url: string }>(
        "/v1/operator-links",
        { name: "S", maxUses: 9 },
        { idempotencyKey: newKey() },
      ),
      201,
    ).body;
    const token = url.slice(url.indexOf("=") + 1);
    const email = newEmail();
    const join = async (template = "join") => {
      ok(await anybody.post("/v1/auth/codes", { email, link: token }, { ip: anywhere() }), 202);
      const code = codeOf(await lastMail(fetch, email, template));
      return anybody.post<{ memberId: string }>(
        "/v1/operator-links/join",
        { token, email, code, firstName: "A", lastName: "B" },
        { ip: anywhere() },
      );
    };
    const { memberId } = ok(await join(), 201).body;
    ok(await vendor.api.post(`/v1/members/${memberId}/block`), 200);
    expect(said(await join("sign_in"))).toBe("409 conflict/duplicate-member");
    ok(await vendor.api.patch(`/v1/members/${memberId}`, { roles: [], rights: [] }, { ifMatch: "*" }), 200);
    ok(await vendor.api.del(`/v1/members/${memberId}`), 204);
    expect(said(await join())).toBe("409 conflict/former-member");
    ok(
      await vendor.api.post(
        "/v1/invitations",
        { email, firstName: "A", lastName: "B", roles: ["operator"] },
        { idempotencyKey: newKey() },
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
    { name: "x", scheme: "standard", mapping: { typeAt: "/type", rules: [JOIN.rules[1]] } },
    { idempotencyKey: newKey() },
  );
  const { id } = ok(made, 201).body;
  ok(await owner.api.patch(`/v1/members/${spy.memberId}`, { rights }, { ifMatch: "*" }), 200);
  const email = newEmail();
  await newMember(fetch, owner, { roles: ["viewer"], email });
  const tried = async (address: string) => {
    const { outcome, code } = ok(
      await spy.api.post<{ outcome: string; code: string }>(`/v1/hooks/${id}/try`, {
        payload: customer(address, newKey(), "customer.deleted"),
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
