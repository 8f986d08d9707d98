import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Api, api, newIdempotencyKey, expectStatus, type Reply } from "../../harness/client.ts";
import { mailsTo } from "../../harness/mailbox.ts";
import { newAccount, newMember, newToken, type Person } from "../../harness/people.ts";
import { listActions, actingIn } from "../products/dealer-fixture.ts";
import { LEAVE_MAPPING, newHook } from "../../harness/webhook.ts";
import { addMemberByPlatform } from "./invite-fixture.ts";
import { createRestrictedKeys } from "../contract/restricted-key.ts";
import {
  fetch,
  createPlatform,
  replaceGrants,
  createObject,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

const { DB } = env;
let platform: Api;
beforeAll(async () => {
  platform = await createPlatform();
});

const card = (who: Api, id: string, body: object) => who.patch(`/v1/members/${id}`, body, { ifMatch: "*" });
const keyOf = async (who: Api, id: string): Promise<string> =>
  expectStatus(await who.get<{ data: { id: string }[] }>(`/v1/members/${id}/api-keys`), 200).body.data[0]
    ?.id ?? "";

/** Members whose roles, or whose role's rights, their account's owner cannot give. */
async function beyond(owner: Person): Promise<Readonly<Record<string, Person>>> {
  const placed = (role: string, more: object = {}) =>
    addMemberByPlatform(fetch, platform, owner.accountId, [role], more);
  const manager = await placed("dealer_manager", { rights: ["member.generate_api_token"] });
  const custom = await newMember(fetch, owner, { roles: ["dealer_user"] });
  const role = await createObject(manager, "roles", {
    name: `Tokens ${newIdempotencyKey()}`,
    rights: ["member.generate_api_token"],
  });
  expectStatus(await card(manager.api, custom.memberId, { roles: ["dealer_user", role] }), 200);
  return { manager, aggregator: await placed("aggregator"), subdealer: await placed("subdealer"), custom };
}

describe("K11 the account's owner stops every other member", () => {
  const NAMES = ["manager", "aggregator", "subdealer", "custom"];
  let owner: Person;
  let people: Readonly<Record<string, Person>>;
  beforeAll(async () => {
    owner = await newAccount(fetch, platform, "dealer");
    people = await beyond(owner);
  });

  test.each(NAMES)(
    "S3.30 K11 block by a call and by loginAllowed: false, end sessions, revoke keys, take roles, remove: %s",
    async (name) => {
      const { memberId, api: theirs, apiKey } = people[name] ?? expect.fail();
      const path = `/v1/members/${memberId}`;
      const token = api(fetch, await newToken(fetch, apiKey));
      expectStatus(await owner.api.del(`${path}/sessions`), 204);
      expectStatus(await owner.api.post(`${path}/block`), 200);
      for (const who of [theirs, token]) expect(said(await who.get("/v1/me"))).toBe("401 auth/blocked");
      // What gives back or edits asks for power over the roles: the platform has it.
      for (const change of [{ loginAllowed: true }, { phone: "1" }, { loginAllowed: false, city: "Minsk" }]) {
        expect(said(await card(owner.api, memberId, change))).toBe("403 access/denied");
      }
      expect(said(await owner.api.post(`${path}/unblock`))).toBe("403 access/denied");
      expectStatus(await platform.post(`/v1/accounts/${owner.accountId}/members/${memberId}/unblock`), 200);
      expectStatus(await theirs.get("/v1/me"), 200);
      expect(expectStatus(await card(owner.api, memberId, { loginAllowed: false }), 200).body).toMatchObject({
        status: "blocked",
        loginAllowed: false,
      });
      expect(said(await theirs.get("/v1/me"))).toBe("401 auth/blocked");

      expectStatus(await owner.api.del(`/v1/api-keys/${await keyOf(owner.api, memberId)}`), 204);
      const { roles } = expectStatus(await owner.api.get<{ roles: string[] }>(path), 200).body;
      expectStatus(await card(owner.api, memberId, { roles: roles.slice(1), rights: [] }), 200);
      expect(said(await card(owner.api, memberId, { roles }))).toBe("403 access/denied");
      expectStatus(await card(owner.api, memberId, { roles: [] }), 200);
      expectStatus(await owner.api.del(path), 204);
      expect(said(await owner.api.get(path))).toBe("404 not-found");
    },
  );

  test("K11 a platform-only role ends with the removal; what the owner gave is taken first", async () => {
    const [fresh, both] = [
      await addMemberByPlatform(fetch, platform, owner.accountId, ["aggregator"]),
      (await beyond(owner))["custom"] ?? expect.fail(),
    ];
    for (const { memberId } of [fresh, both]) {
      expect(said(await owner.api.del(`/v1/members/${memberId}`))).toBe("409 conflict/not-removable");
      expectStatus(await owner.api.post(`/v1/members/${memberId}/block`), 200);
    }
    expectStatus(await owner.api.del(`/v1/members/${fresh.memberId}`), 204);
    expect(expectStatus(await owner.api.del(`/v1/members/${both.memberId}`), 409).body).toMatchObject({
      blocking: ["roles"],
    });
  });

  test.each(NAMES)("K11 the platform does the same: %s", async (name) => {
    const target = (await beyond(owner))[name] ?? expect.fail();
    const path = `/v1/accounts/${owner.accountId}/members/${target.memberId}`;
    const key = await keyOf(owner.api, target.memberId);
    expectStatus(await platform.post(`${path}/block`), 200);
    expect(said(await target.api.get("/v1/me"))).toBe("401 auth/blocked");
    expectStatus(await platform.post(`${path}/unblock`), 200);
    expectStatus(await platform.del(`${path}/sessions`), 204);
    expectStatus(await platform.del(`${path}/api-keys/${key}`), 204);
    expect(said(await target.api.get("/v1/me"))).toBe("401 auth/invalid-credential");
    expectStatus(await platform.post(`${path}/block`), 200);
    expectStatus(await platform.del(path), 204);
    expect(said(await owner.api.get(`/v1/members/${target.memberId}`))).toBe("404 not-found");
    for (const who of [owner.api, platform]) {
      const removed = (await listActions(who, "member.delete")).map(({ resource }) => resource.id);
      expect(removed).toContain(target.memberId);
    }
  });

  test("K11 siblings: the hook and the invitation of such a member end", async () => {
    const manager = (await beyond(owner))["manager"] ?? expect.fail();
    const [one, two] = [
      await newHook(manager.api, "standard", LEAVE_MAPPING),
      await newHook(manager.api, "standard", LEAVE_MAPPING),
    ];
    expectStatus(await owner.api.patch(`/v1/hooks/${one.id}`, { active: false }, { ifMatch: "*" }), 200);
    expect(said(await owner.api.patch(`/v1/hooks/${one.id}`, { active: true }, { ifMatch: "*" }))).toBe(
      "403 access/denied",
    );
    expectStatus(await owner.api.del(`/v1/hooks/${two.id}`), 204);

    const body = {
      firstName: "Ivo",
      lastName: "Invited",
      email: `${newIdempotencyKey()}@example.com`,
      roles: ["aggregator"],
      notify: true,
    };
    expectStatus(
      await platform.post(`/v1/accounts/${owner.accountId}/members`, body, {
        idempotencyKey: newIdempotencyKey(),
      }),
      201,
    );
    const invited = expectStatus(
      await owner.api.get<{ data: { id: string }[] }>(`/v1/invitations?email=${body.email}`),
      200,
    ).body.data[0]?.id;
    expect(said(await owner.api.post(`/v1/invitations/${invited}/resend`))).toBe("403 access/denied");
    expectStatus(await owner.api.del(`/v1/invitations/${invited}`), 204);
  });

  test("K11 a second holder of the owner's role stops none of these; no member stops the owner", async () => {
    const { manager, subdealer } = await beyond(owner);
    if (manager === undefined || subdealer === undefined) expect.fail();
    const path = `/v1/members/${subdealer.memberId}`;
    const key = await keyOf(manager.api, subdealer.memberId);
    for (const asked of [
      manager.api.post(`${path}/block`),
      card(manager.api, subdealer.memberId, { loginAllowed: false }),
      card(manager.api, subdealer.memberId, { roles: [] }),
      manager.api.del(`${path}/sessions`),
      manager.api.del(`/v1/api-keys/${key}`),
      manager.api.del(path),
      manager.api.post(`/v1/members/${owner.memberId}/block`),
    ])
      expect(said(await asked)).toBe("403 access/denied");
    expect(said(await manager.api.del(`/v1/members/${owner.memberId}`))).toBe("403 access/denied");
    expect(said(await owner.api.post(`/v1/members/${owner.memberId}/block`))).toBe("409 conflict/lockout");
  });

  test("K11 a sub-dealer's owner stops its members without such a right; the dealer's does not", async () => {
    const below = await newAccount(fetch, platform, "subdealer", { parentId: owner.accountId });
    const member = await addMemberByPlatform(fetch, platform, below.accountId, ["subdealer"], {
      objectGroupIds: ["all"],
    });
    const path = `/v1/members/${member.memberId}`;
    for (const who of [owner.api, actingIn(owner, below.accountId), member.api]) {
      expect(said(await who.post(`/v1/members/${below.memberId}/block`))).toMatch(/^40[34] /);
      expect(said(await who.post(`${path}/block`))).toMatch(/^40[34] /);
    }
    const { rights } = expectStatus(
      await below.api.get<{ rights: { right: string; source: string }[] }>(
        `/v1/members/${below.memberId}/effective`,
      ),
      200,
    ).body;
    expect(rights.filter(({ source }) => source === "ownership").map(({ right }) => right)).toEqual([
      "api_key.revoke",
      "api_key.view",
      "member.block",
      "member.delete",
      "member.view",
    ]);
    expectStatus(await below.api.post(`${path}/block`), 200);
    expect(said(await member.api.get("/v1/me"))).toBe("401 auth/blocked");
    for (const who of [below.api, owner.api])
      expect(said(await who.post(`${path}/unblock`))).toMatch(/^40[34] /);
    expect(said(await card(below.api, member.memberId, { roles: [] }))).toBe("403 access/denied");
    expectStatus(await below.api.del(`/v1/api-keys/${await keyOf(below.api, member.memberId)}`), 204);
    expectStatus(await below.api.del(path), 204);
  });

  test("K11 an operator keeps the other grants when the owner takes one, under every plan", async () => {
    const vendor = await createSubscribedAccount(platform, "vendor");
    const operator = await newMember(fetch, vendor, { roles: ["operator"] });
    await replaceGrants(vendor, operator.memberId, [
      { resourceType: "product", access: "view" },
      { resourceType: "customer", access: "view" },
    ]);
    expectStatus(
      await platform.put(`/v1/accounts/${vendor.accountId}/plan`, {
        restrictedAccounts: false,
        memberLimit: null,
        contactUrl: null,
      }),
      200,
    );
    const put = (list: object[]) =>
      vendor.api.put(`/v1/members/${operator.memberId}/grants`, { grants: list });
    expectStatus(await put([{ resourceType: "product", access: "view" }]), 200);
    expect(said(await put([{ resourceType: "product", access: "edit" }]))).toBe("402 plan/feature-required");
    expect(
      said(
        await put([
          { resourceType: "product", access: "view" },
          { resourceType: "product", access: "view" },
        ]),
      ),
    ).toBe("422 validation");
    expectStatus(await put([]), 200);
  });
});

describe("K11 ownership moves", () => {
  const offersOf = ({ accountId }: Person) => `/v1/accounts/${accountId}/ownership-offers`;
  const offer = (owner: Person, memberId: string, who = owner.api) =>
    who.post<{ id: string }>(offersOf(owner), { memberId });
  const ownerOf = async ({ accountId }: Person): Promise<unknown> =>
    expectStatus(await platform.get(`/v1/accounts/${accountId}`), 200).body["ownerMemberId"];
  const offered = async (role: string, kind = "team") => {
    const owner = await createSubscribedAccount(platform, kind);
    const member = await newMember(fetch, owner, {
      roles: [role],
      email: `${newIdempotencyKey()}@example.com`,
    });
    const { id } = expectStatus(await offer(owner, member.memberId), 201).body;
    return { owner, member, path: `${offersOf(owner)}/${id}` };
  };

  test("K11 by an offer and its acceptance: the new owner has the top role at once", async () => {
    const { owner, member, path } = await offered("member");
    for (const who of [owner, member])
      expect(
        expectStatus(await who.api.get<{ data: object[] }>(offersOf(owner)), 200).body.data,
      ).toHaveLength(1);
    for (const narrow of await createRestrictedKeys(owner, member))
      expect(said(await narrow.post(`${path}/accept`))).toBe("403 access/denied");
    expect(said(await owner.api.post(`${path}/accept`))).toBe("403 access/denied");
    const answers = await Promise.all([1, 2, 3].map(() => member.api.post(`${path}/accept`)));
    expect(answers.map(said).sort()).toEqual(["200", "404 not-found", "404 not-found"]);

    expect(await ownerOf(owner)).toBe(member.memberId);
    const roles = async (who: Person) =>
      expectStatus(await who.api.get<{ member: { roles: string[] } }>("/v1/me"), 200).body.member.roles;
    expect([await roles(member), await roles(owner)]).toEqual([["admin", "member"], ["admin"]]);
    expect((await listActions(member.api, "ownership.transfer")).map(({ changes }) => changes)).toEqual([
      { before: { ownerMemberId: owner.memberId }, after: { ownerMemberId: member.memberId } },
    ]);
    expect(said(await owner.api.post(`/v1/members/${member.memberId}/block`))).toBe(
      "409 conflict/last-admin",
    );
    expect(said(await offer(owner, member.memberId))).toBe("403 access/denied");
    expectStatus(await member.api.post(`/v1/members/${owner.memberId}/block`), 200);
    expectStatus(await member.api.del(`/v1/members/${owner.memberId}`), 204);
  });

  test("K11 only the owner offers, once at a time, to an active member, by an open key", async () => {
    const { owner, member, path } = await offered("admin");
    const [viewer, blocked] = [
      await newMember(fetch, owner, { roles: ["viewer"] }),
      await newMember(fetch, owner, { roles: ["member"] }),
    ];
    expectStatus(await owner.api.post(`/v1/members/${blocked.memberId}/block`), 200);
    expect(said(await offer(owner, viewer.memberId))).toBe("409 conflict/state");
    expect(said(await offer(owner, viewer.memberId, member.api))).toBe("403 access/denied");
    expect(expectStatus(await viewer.api.get<{ data: object[] }>(offersOf(owner)), 200).body.data).toEqual(
      [],
    );
    for (const answer of [await viewer.api.post(`${path}/accept`), await viewer.api.del(path)])
      expect(said(answer)).toBe("404 not-found");
    expectStatus(await owner.api.del(path), 204);
    for (const answer of [await owner.api.del(path), await member.api.post(`${path}/accept`)])
      expect(said(answer)).toBe("404 not-found");
    for (const narrow of await createRestrictedKeys(owner, owner))
      expect(said(await offer(owner, member.memberId, narrow))).toBe("403 access/denied");
    expect(said(await offer(owner, blocked.memberId))).toBe("409 conflict/state");
    const stranger = await createSubscribedAccount(platform, "team");
    for (const id of [owner.memberId, stranger.memberId, "mem_x"])
      expect(said(await offer(owner, id))).toBe("422 validation");
    expect(said(await offer(owner, member.memberId, stranger.api))).toBe("404 not-found");
    // Of many offers at once one is made.
    const answers = await Promise.all(
      [viewer, member, viewer, member].map(({ memberId }) => offer(owner, memberId)),
    );
    expect(answers.map(said).sort()).toEqual([
      "201",
      "409 conflict/state",
      "409 conflict/state",
      "409 conflict/state",
    ]);
  });

  type World = Awaited<ReturnType<typeof offered>>;
  const ENDINGS: ReadonlyArray<readonly [title: string, end: (world: World) => Promise<unknown>]> = [
    ["the member declines", async ({ member, path }) => expectStatus(await member.api.del(path), 204)],
    [
      "a block, and stays ended after the unblock",
      async ({ owner, member }) => {
        for (const verb of ["block", "unblock"])
          expectStatus(await owner.api.post(`/v1/members/${member.memberId}/${verb}`), 200);
      },
    ],
    [
      "a block by the card",
      async ({ owner, member }) => {
        for (const loginAllowed of [false, true])
          expectStatus(await card(owner.api, member.memberId, { loginAllowed }), 200);
      },
    ],
    [
      "a block by the platform",
      async ({ owner, member }) => {
        for (const verb of ["block", "unblock"])
          expectStatus(
            await platform.post(`/v1/accounts/${owner.accountId}/members/${member.memberId}/${verb}`),
            200,
          );
      },
    ],
    [
      "seven days",
      async ({ owner }) =>
        DB.prepare("UPDATE ownership_offer SET expires_at = ? WHERE account_id = ?")
          .bind(Date.now() - 1, owner.accountId)
          .run(),
    ],
    [
      "another owner, named by the platform",
      async ({ owner }) => {
        const { memberId } = await newMember(fetch, owner, { roles: ["viewer"] });
        expectStatus(
          await platform.put(`/v1/accounts/${owner.accountId}/owner`, {
            memberId,
            reason: "The owner died.",
          }),
          200,
        );
      },
    ],
  ];
  test.each(ENDINGS)("K11 an offer ends with %s", async (_, end) => {
    const world = await offered("member");
    await end(world);
    expect(said(await world.member.api.post(`${world.path}/accept`))).toBe("404 not-found");
    expect(
      expectStatus(await platform.get<{ data: object[] }>(offersOf(world.owner)), 200).body.data,
    ).toEqual([]);
  });

  test("K11 an acceptance races withdrawal, removal, leave and platform: one wins", async () => {
    const against: readonly ((world: World) => Promise<Reply<unknown>>)[] = [
      ({ owner, path }) => owner.api.del(path),
      ({ owner, member }) => owner.api.del(`/v1/members/${member.memberId}`),
      ({ member }) => member.api.post("/v1/me/leave"),
      ({ owner, member }) => owner.api.post(`/v1/members/${member.memberId}/block`),
    ];
    for (const other of against) {
      const world = await offered("member");
      const [accepted, ended] = await Promise.all([
        world.member.api.post(`${world.path}/accept`),
        other(world),
      ]);
      const isMoved = (await ownerOf(world.owner)) === world.member.memberId;
      expect([accepted.status === 200, ended.status < 300], other.toString()).toEqual([isMoved, !isMoved]);
      const row = await DB.prepare(
        "SELECT m.status FROM account a JOIN member m ON m.id = a.owner_member_id WHERE a.id = ?",
      )
        .bind(world.owner.accountId)
        .first("status");
      expect(row).toBe("active");
    }
  });

  test("K11 the platform names an owner with a reason, in both trails and mails to both", async () => {
    const { owner, member } = await offered("member");
    const path = `/v1/accounts/${owner.accountId}`;
    for (const body of [
      { memberId: member.memberId },
      { memberId: member.memberId, reason: "" },
      { memberId: owner.memberId, reason: "r" },
      { memberId: "mem_x", reason: "r" },
    ]) {
      expect(said(await platform.put(`${path}/owner`, body))).toBe("422 validation");
    }
    expect(said(await owner.api.put(`${path}/owner`, { memberId: member.memberId, reason: "r" }))).toBe(
      "403 access/denied",
    );
    expectStatus(
      await platform.put(`${path}/owner`, { memberId: member.memberId, reason: "The owner lost the phone." }),
      200,
    );
    for (const who of [member.api, platform]) {
      const [told] = await listActions(who, "ownership.transfer");
      expect(told).toMatchObject({
        reason: "The owner lost the phone.",
        resource: { id: owner.accountId },
        changes: { after: { ownerMemberId: member.memberId } },
      });
    }
    const mails = async (who: Person) =>
      (
        await mailsTo(
          fetch,
          expectStatus(await who.api.get<{ member: { email: string } }>("/v1/me"), 200).body.member.email,
        )
      ).map(({ subject }) => subject);
    expect(await mails(owner)).toContainEqual(expect.stringMatching(/has another owner$/));
    expect(await mails(member)).toContainEqual(expect.stringMatching(/^You own /));

    const at = `${path}/members/${member.memberId}`;
    for (const answer of [await platform.post(`${at}/block`), await platform.del(at)])
      expect(said(answer)).toBe("409 conflict/last-admin");
    expectStatus(await platform.del(`${at}/sessions`), 204);
    expectStatus(await platform.del(`${at}/api-keys/${await keyOf(owner.api, member.memberId)}`), 204);
    expect(said(await member.api.get("/v1/me"))).toBe("401 auth/invalid-credential");
    for (const who of [owner.api, platform])
      expect((await listActions(who, "api_key.revoke"))[0]?.resource.id).toMatch(/^key_/);
    // A key of one member is not found under another, nor a member under another account.
    const key = await keyOf(owner.api, owner.memberId);
    for (const wrong of [
      `${at}/api-keys/${key}`,
      `/v1/accounts/${(await createSubscribedAccount(platform, "team")).accountId}/members/${owner.memberId}`,
    ]) {
      expect(said(await platform.del(wrong))).toBe("404 not-found");
    }
    expectStatus(await platform.post(`${path}/members/${owner.memberId}/block`), 200);
    expect(said(await owner.api.get("/v1/me"))).toBe("401 auth/blocked");
    expectStatus(await platform.del(`${path}/members/${owner.memberId}`), 204);
  });
});
