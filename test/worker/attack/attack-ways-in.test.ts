import { afterAll, beforeAll, expect, test } from "vitest";
import { newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newAccount, newApiKey, newMemberWithoutKey, newMember, newToken } from "../../harness/people.ts";
import { newHook } from "../../harness/webhook.ts";
import { ADDRESS_ATTEMPTS } from "./attack-addresses.ts";
import { CLAIM_ATTEMPTS } from "./attack-claims.ts";
import { OWNERSHIP_ATTEMPTS } from "./attack-ownership.ts";
import {
  ANY_VERSION,
  type Attempt,
  NOT_FOUND,
  INVALID_BODY,
  DENIED,
  UNAUTHENTICATED,
  createAdmin,
  statusesOf,
  requestKey,
  createAddressBoundKey,
  patchCard,
  customer,
  expectNoFaults,
  fetch,
  createAttackFixture,
  createTeamAccount,
  idempotent,
  createMember,
  setSignInAddress,
  createRestrictedKey,
  createOffer,
  offersPath,
  other,
  readOwner,
  platform,
  seller,
  team,
  repeatAnswer,
  callerWithToken,
  vendor,
} from "./attack-fixture.ts";
import { actingIn } from "../products/dealer-fixture.ts";
import { ageInvitation, createInvitation } from "../people/invitations-fixture.ts";
import { OTHER_IP, HOME_IP, createObject, said } from "../access/operators-fixture.ts";
import { readRow, newEmail } from "../people/sign-in-fixture.ts";

beforeAll(createAttackFixture);
afterAll(expectNoFaults);

const SCOPES = [
  "api_key.create",
  "api_key.view",
  "member.view",
  "member.create",
  "member.edit",
  "product.view",
];

const K2: readonly Attempt[] = [
  [
    "a token of a bound key adds a member, makes a whole key, and lifts no rule",
    repeatAnswer(3, DENIED),
    async () => {
      const token = callerWithToken(
        await newToken(fetch, await newApiKey(fetch, team, team.memberId, { allowedIps: [HOME_IP] })),
      );
      const person = { firstName: "P", lastName: "P", email: newEmail(), roles: ["member"] };
      return statusesOf(
        token.post("/v1/members", person, idempotent()),
        requestKey(token, team.memberId),
        requestKey(token, team.memberId, { scopes: [] }),
      );
    },
  ],
  [
    "a key without any scope becomes a token, and the token reads, adds and makes a key",
    `200,${repeatAnswer(3, DENIED)}`,
    async () => {
      const key = await newApiKey(fetch, team, team.memberId, { scopes: [] });
      const made = await callerWithToken(key).post<{ access_token: string }>("/v1/auth/token");
      const token = callerWithToken(made.body.access_token);
      return [
        said(made),
        await statusesOf(
          token.get("/v1/members"),
          token.post("/v1/members", {}, idempotent()),
          requestKey(token, team.memberId),
        ),
      ].join();
    },
  ],
  [
    "a scoped key makes looser ones for another: no scopes named, one too many, and twice the same",
    `${DENIED},${DENIED},201`,
    async () => {
      const key = await createRestrictedKey(team, { scopes: SCOPES });
      const { memberId } = await newMemberWithoutKey(team, { roles: ["member"] });
      const wishes = [
        {},
        {
          scopes: ["product.view", "product.edit"],
        },
        { scopes: ["product.view", "product.view"] },
      ];
      return statusesOf(...wishes.map((more) => requestKey(key, memberId, more)));
    },
  ],
  [
    "a key that ends makes one that ends later, or never; one bound makes one with more rules",
    repeatAnswer(3, DENIED),
    async () => {
      const end = Date.now() + 3_600_000;
      const [ends, here] = [
        await createRestrictedKey(team, { expiresAt: new Date(end).toISOString() }),
        await createAddressBoundKey(team),
      ];
      return statusesOf(
        requestKey(ends, team.memberId, { expiresAt: new Date(end + 1000).toISOString() }),
        requestKey(ends, team.memberId),
        requestKey(here, team.memberId, { allowedIps: [HOME_IP, OTHER_IP] }),
      );
    },
  ],
  [
    "a bound key invites in bulk, with a way in for each row",
    `200,${DENIED}`,
    async () => {
      const invitations = [{ firstName: "B", lastName: "B", email: newEmail(), role: "member" }];
      const answer = await (await createAddressBoundKey(team)).post<{
        results: { problem: { code: string } }[];
      }>("/v1/invitations/bulk", { invitations }, idempotent());
      return `${said(answer)},403 ${answer.body.results[0]?.problem.code}`;
    },
  ],
  [
    "a bound key takes away the account's rules, its domains and its admins' switch",
    repeatAnswer(3, DENIED),
    async () => {
      const account = await newAccount(fetch, platform, "seller");
      const [key, path] = [await createAddressBoundKey(account), `/v1/accounts/${account.accountId}`];
      const strict = { allowedEmailDomains: ["example.com"], inviteOnlyAdmins: true };
      expectStatus(
        await account.api.patch(path, { allowedIps: [HOME_IP], settings: strict }, ANY_VERSION),
        200,
      );
      const wishes = [
        {
          allowedIps: [],
        },
        { settings: { allowedEmailDomains: [] } },
        { settings: { inviteOnlyAdmins: false } },
      ];
      return statusesOf(...wishes.map((wish) => key.patch(path, wish, ANY_VERSION)));
    },
  ],
  [
    "a bound key gives a hook another secret, and switches one on",
    repeatAnswer(2, DENIED),
    async () => {
      const [hook, key] = [await newHook(team.api), await createAddressBoundKey(team)];
      expectStatus(await team.api.patch(`/v1/hooks/${hook.id}`, { active: false }, ANY_VERSION), 200);
      return statusesOf(
        ...[{ newSecret: true }, { active: true }].map((more) =>
          key.patch(`/v1/hooks/${hook.id}`, more, ANY_VERSION),
        ),
      );
    },
  ],
  [
    "a bound key names an address, sends an invitation again, and moves one",
    repeatAnswer(3, DENIED),
    async () => {
      const [keyless, waiting, key] = [
        await createMember(team),
        await createInvitation(team, { role: "member" }),
        await createAddressBoundKey(team),
      ];
      await ageInvitation(waiting.id);
      return statusesOf(
        setSignInAddress(key, keyless.memberId, newEmail()),
        key.post(`/v1/invitations/${waiting.id}/resend`),
        patchCard(key, waiting.member.id, { email: newEmail() }),
      );
    },
  ],
  [
    "the platform's bound key unblocks a tenant's member, names an owner and an address",
    repeatAnswer(3, DENIED),
    async () => {
      const [account, me] = [
        await createTeamAccount(),
        expectStatus(await platform.get<{ member: { id: string; accountId: string } }>("/v1/me"), 200).body
          .member,
      ];
      const { memberId } = await createMember(account);
      expectStatus(await account.api.post(`/v1/members/${memberId}/block`), 200);
      const key = await createAddressBoundKey({
        accountId: me.accountId,
        memberId: me.id,
        apiKey: "",
        api: platform,
      });
      const path = `/v1/accounts/${account.accountId}`;
      return statusesOf(
        key.post(`${path}/members/${memberId}/unblock`),
        key.put(`${path}/owner`, { memberId, reason: "r" }),
        key.post(`${path}/members/${account.memberId}/sign-in-address`, { email: newEmail() }),
      );
    },
  ],
];

const K3: readonly Attempt[] = [
  [
    "rights of the owner for a third member, to be copied back",
    repeatAnswer(2, DENIED),
    async () => {
      const rights = ["member.view", "member.edit", "grant.edit", "product.view"];
      const me = await newMember(fetch, vendor, { roles: [], rights });
      const third = await newMember(fetch, vendor, { roles: [], rights: ["product.view"] });
      return statusesOf(
        me.api.post(`/v1/members/${third.memberId}/copy-rights`, { fromMemberId: vendor.memberId }),
        third.api.post(`/v1/members/${me.memberId}/copy-rights`, { fromMemberId: vendor.memberId }),
      );
    },
  ],
  [
    "another's rights for oneself, with the own id in other letters",
    DENIED,
    async () => {
      const [me, rich] = [
        await newMember(fetch, vendor, { roles: ["owner"] }),
        await newMember(fetch, vendor, { roles: ["owner"] }),
      ];
      const grants = [{ resourceType: "product", resourceId: "0", access: "owner" }];
      expectStatus(await vendor.api.put(`/v1/members/${rich.memberId}/grants`, { grants }), 200);
      const id = me.memberId.replace("_", "%5F").replace("m", "%6d");
      return me.api.post(`/v1/members/${id}/copy-rights`, { fromMemberId: rich.memberId });
    },
  ],
  [
    "a custom role edited by its holder, in name and rights at once",
    DENIED,
    async () => {
      const role = await createObject(vendor, "roles", {
        name: newIdempotencyKey(),
        rights: ["product.view", "role.edit", "member.view"],
      });
      const holder = await newMember(fetch, vendor, { roles: [role] });
      const rights = ["product.view", "role.edit", "member.view", "member.edit"];
      return holder.api.patch(`/v1/roles/${role}`, { name: newIdempotencyKey(), rights }, ANY_VERSION);
    },
  ],
  [
    "roles for oneself beside the own notifications, and beside an acceptance",
    repeatAnswer(2, INVALID_BODY),
    async () => {
      const account = await createTeamAccount();
      const me = await createMember(account);
      const path = await createOffer(account, me.memberId);
      return statusesOf(
        me.api.patch("/v1/me/notifications", { joined: true, roles: ["admin"] }),
        me.api.post(`${path}/accept`, { roles: ["admin"] }),
      );
    },
  ],
  [
    "an ownership that was declined, accepted all the same: the roles are as before",
    `204,${NOT_FOUND},["member"]`,
    async () => {
      const account = await createTeamAccount();
      const me = await createMember(account);
      const path = await createOffer(account, me.memberId);
      const answers = [await me.api.del(path), await me.api.post(`${path}/accept`)].map(said);
      return [
        ...answers,
        (await readRow("SELECT roles FROM member WHERE id = ?", me.memberId))?.["roles"],
      ].join();
    },
  ],
];

const K11: readonly Attempt[] = [
  [
    "an acceptance against the platform's word: the owner is active and holds the top role",
    "active true",
    async () => {
      const account = await createTeamAccount();
      const [one, two] = [await createMember(account), await createMember(account)];
      const path = await createOffer(account, one.memberId);
      await Promise.all([
        one.api.post(`${path}/accept`),
        platform.put(`/v1/accounts/${account.accountId}/owner`, { memberId: two.memberId, reason: "r" }),
      ]);
      const row = await readOwner(account);
      return `${row?.["status"]} ${String(row?.["roles"]).includes("admin")}`;
    },
  ],
  [
    "the owner leaves while the offer is accepted",
    "active",
    async () => {
      const account = await createTeamAccount();
      const next = await createMember(account);
      const path = await createOffer(account, next.memberId);
      await Promise.all([next.api.post(`${path}/accept`), account.api.post("/v1/me/leave")]);
      return String((await readOwner(account))?.["status"]);
    },
  ],
  [
    "an offer of another account: by its id, by its path, and by a detour",
    repeatAnswer(3, NOT_FOUND),
    async () => {
      const account = await createTeamAccount();
      const next = await createMember(account);
      const path = await createOffer(account, next.memberId);
      const id = path.split("/").at(-1);
      return statusesOf(
        other.api.post(`${offersPath(other)}/${id}/accept`),
        other.api.post(`${path}/accept`),
        other.api.post(
          `${offersPath(other)}/..%2f..%2f${account.accountId}%2fownership-offers%2f${id}/accept`,
        ),
      );
    },
  ],
  [
    "an offer below, seen, made and taken by a seller with Tollgate-Account",
    `200,${DENIED},${NOT_FOUND}`,
    async () => {
      const who = actingIn(seller, customer.accountId);
      return statusesOf(
        who.get(offersPath(customer)),
        who.post(offersPath(customer), { memberId: customer.memberId }),
        who.post(`${offersPath(customer)}/x/accept`),
      );
    },
  ],
  [
    "the platform's offer in a tenant, and its word on its own account",
    repeatAnswer(2, NOT_FOUND),
    async () => {
      const me = expectStatus(
        await platform.get<{ member: { id: string; accountId: string } }>("/v1/me"),
        200,
      ).body.member;
      return statusesOf(
        platform.post(offersPath(team), { memberId: team.memberId }),
        platform.put(`/v1/accounts/${me.accountId}/owner`, { memberId: me.id, reason: "r" }),
      );
    },
  ],
  [
    "a member who was removed and added again takes the old offer",
    NOT_FOUND,
    async () => {
      const account = await createTeamAccount();
      const [gone, email] = [await createMember(account), newEmail()];
      const path = await createOffer(account, gone.memberId);
      expectStatus(await account.api.del(`/v1/members/${gone.memberId}`), 204);
      return (await createMember(account, { email })).api.post(`${path}/accept`);
    },
  ],
  [
    "an owner's key without scopes, or with another, blocks, ends sessions and removes",
    repeatAnswer(6, DENIED),
    async () => {
      const { memberId } = await createMember(team);
      const keys = [
        await createRestrictedKey(team, { scopes: [] }),
        await createRestrictedKey(team, { scopes: ["member.view"] }),
      ];
      const path = `/v1/members/${memberId}`;
      return statusesOf(
        ...keys.flatMap((key) => [key.post(`${path}/block`), key.del(`${path}/sessions`), key.del(path)]),
      );
    },
  ],
  [
    "the platform's routes, called by the account's owner",
    repeatAnswer(4, DENIED),
    async () => {
      const { memberId } = await createMember(team);
      const path = `/v1/accounts/${team.accountId}/members/${memberId}`;
      return statusesOf(
        team.api.post(`${path}/unblock`),
        team.api.del(`${path}/sessions`),
        team.api.get(`${path}/api-keys`),
        team.api.del(path),
      );
    },
  ],
  [
    "the owner blocked by the card, made a viewer by a copy, and removed, by a second admin",
    repeatAnswer(3, "409 conflict/last-admin"),
    async () => {
      const [second, viewer] = [
        await createAdmin(team),
        await newMemberWithoutKey(team, { roles: ["viewer"] }),
      ];
      return statusesOf(
        patchCard(second.api, team.memberId, { loginAllowed: false }),
        second.api.post(`/v1/members/${team.memberId}/copy-rights`, { fromMemberId: viewer.memberId }),
        second.api.del(`/v1/members/${team.memberId}`),
      );
    },
  ],
  [
    "leaving twice at once, then the token of the key, and a body with it",
    `204,${UNAUTHENTICATED},${UNAUTHENTICATED}`,
    async () => {
      const gone = await createMember(team);
      const token = callerWithToken(await newToken(fetch, gone.apiKey));
      const answers = await Promise.all([1, 2].map(() => gone.api.post("/v1/me/leave")));
      return [...answers.map(said).sort(), said(await token.get("/v1/me"))].join();
    },
  ],
  [
    "a removal that says twice what becomes of tasks, leaving for another, and an offer to two",
    repeatAnswer(3, INVALID_BODY),
    async () => {
      const { memberId, api: own } = await createMember(team);
      return statusesOf(
        team.api.del(`/v1/members/${memberId}?tasks=delete&tasks=transfer`),
        own.post("/v1/me/leave", { memberId: team.memberId }),
        team.api.post(offersPath(team), { memberId: [memberId, team.memberId] }),
      );
    },
  ],
];

const TABLE = Object.entries({
  K1: [...CLAIM_ATTEMPTS, ...OWNERSHIP_ATTEMPTS],
  K2,
  K3,
  K4: ADDRESS_ATTEMPTS,
  K11,
}).flatMap(([id, rows]) => rows.map((row) => [id, ...row] as const));

test.each(TABLE)("%s %s: %s", async (_, __, answer, attempt) => {
  const reply = await attempt();
  expect(typeof reply === "string" ? reply : said(reply)).toBe(answer);
});
