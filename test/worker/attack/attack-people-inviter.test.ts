import { beforeAll, describe, expect, test } from "vitest";
import {
  type Api,
  api,
  newIdempotencyKey,
  expectStatus,
  type Problem,
  type Reply,
} from "../../harness/client.ts";
import { codeOf, lastMail } from "../../harness/mailbox.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { nextClientIp } from "../../harness/sign-in.ts";
import { fetchWithDelayedWrite } from "../gate/delayed-write.ts";
import {
  acceptInvitation,
  ageInvitation,
  createInvitation,
  newPerson,
  readRows,
  invitationToken,
} from "../people/invitations-fixture.ts";
import {
  fetch,
  createPlatform,
  HOME_IP,
  createObject,
  statusOf,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";
import { signInWith, requestMail } from "../people/sign-in-fixture.ts";

let platform: Api;
let team: Person;
let vendor: Person;
beforeAll(async () => {
  platform = await createPlatform();
  team = await createSubscribedAccount(platform, "team");
  vendor = await createSubscribedAccount(platform, "vendor");
});
const ANY = { ifMatch: "*" };
const anybody = api(fetch, null);

const block = async (owner: Person, { memberId }: Person) =>
  expectStatus(await owner.api.post(`/v1/members/${memberId}/block`), 200);
const demote = async (owner: Person, { memberId }: Person, roles: string[]) =>
  expectStatus(await owner.api.patch(`/v1/members/${memberId}`, { roles }, ANY), 200);
const link = async (who: { readonly api: Api }, body: object = {}): Promise<string> =>
  /#token=(.{43})$/.exec(
    expectStatus(
      await who.api.post<{ url: string }>("/v1/operator-links", body, {
        idempotencyKey: newIdempotencyKey(),
      }),
      201,
    ).body.url,
  )?.[1] ?? "";

describe("an invitation goes no further than its sender's rights", () => {
  test("a blocked or removed sender's invites no member; sent again by another, it is good", async () => {
    const admin = await newMember(fetch, team, { roles: ["admin"] });
    const { id, token, member } = await createInvitation(admin, { roles: ["admin"] });
    await block(team, admin);
    const answer = await acceptInvitation(token, { signIn: true });
    expect([statusOf(answer), answer.body.detail]).toEqual([
      "410 invitation/revoked",
      expect.stringContaining("send it again"),
    ]);
    expectStatus(await team.api.del(`/v1/members/${admin.memberId}`), 204);
    expect(statusOf(await acceptInvitation(token))).toBe("410 invitation/revoked");
    const { code } = await requestMail(member.email);
    expect(statusOf(await signInWith({ email: member.email, code, accountId: team.accountId }))).toBe(
      "410 invitation/revoked",
    );
    await ageInvitation(id);
    expect(
      expectStatus(await team.api.post<{ invitedBy: string }>(`/v1/invitations/${id}/resend`), 200).body
        .invitedBy,
    ).toBe(team.memberId);
    expectStatus(await acceptInvitation(await invitationToken(member.email), { signIn: true }), 200);
  });

  test("one whose role the sender may no longer give is void; another of theirs is good", async () => {
    const second = await newMember(fetch, vendor, { roles: ["owner"] });
    const { token } = await createInvitation(second, { roles: ["owner"] });
    await demote(vendor, second, ["operator"]);
    expect(statusOf(await acceptInvitation(token))).toBe("410 invitation/revoked");
    const seller = await createSubscribedAccount(platform, "seller");
    const admin = await newMember(fetch, seller, { roles: ["seller_admin"] });
    const [above, below] = [
      await createInvitation(admin, { role: "seller_admin" }),
      await createInvitation(admin, { role: "support_agent" }),
    ];
    await demote(seller, admin, ["account_manager"]);
    expect([await acceptInvitation(above.token), await acceptInvitation(below.token)].map(statusOf)).toEqual([
      "410 invitation/revoked",
      "200",
    ]);
  });

  test("nor object groups, or grants, beyond theirs by now", async () => {
    const manager = await createSubscribedAccount(platform, "dealer");
    const [own, other] = [
      await createObject(manager, "object-groups", { name: "Own" }),
      await createObject(manager, "object-groups", { name: "Other" }),
    ];
    const rights = ["member.view", "member.edit", "member.create", "object_group.edit", "object.view"];
    const clerk = await newMember(fetch, manager, {
      roles: ["dealer_user"],
      rights,
      objectGroupIds: [own, other],
    });
    const { token } = await createInvitation(clerk, {
      roles: [],
      rights: ["object.view"],
      objectGroupIds: [other],
    });
    const kept = await createInvitation(clerk, { roles: [], rights: ["object.view"], objectGroupIds: [own] });
    expectStatus(
      await manager.api.patch(`/v1/members/${clerk.memberId}`, { objectGroupIds: [own] }, ANY),
      200,
    );
    expect([await acceptInvitation(token), await acceptInvitation(kept.token)].map(statusOf)).toEqual([
      "410 invitation/revoked",
      "200",
    ]);
  });

  test("a founder's, for the owner of the account below, is void once the founder is blocked", async () => {
    const seller = await createSubscribedAccount(platform, "seller");
    const admin = await newMember(fetch, seller, { roles: ["seller_admin"] });
    const [first, second] = [newPerson(), newPerson()];
    for (const owner of [first, second])
      expectStatus(
        await admin.api.post(
          "/v1/organizations",
          { name: "New", owner },
          { idempotencyKey: newIdempotencyKey() },
        ),
        201,
      );
    expectStatus(await acceptInvitation(await invitationToken(first.email)), 200);
    await block(seller, admin);
    expect(statusOf(await acceptInvitation(await invitationToken(second.email)))).toBe(
      "410 invitation/revoked",
    );
  });

  test("domains that were narrowed since keep an address out", async () => {
    const owner = await createSubscribedAccount(platform, "team");
    const { token } = await createInvitation(owner, { role: "member" });
    const allow = async (allowedEmailDomains: string[]) =>
      expectStatus(
        await owner.api.patch(`/v1/accounts/${owner.accountId}`, { settings: { allowedEmailDomains } }, ANY),
        200,
      );
    await allow(["studio.example"]);
    const answer = await acceptInvitation(token);
    expect([statusOf(answer), answer.body.detail]).toEqual([
      "410 invitation/revoked",
      expect.stringContaining("domains"),
    ]);
    await allow(["studio.example", "example.com"]);
    expectStatus(await acceptInvitation(token), 200);
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
      fetchWithDelayedWrite(async () => {
        done = true;
        await between();
      }, write),
      null,
    );
    const answer = statusOf(await call(through));
    return [done, answer];
  };

  test("a blocked inviter's invites no member", async () => {
    const admin = await newMember(fetch, team, { roles: ["admin"] });
    const { id, token } = await createInvitation(admin, { roles: ["admin"] });
    const [done, answer] = await during(
      1,
      () => block(team, admin),
      (who) => who.post<Problem>("/v1/invitations/accept", { token }, { ip: HOME_IP }),
    );
    expect([done, answer]).toEqual([true, "410 invitation/revoked"]);
    expect(await readRows("SELECT status FROM invitation WHERE id = ?", id)).toEqual([{ status: "pending" }]);
  });

  test("a link whose maker is blocked lets no member in", async () => {
    const maker = await newMember(fetch, vendor, { roles: ["owner"] });
    const token = await link(maker);
    const who = newPerson();
    expectStatus(
      await anybody.post("/v1/auth/codes", { email: who.email, link: token }, { ip: nextClientIp() }),
      202,
    );
    const code = codeOf(await lastMail(fetch, who.email, "join"));
    // Counting the try, and taking it back, are batches of this call, too: the join is the last.
    const [done, answer] = await during(
      2,
      () => block(vendor, maker),
      (through) => through.post<Problem>("/v1/operator-links/join", { token, code, ...who }, { ip: HOME_IP }),
    );
    expect([done, answer]).toEqual([true, "410 invitation/revoked"]);
    expect(await readRows("SELECT id FROM member WHERE email = ?", who.email)).toEqual([]);
  });
});
