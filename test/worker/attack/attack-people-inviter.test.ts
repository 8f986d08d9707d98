import { beforeAll, describe, expect, test } from "vitest";
import { type Api, api, newKey, ok, type Problem, type Reply } from "../../harness/client.ts";
import { codeOf, lastMail } from "../../harness/mailbox.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { anywhere } from "../../harness/sign-in.ts";
import { heldBack } from "../gate/held-back.ts";
import { accept, aged, invited, person, rows, tokenFor } from "../people/invitations-world.ts";
import { fetch, foundPlatform, HOME, made, said, subscribed } from "../access/operators-world.ts";
import { enter, mailed } from "../people/sign-in-world.ts";

let platform: Api;
let team: Person;
let vendor: Person;
beforeAll(async () => {
  platform = await foundPlatform();
  team = await subscribed(platform, "team");
  vendor = await subscribed(platform, "vendor");
});
const ANY = { ifMatch: "*" };
const anybody = api(fetch, null);

const block = async (owner: Person, { memberId }: Person) =>
  ok(await owner.api.post(`/v1/members/${memberId}/block`), 200);
const demote = async (owner: Person, { memberId }: Person, roles: string[]) =>
  ok(await owner.api.patch(`/v1/members/${memberId}`, { roles }, ANY), 200);
const link = async (who: { readonly api: Api }, body: object = {}): Promise<string> =>
  /#token=(.{43})$/.exec(
    ok(await who.api.post<{ url: string }>("/v1/operator-links", body, { idempotencyKey: newKey() }), 201)
      .body.url,
  )?.[1] ?? "";

describe("an invitation goes no further than its sender's rights", () => {
  test("a blocked or removed sender's invites no member; sent again by another, it is good", async () => {
    const admin = await newMember(fetch, team, { roles: ["admin"] });
    const { id, token, member } = await invited(admin, { roles: ["admin"] });
    await block(team, admin);
    const answer = await accept(token, { signIn: true });
    expect([said(answer), answer.body.detail]).toEqual([
      "410 invitation/revoked",
      expect.stringContaining("once more"),
    ]);
    ok(await team.api.del(`/v1/members/${admin.memberId}`), 204);
    expect(said(await accept(token))).toBe("410 invitation/revoked");
    const { code } = await mailed(member.email);
    expect(said(await enter({ email: member.email, code, accountId: team.accountId }))).toBe(
      "410 invitation/revoked",
    );
    await aged(id);
    expect(
      ok(await team.api.post<{ invitedBy: string }>(`/v1/invitations/${id}/resend`), 200).body.invitedBy,
    ).toBe(team.memberId);
    ok(await accept(await tokenFor(member.email), { signIn: true }), 200);
  });

  test("one whose role the sender may no longer give is void; another of theirs is good", async () => {
    const second = await newMember(fetch, vendor, { roles: ["owner"] });
    const { token } = await invited(second, { roles: ["owner"] });
    await demote(vendor, second, ["operator"]);
    expect(said(await accept(token))).toBe("410 invitation/revoked");
    const seller = await subscribed(platform, "seller");
    const admin = await newMember(fetch, seller, { roles: ["seller_admin"] });
    const [above, below] = [
      await invited(admin, { role: "seller_admin" }),
      await invited(admin, { role: "support_agent" }),
    ];
    await demote(seller, admin, ["account_manager"]);
    expect([await accept(above.token), await accept(below.token)].map(said)).toEqual([
      "410 invitation/revoked",
      "200",
    ]);
  });

  test("nor object groups, or grants, beyond theirs by now", async () => {
    const manager = await subscribed(platform, "dealer");
    const [own, other] = [
      await made(manager, "object-groups", { name: "Own" }),
      await made(manager, "object-groups", { name: "Other" }),
    ];
    const rights = ["member.view", "member.edit", "member.create", "object_group.edit", "object.view"];
    const clerk = await newMember(fetch, manager, {
      roles: ["dealer_user"],
      rights,
      objectGroupIds: [own, other],
    });
    const { token } = await invited(clerk, { roles: [], rights: ["object.view"], objectGroupIds: [other] });
    const kept = await invited(clerk, { roles: [], rights: ["object.view"], objectGroupIds: [own] });
    ok(await manager.api.patch(`/v1/members/${clerk.memberId}`, { objectGroupIds: [own] }, ANY), 200);
    expect([await accept(token), await accept(kept.token)].map(said)).toEqual([
      "410 invitation/revoked",
      "200",
    ]);
  });

  test("a founder's, for the owner of the account below, is void once the founder is blocked", async () => {
    const seller = await subscribed(platform, "seller");
    const admin = await newMember(fetch, seller, { roles: ["seller_admin"] });
    const [first, second] = [person(), person()];
    for (const owner of [first, second])
      ok(
        await admin.api.post("/v1/organizations", { name: "New", owner }, { idempotencyKey: newKey() }),
        201,
      );
    ok(await accept(await tokenFor(first.email)), 200);
    await block(seller, admin);
    expect(said(await accept(await tokenFor(second.email)))).toBe("410 invitation/revoked");
  });

  test("domains that were narrowed since keep an address out", async () => {
    const owner = await subscribed(platform, "team");
    const { token } = await invited(owner, { role: "member" });
    const allow = async (allowedEmailDomains: string[]) =>
      ok(
        await owner.api.patch(`/v1/accounts/${owner.accountId}`, { settings: { allowedEmailDomains } }, ANY),
        200,
      );
    await allow(["studio.example"]);
    const answer = await accept(token);
    expect([said(answer), answer.body.detail]).toEqual([
      "410 invitation/revoked",
      expect.stringContaining("domains"),
    ]);
    await allow(["studio.example", "example.com"]);
    ok(await accept(token), 200);
  });
});

describe("between the check and the write", () => {
  const during = async (
    write: number,
    between: () => Promise<unknown>,
    call: (who: Api) => Promise<Reply<unknown>>,
  ): Promise<[boolean, string]> => {
    let done = false;
    const through = api(
      heldBack(async () => {
        done = true;
        await between();
      }, write),
      null,
    );
    const answer = said(await call(through));
    return [done, answer];
  };

  test("a blocked inviter's invites no member", async () => {
    const admin = await newMember(fetch, team, { roles: ["admin"] });
    const { id, token } = await invited(admin, { roles: ["admin"] });
    const [done, answer] = await during(
      1,
      () => block(team, admin),
      (who) => who.post<Problem>("/v1/invitations/accept", { token }, { ip: HOME }),
    );
    expect([done, answer]).toEqual([true, "410 invitation/revoked"]);
    expect(await rows("SELECT status FROM invitation WHERE id = ?", id)).toEqual([{ status: "pending" }]);
  });

  test("a link whose maker is blocked lets no member in", async () => {
    const maker = await newMember(fetch, vendor, { roles: ["owner"] });
    const token = await link(maker);
    const who = person();
    ok(await anybody.post("/v1/auth/codes", { email: who.email, link: token }, { ip: anywhere() }), 202);
    const code = codeOf(await lastMail(fetch, who.email, "join"));
    // Counting the try, and taking it back, are batches of this call, too: the join is the last.
    const [done, answer] = await during(
      2,
      () => block(vendor, maker),
      (through) => through.post<Problem>("/v1/operator-links/join", { token, code, ...who }, { ip: HOME }),
    );
    expect([done, answer]).toEqual([true, "410 invitation/revoked"]);
    expect(await rows("SELECT id FROM member WHERE email = ?", who.email)).toEqual([]);
  });
});
