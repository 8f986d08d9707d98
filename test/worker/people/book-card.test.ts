import { beforeAll, describe, expect, test } from "vitest";
import {
  type Api,
  api,
  newIdempotencyKey,
  expectStatus,
  type Problem,
  type Reply,
} from "../../harness/client.ts";
import { lastMail, mailsTo, tokenOf } from "../../harness/mailbox.ts";
import { newAccount, newMember, type Person } from "../../harness/people.ts";
import { type DealerFixture, createDealer } from "../products/dealer-fixture.ts";
import { fetchWithDelayedWrite } from "../gate/delayed-write.ts";
import { ageInvitation } from "./invitations-fixture.ts";
import { fetch, createPlatform, HOME_IP, said, comparableRefusal } from "../access/operators-fixture.ts";

const ANY = { ifMatch: "*" };

interface Card {
  readonly id: string;
  readonly login: string;
  readonly version: number;
  readonly readOnlyFields: string[];
  readonly requiredFields: string[];
  readonly [field: string]: unknown;
}

let platform: Api;
let world: DealerFixture;
let manager: Person;

let count = 0;
const address = () => `card-${(count += 1)}@example.com`;
const add = async (who: { readonly api: Api }, more: object = {}): Promise<Card> =>
  expectStatus(
    await who.api.post<Card>(
      "/v1/members",
      { firstName: "Карина", lastName: "Card", email: address(), roles: ["client"], ...more },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  ).body;
const cardOf = async (who: { readonly api: Api }, id: string) =>
  expectStatus(await who.api.get<Card>(`/v1/members/${id}`), 200);
const patch = (
  who: { readonly api: Api },
  id: string,
  body: object,
  ask: object = ANY,
): Promise<Reply<Problem>> => who.api.patch<Problem>(`/v1/members/${id}`, body, ask);

beforeAll(async () => {
  platform = await createPlatform();
  world = await createDealer(platform);
  manager = world.manager;
});

describe("S3.23 S3.24 a card by its login", () => {
  test("is the same card, with the tag that an edit takes", async () => {
    const { id, login } = await add(manager);
    const [one, other] = [
      await cardOf(manager, id),
      expectStatus(await manager.api.get<Card>(`/v1/members/by-login/${login}`), 200),
    ];
    expect(other.body).toEqual(one.body);
    expectStatus(await patch(manager, id, { city: "Omsk" }, { ifMatch: other.headers.get("etag") }), 200);
  });

  test("another account's login, an unknown one and a malformed one are the same missing card", async () => {
    for (let more = 0; more < 3; more += 1) await add(world.other);
    const logins = expectStatus(
      await world.other.api.get<{ data: Card[] }>("/v1/members"),
      200,
    ).body.data.map(({ login }) => login);
    const mine = new Set(
      expectStatus(await manager.api.get<{ data: Card[] }>("/v1/members?limit=100"), 200).body.data.map(
        ({ login }) => login,
      ),
    );
    const missing = await manager.api.get("/v1/members/by-login/9998");
    for (const login of ["1", "00001", "abcd", "%25", "____", "' OR 1=1", "\u0660\u0660\u0660\u0661"])
      expect(comparableRefusal(await manager.api.get(`/v1/members/by-login/${login}`)), login).toBe(
        comparableRefusal(missing),
      );
    const foreign = [...mine].filter((login) => !logins.includes(login));
    expect(foreign.length).toBeGreaterThan(0);
    for (const login of foreign)
      expect(comparableRefusal(await world.other.api.get(`/v1/members/by-login/${login}`)), login).toBe(
        comparableRefusal(missing),
      );
    expect(said(missing)).toBe("404 not-found");
    const { client } = world.people;
    expect(said(await client.api.get(`/v1/members/by-login/${logins[0]}`))).toBe("404 not-found");
  });
});

describe("S3.25 what a card takes", () => {
  const CHARACTERISTICS = {
    username: "Ирина Петрова",
    firstName: "Ирина",
    middleName: "В.",
    lastName: "Петрова",
    phone: "+7 900",
    mobilePhone: "+7 901",
    position: "P",
    office: "O",
    department: "D",
    city: "C",
    country: "RU",
    comments: "Zzz",
    language: "ru",
  };
  test("S3.28 S4.34 S4.35 all characteristics at once, and the new name is found", async () => {
    const { id } = await add(manager);
    const { body } = expectStatus(await patch(manager, id, CHARACTERISTICS), 200);
    expect(body).toMatchObject(CHARACTERISTICS);
    const found = async (query: string) =>
      expectStatus(await manager.api.get<{ data: Card[] }>(`/v1/members?${query}`), 200).body.data.map(
        (row) => row.id,
      );
    for (const query of [`username=${encodeURIComponent("ирина ПЕТ")}`, "phone=7 900", "mobilePhone=901"])
      expect(await found(query), query).toEqual([id]);
    expectStatus(await patch(manager, id, { phone: null, username: "Other" }), 200);
    expect(await found("phone=7 900")).toEqual([]);
    expect(await found(`username=${encodeURIComponent("ирина")}`)).toEqual([]);
  });

  test("S3.31 S3.29 each read-only field of the card is refused by name; nothing is changed", async () => {
    const { id } = await add(manager);
    const { body: before } = await cardOf(manager, id);
    expect(before.readOnlyFields).toEqual(
      expect.arrayContaining(["id", "login", "dealer", "status", "source", "assessments", "createdAt"]),
    );
    for (const field of before.readOnlyFields) {
      const { status, body } = await patch(manager, id, { city: "Tver", [field]: before[field] ?? "x" });
      expect([status, body.errors], field).toEqual([
        422,
        [{ pointer: `/${field}`, detail: "cannot be changed here" }],
      ]);
    }
    expect((await cardOf(manager, id)).body).toEqual(before);
  });

  test("S3.32 a required field is not cleared, in any way", async () => {
    const { id } = await add(manager);
    const { body: before } = await cardOf(manager, id);
    expect(before.requiredFields).toEqual(["username", "firstName", "lastName", "email"]);
    for (const field of before.requiredFields)
      for (const empty of [null, "", "   "]) {
        const { status, body } = await patch(manager, id, { city: "Tver", [field]: empty });
        expect([status, body.errors?.[0]?.pointer], field).toEqual([422, `/${field}`]);
      }
    expect((await cardOf(manager, id)).body).toEqual(before);
  });

  test.each(["billing", "grants", "unexpected", "usernameFolded", "accountStatus"])(
    "S1.35 a field that is not there is refused: %s",
    async (field) => {
      const { id } = await add(manager);
      expect((await patch(manager, id, { [field]: {} })).body.errors).toEqual([
        { pointer: `/${field}`, detail: "is not known here" },
      ]);
    },
  );

  test("S3.33 a stale tag is refused, none at all too, and of two edits at once one wins", async () => {
    const { id } = await add(manager);
    const ifMatch = (await cardOf(manager, id)).headers.get("etag");
    expect(said(await manager.api.patch(`/v1/members/${id}`, { city: "A" }))).toBe(
      "428 precondition-required",
    );
    const answers = await Promise.all(
      ["A", "B", "C"].map((city) => patch(manager, id, { city }, { ifMatch })),
    );
    expect(answers.map(said).sort()).toEqual(["200", "412 precondition-failed", "412 precondition-failed"]);
    expect(said(await patch(manager, id, { city: "D" }, { ifMatch }))).toBe("412 precondition-failed");
  });

  test("one fault in many changes leaves everything as it was", async () => {
    const { id } = await add(manager);
    const { body: before } = await cardOf(manager, id);
    expect(
      said(
        await patch(manager, id, {
          city: "Omsk",
          email: address(),
          objectGroupIds: [world.groups.G],
          loginAllowed: false,
          creditLimit: 5,
        }),
      ),
    ).toBe("422 validation");
    expect(
      said(await patch(manager, id, { city: "Omsk", email: address(), objectGroupIds: ["grp_none"] })),
    ).toBe("422 validation");
    expect((await cardOf(manager, id)).body).toEqual(before);
  });
});

describe("S2.20 S3.30 the login is allowed or not", () => {
  const active = () => newMember(fetch, manager, { roles: ["dealer_user"] });
  test("unchecking blocks from the next call on, the row is orange; checking restores all", async () => {
    const person = await active();
    expectStatus(
      await manager.api.put(`/v1/members/${person.memberId}/object-groups`, { groupIds: [world.groups.G] }),
      200,
    );
    const before = (await cardOf(manager, person.memberId)).body;
    expect(
      expectStatus(await patch(manager, person.memberId, { loginAllowed: false }), 200).body,
    ).toMatchObject({
      status: "blocked",
      loginAllowed: false,
      highlight: "orange",
    });
    expect(said(await person.api.get("/v1/me"))).toBe("401 auth/blocked");
    const { data } = expectStatus(
      await manager.api.get<{ data: Card[] }>("/v1/members?status=disabled&limit=100"),
      200,
    ).body;
    expect(data.find(({ id }) => id === person.memberId)).toMatchObject({
      status: "blocked",
      highlight: "orange",
    });
    const after = expectStatus(await patch(manager, person.memberId, { loginAllowed: true }), 200).body;
    expect(after).toMatchObject({
      status: "active",
      roles: before["roles"],
      objectGroupIds: before["objectGroupIds"],
      grants: before["grants"],
      blockedAt: null,
    });
    expectStatus(await person.api.get("/v1/me"), 200);
    const events = expectStatus(
      await manager.api.get<{ data: { resource: { id: string } }[] }>(
        "/v1/audit?limit=100&action=member.block",
      ),
      200,
    ).body.data.filter(({ resource }) => resource.id === person.memberId);
    expect(events).toHaveLength(2);
  });

  test("it obeys what blocking obeys: oneself, the owner, power over the member, and the right", async () => {
    expect(said(await patch(manager, manager.memberId, { loginAllowed: false }))).toBe(
      "409 conflict/lockout",
    );
    const [{ memberId: clerk, api: clerkApi }, { id }] = [await active(), await add(manager)];
    expectStatus(await patch(manager, clerk, { rights: ["member.view", "member.edit"] }), 200);
    expect(said(await clerkApi.patch(`/v1/members/${manager.memberId}`, { loginAllowed: false }, ANY))).toBe(
      "403 access/denied",
    );
    expect(
      said(
        await clerkApi.patch(`/v1/members/${world.people.subdealer.memberId}`, { loginAllowed: false }, ANY),
      ),
    ).toBe("403 access/denied");
    const bare = await newAccount(fetch, platform, "team");
    const member = await newMember(fetch, bare, { roles: ["member"] });
    expectStatus(
      await bare.api.patch(`/v1/members/${member.memberId}`, { rights: ["member.view", "member.edit"] }, ANY),
      200,
    );
    const nobody = await newMember(fetch, bare, {});
    expect(said(await patch(member, nobody.memberId, { city: "A" }))).toBe("200");
    expect(said(await patch(member, nobody.memberId, { loginAllowed: false }))).toBe("403 access/denied");
    expect(said(await member.api.post(`/v1/members/${nobody.memberId}/block`))).toBe("403 access/denied");
    expect((await cardOf(manager, id)).body["status"]).toBe("new");
  });

  test("the last admin stays, however it is asked", async () => {
    const team = await newAccount(fetch, platform, "team");
    const second = await newMember(fetch, team, { roles: ["admin"] });
    expect(said(await patch(second, second.memberId, { loginAllowed: false }))).toBe("409 conflict/lockout");
    for (const body of [{ loginAllowed: false }, { roles: [] }, { roles: ["viewer"], loginAllowed: false }]) {
      expect(said(await patch(second, team.memberId, body))).toBe("409 conflict/last-admin");
    }
  });
});

describe("S3.27 object groups on the card obey what their own route obeys", () => {
  test("they are replaced, known, and told under their own name", async () => {
    const { id } = await add(manager);
    expect(
      expectStatus(await patch(manager, id, { objectGroupIds: [world.groups.G, "all"] }), 200).body[
        "objectGroupIds"
      ],
    ).toEqual([world.groups.G, "all"]);
    for (const groupIds of [["grp_none"], [world.groups.G, world.groups.G]]) {
      expect(said(await patch(manager, id, { objectGroupIds: groupIds }))).toBe(
        said(await manager.api.put(`/v1/members/${id}/object-groups`, { groupIds })),
      );
    }
    const events = expectStatus(
      await manager.api.get<{ data: { resource: { id: string } }[] }>(
        "/v1/audit?limit=100&action=object_group.edit",
      ),
      200,
    ).body.data;
    expect(events.filter(({ resource }) => resource.id === id)).toHaveLength(1);
  });

  test("no member lets others or themselves into groups beyond their own, or without the right", async () => {
    const clerk = await newMember(fetch, manager, { roles: ["dealer_user"] });
    const { id } = await add(manager, { roles: [] });
    expectStatus(
      await manager.api.put(`/v1/members/${clerk.memberId}/object-groups`, { groupIds: [world.groups.G] }),
      200,
    );
    const ways = (who: Person, whom: string, groupIds: string[]) =>
      Promise.all([
        patch(who, whom, { objectGroupIds: groupIds }).then(said),
        who.api.put(`/v1/members/${whom}/object-groups`, { groupIds }).then(said),
      ]);
    expectStatus(await patch(manager, clerk.memberId, { rights: ["member.view", "member.edit"] }), 200);
    expect(await ways(clerk, id, [world.groups.G])).toEqual(["403 access/denied", "403 access/denied"]);
    expectStatus(
      await patch(manager, clerk.memberId, { rights: ["member.view", "member.edit", "object_group.edit"] }),
      200,
    );
    for (const groups of [[world.groups.H], ["all"], [world.groups.G, world.groups.H]]) {
      expect(await ways(clerk, id, groups)).toEqual(["403 access/denied", "403 access/denied"]);
      expect((await ways(clerk, clerk.memberId, groups))[0]).toBe("403 access/denied");
    }
    expect((await cardOf(manager, id)).body["objectGroupIds"]).toEqual([]);
    expect(said(await patch(clerk, id, { objectGroupIds: [world.groups.G] }))).toBe("200");
  });
});

describe("S4.36 another address", () => {
  const invited = async () => {
    const email = address();
    const { body } = expectStatus(
      await manager.api.post<{ id: string; memberId: string }>(
        "/v1/invitations",
        { firstName: "I", lastName: "N", email, roles: ["client"] },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    );
    await ageInvitation(body.id);
    return { email, id: body.memberId, invitationId: body.id };
  };
  const accept = async (token: string) =>
    said(await api(fetch, null).post("/v1/invitations/accept", { token }));

  test("of a member asks the new one for confirmation; the old link confirms nothing", async () => {
    const { memberId } = await newMember(fetch, manager, { roles: ["client"] });
    const [first, second] = [address(), address()];
    const before = expectStatus(await patch(manager, memberId, { email: first }), 200).body;
    expect(before).toMatchObject({ email: first, emailVerified: false });
    const confirm = async (to: string) =>
      said(
        await api(fetch, null).post("/v1/auth/email-confirmations", {
          token: tokenOf(await lastMail(fetch, to, "confirm_email")),
        }),
      );
    expect(await confirm(first)).toBe("204");
    expect((await cardOf(manager, memberId)).body["emailVerified"]).toBe(true);
    expectStatus(await patch(manager, memberId, { email: second }), 200);
    expect((await cardOf(manager, memberId)).body["emailVerified"]).toBe(false);
    expect(await confirm(first)).toBe("404 not-found");
    expect((await cardOf(manager, memberId)).body["emailVerified"]).toBe(false);
    expectStatus(await patch(manager, memberId, { email: second.toUpperCase(), city: "A" }), 200);
    expect((await mailsTo(fetch, second)).map(({ template }) => template)).toEqual(["confirm_email"]);
  });

  test("of an invited member moves the invitation: the old link ends, the new one lets in", async () => {
    const { email, id, invitationId } = await invited();
    const old = tokenOf(await lastMail(fetch, email, "invitation"));
    const next = address();
    expectStatus(await patch(manager, id, { email: next }), 200);
    expect(
      expectStatus(await manager.api.get<Card>(`/v1/invitations/${invitationId}`), 200).body,
    ).toMatchObject({
      email: next,
      sendCount: 2,
      status: "pending",
    });
    expect(await accept(old)).toBe("404 not-found");
    expect((await mailsTo(fetch, next)).map(({ template }) => template)).toEqual(["invitation"]);
    expect(await accept(tokenOf(await lastMail(fetch, next, "invitation")))).toBe("200");
  });

  test("S4.13 of a member who was sent nothing sends nothing", async () => {
    const { id } = await add(manager);
    const next = address();
    expectStatus(await patch(manager, id, { email: next }), 200);
    expect(await mailsTo(fetch, next)).toEqual([]);
  });

  test("of a blocked one ends the link and sends nothing", async () => {
    const { email, id } = await invited();
    const old = tokenOf(await lastMail(fetch, email, "invitation"));
    const next = address();
    expectStatus(await patch(manager, id, { email: next, loginAllowed: false }), 200);
    expect(await mailsTo(fetch, next)).toEqual([]);
    expectStatus(await patch(manager, id, { loginAllowed: true }), 200);
    expect(await accept(old)).toBe("404 not-found");
  });

  test("that another member or invitation has is refused, and nothing is sent", async () => {
    const [one, other] = [await invited(), await invited()];
    expect(said(await patch(manager, one.id, { email: other.email }))).toBe("409 conflict/duplicate-member");
    expect((await mailsTo(fetch, other.email)).map(({ template }) => template)).toEqual(["invitation"]);
    expectStatus(await patch(manager, other.id, { email: address() }), 200);
    expectStatus(await patch(manager, other.id, { email: address() }), 200);
    expectStatus(await patch(manager, one.id, { email: other.email }), 200);
  });

  test("of an invited member is changed by callers who could invite them", async () => {
    const waiting = await add(manager, { roles: [] });
    const clerk = await newMember(fetch, manager, { roles: ["dealer_user"] });
    expectStatus(await patch(manager, clerk.memberId, { rights: ["member.view", "member.edit"] }), 200);
    expect(said(await patch(clerk, waiting.id, { city: "A" }))).toBe("200");
    expect(said(await patch(clerk, waiting.id, { email: address() }))).toBe("403 access/denied");
    expectStatus(
      await patch(manager, clerk.memberId, { rights: ["member.view", "member.edit", "member.create"] }),
      200,
    );
    expect(said(await patch(clerk, waiting.id, { email: address() }))).toBe("200");
  });

  test("where only admins invite, no other member moves an invitation", async () => {
    const seller = await newAccount(fetch, platform, "seller");
    const waiting = await add(seller, { roles: [] });
    const agent = await newMember(fetch, seller, { roles: ["account_manager"], rights: ["member.create"] });
    expect(said(await patch(agent, waiting.id, { email: address() }))).toBe("200");
    expectStatus(
      await seller.api.patch(
        `/v1/accounts/${seller.accountId}`,
        { settings: { inviteOnlyAdmins: true } },
        ANY,
      ),
      200,
    );
    const { status, body } = await patch(agent, waiting.id, { email: address() });
    expect([status, body["setting"]]).toEqual([403, "inviteOnlyAdmins"]);
  });

  test("K16 and an invitation that is sent in between: it moves, and its old link ends at once", async () => {
    const old = address();
    const { id, invitationId } = (await add(manager, { email: old })) as Card & { invitationId: string };
    const next = address();
    let first = "";
    // The card, then the invitation that waits, then the write.
    const through = fetchWithDelayedWrite(async () => {
      expectStatus(await manager.api.post(`/v1/invitations/${invitationId}/resend`), 200);
      first = tokenOf(await lastMail(fetch, old, "invitation"));
    }, 3);
    expect(
      said(
        await api(through, manager.apiKey).patch(
          `/v1/members/${id}`,
          { email: next },
          { ...ANY, ip: HOME_IP },
        ),
      ),
    ).toBe("200");
    expect(
      expectStatus(await manager.api.get<Card>(`/v1/invitations/${invitationId}`), 200).body,
    ).toMatchObject({
      email: next,
      sendCount: 2,
    });
    expect([await mailsTo(fetch, next), await accept(first)]).toEqual([[], "404 not-found"]);
  });

  test("where the account invites only certain domains, the invitation does not leave them", async () => {
    const { id } = await invited();
    const path = `/v1/accounts/${manager.accountId}`;
    expectStatus(
      await manager.api.patch(path, { settings: { allowedEmailDomains: ["example.com"] } }, ANY),
      200,
    );
    expect(said(await patch(manager, id, { email: "x@elsewhere.example" }))).toBe("422 validation");
    expectStatus(await manager.api.patch(path, { settings: { allowedEmailDomains: [] } }, ANY), 200);
  });
});

test("S4.9 notices: the member chooses their own, an editor another's", async () => {
  const person = await newMember(fetch, manager, { roles: ["client"] });
  expect(expectStatus(await person.api.patch("/v1/me/notifications", { access: false }), 200).body).toEqual({
    unsubscribed: false,
    invitations: true,
    access: false,
    credits: true,
  });
  expect(
    expectStatus(await patch(manager, person.memberId, { notifications: { unsubscribed: true } }), 200).body[
      "notifications"
    ],
  ).toEqual({ unsubscribed: true, invitations: true, access: false, credits: true });
  expect(said(await person.api.patch("/v1/me/notifications", { loud: true }))).toBe("422 validation");
  expect(said(await person.api.patch(`/v1/members/${person.memberId}`, { notifications: {} }, ANY))).toBe(
    "403 access/denied",
  );
});
