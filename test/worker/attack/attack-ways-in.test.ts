import { afterAll, beforeAll, expect, test } from "vitest";
import { newKey, ok } from "../../harness/client.ts";
import { newAccount, newApiKey, newcomer, newMember, newToken } from "../../harness/people.ts";
import { newHook } from "../../harness/webhook.ts";
import { K4 } from "./attack-addresses.ts";
import { CLAIMS } from "./attack-claims.ts";
import { OWNERSHIP } from "./attack-ownership.ts";
import {
  ANY,
  type Attempt,
  GONE,
  INVALID,
  NO,
  OUT,
  admin,
  all,
  askKey,
  bound,
  card,
  customer,
  expectNoFaults,
  fetch,
  foundWorld,
  founded,
  keyed,
  member,
  name,
  narrowed,
  offer,
  offers,
  other,
  ownerOf,
  platform,
  seller,
  team,
  times,
  tokened,
  vendor,
} from "./attack-world.ts";
import { at } from "../products/dealer-world.ts";
import { aged, invited } from "../people/invitations-world.ts";
import { ELSEWHERE, HOME, made, said } from "../access/operators-world.ts";
import { kept, newEmail } from "../people/sign-in-world.ts";

beforeAll(foundWorld);
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
    times(3, NO),
    async () => {
      const token = tokened(
        await newToken(fetch, await newApiKey(fetch, team, team.memberId, { allowedIps: [HOME] })),
      );
      const person = { firstName: "P", lastName: "P", email: newEmail(), roles: ["member"] };
      return all(
        token.post("/v1/members", person, keyed()),
        askKey(token, team.memberId),
        askKey(token, team.memberId, { scopes: [] }),
      );
    },
  ],
  [
    "a key without any scope becomes a token, and the token reads, adds and makes a key",
    `200,${times(3, NO)}`,
    async () => {
      const key = await newApiKey(fetch, team, team.memberId, { scopes: [] });
      const made = await tokened(key).post<{ access_token: string }>("/v1/auth/token");
      const token = tokened(made.body.access_token);
      return [
        said(made),
        await all(
          token.get("/v1/members"),
          token.post("/v1/members", {}, keyed()),
          askKey(token, team.memberId),
        ),
      ].join();
    },
  ],
  [
    "a scoped key makes looser ones for another: no scopes named, one too many, and twice the same",
    `${NO},${NO},201`,
    async () => {
      const key = await narrowed(team, { scopes: SCOPES });
      const { memberId } = await newcomer(team, { roles: ["member"] });
      const wishes = [
        {},
        {
          scopes: ["product.view", "product.edit"],
        },
        { scopes: ["product.view", "product.view"] },
      ];
      return all(...wishes.map((more) => askKey(key, memberId, more)));
    },
  ],
  [
    "a key that ends makes one that ends later, or never; one bound makes one with more rules",
    times(3, NO),
    async () => {
      const end = Date.now() + 3_600_000;
      const [ends, here] = [
        await narrowed(team, { expiresAt: new Date(end).toISOString() }),
        await bound(team),
      ];
      return all(
        askKey(ends, team.memberId, { expiresAt: new Date(end + 1000).toISOString() }),
        askKey(ends, team.memberId),
        askKey(here, team.memberId, { allowedIps: [HOME, ELSEWHERE] }),
      );
    },
  ],
  [
    "a bound key invites in bulk, with a way in for each row",
    `200,${NO}`,
    async () => {
      const invitations = [{ firstName: "B", lastName: "B", email: newEmail(), role: "member" }];
      const answer = await (await bound(team)).post<{ results: { problem: { code: string } }[] }>(
        "/v1/invitations/bulk",
        { invitations },
        keyed(),
      );
      return `${said(answer)},403 ${answer.body.results[0]?.problem.code}`;
    },
  ],
  [
    "a bound key takes away the account's rules, its domains and its admins' switch",
    times(3, NO),
    async () => {
      const account = await newAccount(fetch, platform, "seller");
      const [key, path] = [await bound(account), `/v1/accounts/${account.accountId}`];
      const strict = { allowedEmailDomains: ["example.com"], inviteOnlyAdmins: true };
      ok(await account.api.patch(path, { allowedIps: [HOME], settings: strict }, ANY), 200);
      const wishes = [
        {
          allowedIps: [],
        },
        { settings: { allowedEmailDomains: [] } },
        { settings: { inviteOnlyAdmins: false } },
      ];
      return all(...wishes.map((wish) => key.patch(path, wish, ANY)));
    },
  ],
  [
    "a bound key gives a hook another secret, and switches one on",
    times(2, NO),
    async () => {
      const [hook, key] = [await newHook(team.api), await bound(team)];
      ok(await team.api.patch(`/v1/hooks/${hook.id}`, { active: false }, ANY), 200);
      return all(
        ...[{ newSecret: true }, { active: true }].map((more) =>
          key.patch(`/v1/hooks/${hook.id}`, more, ANY),
        ),
      );
    },
  ],
  [
    "a bound key names an address, sends an invitation again, and moves one",
    times(3, NO),
    async () => {
      const [keyless, waiting, key] = [
        await member(team),
        await invited(team, { role: "member" }),
        await bound(team),
      ];
      await aged(waiting.id);
      return all(
        name(key, keyless.memberId, newEmail()),
        key.post(`/v1/invitations/${waiting.id}/resend`),
        card(key, waiting.member.id, { email: newEmail() }),
      );
    },
  ],
  [
    "the platform's bound key unblocks a tenant's member, names an owner and an address",
    times(3, NO),
    async () => {
      const [account, me] = [
        await founded(),
        ok(await platform.get<{ member: { id: string; accountId: string } }>("/v1/me"), 200).body.member,
      ];
      const { memberId } = await member(account);
      ok(await account.api.post(`/v1/members/${memberId}/block`), 200);
      const key = await bound({ accountId: me.accountId, memberId: me.id, apiKey: "", api: platform });
      const path = `/v1/accounts/${account.accountId}`;
      return all(
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
    times(2, NO),
    async () => {
      const rights = ["member.view", "member.edit", "grant.edit", "product.view"];
      const me = await newMember(fetch, vendor, { roles: [], rights });
      const third = await newMember(fetch, vendor, { roles: [], rights: ["product.view"] });
      return all(
        me.api.post(`/v1/members/${third.memberId}/copy-rights`, { fromMemberId: vendor.memberId }),
        third.api.post(`/v1/members/${me.memberId}/copy-rights`, { fromMemberId: vendor.memberId }),
      );
    },
  ],
  [
    "another's rights for oneself, with the own id in other letters",
    NO,
    async () => {
      const [me, rich] = [
        await newMember(fetch, vendor, { roles: ["owner"] }),
        await newMember(fetch, vendor, { roles: ["owner"] }),
      ];
      const grants = [{ resourceType: "product", resourceId: "0", access: "owner" }];
      ok(await vendor.api.put(`/v1/members/${rich.memberId}/grants`, { grants }), 200);
      const id = me.memberId.replace("_", "%5F").replace("m", "%6d");
      return me.api.post(`/v1/members/${id}/copy-rights`, { fromMemberId: rich.memberId });
    },
  ],
  [
    "a custom role edited by its holder, in name and rights at once",
    NO,
    async () => {
      const role = await made(vendor, "roles", {
        name: newKey(),
        rights: ["product.view", "role.edit", "member.view"],
      });
      const holder = await newMember(fetch, vendor, { roles: [role] });
      const rights = ["product.view", "role.edit", "member.view", "member.edit"];
      return holder.api.patch(`/v1/roles/${role}`, { name: newKey(), rights }, ANY);
    },
  ],
  [
    "roles for oneself beside the own notifications, and beside an acceptance",
    times(2, INVALID),
    async () => {
      const account = await founded();
      const me = await member(account);
      const path = await offer(account, me.memberId);
      return all(
        me.api.patch("/v1/me/notifications", { joined: true, roles: ["admin"] }),
        me.api.post(`${path}/accept`, { roles: ["admin"] }),
      );
    },
  ],
  [
    "an ownership that was declined, accepted all the same: the roles are as before",
    `204,${GONE},["member"]`,
    async () => {
      const account = await founded();
      const me = await member(account);
      const path = await offer(account, me.memberId);
      const answers = [await me.api.del(path), await me.api.post(`${path}/accept`)].map(said);
      return [
        ...answers,
        (await kept("SELECT roles FROM member WHERE id = ?", me.memberId))?.["roles"],
      ].join();
    },
  ],
];

const K11: readonly Attempt[] = [
  [
    "an acceptance against the platform's word: the owner is active and holds the top role",
    "active true",
    async () => {
      const account = await founded();
      const [one, two] = [await member(account), await member(account)];
      const path = await offer(account, one.memberId);
      await Promise.all([
        one.api.post(`${path}/accept`),
        platform.put(`/v1/accounts/${account.accountId}/owner`, { memberId: two.memberId, reason: "r" }),
      ]);
      const row = await ownerOf(account);
      return `${row?.["status"]} ${String(row?.["roles"]).includes("admin")}`;
    },
  ],
  [
    "the owner leaves while the offer is accepted",
    "active",
    async () => {
      const account = await founded();
      const next = await member(account);
      const path = await offer(account, next.memberId);
      await Promise.all([next.api.post(`${path}/accept`), account.api.post("/v1/me/leave")]);
      return String((await ownerOf(account))?.["status"]);
    },
  ],
  [
    "an offer of another account: by its id, by its path, and by a detour",
    times(3, GONE),
    async () => {
      const account = await founded();
      const next = await member(account);
      const path = await offer(account, next.memberId);
      const id = path.split("/").at(-1);
      return all(
        other.api.post(`${offers(other)}/${id}/accept`),
        other.api.post(`${path}/accept`),
        other.api.post(`${offers(other)}/..%2f..%2f${account.accountId}%2fownership-offers%2f${id}/accept`),
      );
    },
  ],
  [
    "an offer below, seen, made and taken by a seller with Tollgate-Account",
    `200,${NO},${GONE}`,
    async () => {
      const who = at(seller, customer.accountId);
      return all(
        who.get(offers(customer)),
        who.post(offers(customer), { memberId: customer.memberId }),
        who.post(`${offers(customer)}/x/accept`),
      );
    },
  ],
  [
    "the platform's offer in a tenant, and its word on its own account",
    times(2, GONE),
    async () => {
      const me = ok(await platform.get<{ member: { id: string; accountId: string } }>("/v1/me"), 200).body
        .member;
      return all(
        platform.post(offers(team), { memberId: team.memberId }),
        platform.put(`/v1/accounts/${me.accountId}/owner`, { memberId: me.id, reason: "r" }),
      );
    },
  ],
  [
    "a member who was removed and added again takes the old offer",
    GONE,
    async () => {
      const account = await founded();
      const [gone, email] = [await member(account), newEmail()];
      const path = await offer(account, gone.memberId);
      ok(await account.api.del(`/v1/members/${gone.memberId}`), 204);
      return (await member(account, { email })).api.post(`${path}/accept`);
    },
  ],
  [
    "an owner's key without scopes, or with another, blocks, ends sessions and removes",
    times(6, NO),
    async () => {
      const { memberId } = await member(team);
      const keys = [await narrowed(team, { scopes: [] }), await narrowed(team, { scopes: ["member.view"] })];
      const path = `/v1/members/${memberId}`;
      return all(
        ...keys.flatMap((key) => [key.post(`${path}/block`), key.del(`${path}/sessions`), key.del(path)]),
      );
    },
  ],
  [
    "the platform's routes, called by the account's owner",
    times(4, NO),
    async () => {
      const { memberId } = await member(team);
      const path = `/v1/accounts/${team.accountId}/members/${memberId}`;
      return all(
        team.api.post(`${path}/unblock`),
        team.api.del(`${path}/sessions`),
        team.api.get(`${path}/api-keys`),
        team.api.del(path),
      );
    },
  ],
  [
    "the owner blocked by the card, made a viewer by a copy, and removed, by a second admin",
    times(3, "409 conflict/last-admin"),
    async () => {
      const [second, viewer] = [await admin(team), await newcomer(team, { roles: ["viewer"] })];
      return all(
        card(second.api, team.memberId, { loginAllowed: false }),
        second.api.post(`/v1/members/${team.memberId}/copy-rights`, { fromMemberId: viewer.memberId }),
        second.api.del(`/v1/members/${team.memberId}`),
      );
    },
  ],
  [
    "leaving twice at once, then the token of the key, and a body with it",
    `204,${OUT},${OUT}`,
    async () => {
      const gone = await member(team);
      const token = tokened(await newToken(fetch, gone.apiKey));
      const answers = await Promise.all([1, 2].map(() => gone.api.post("/v1/me/leave")));
      return [...answers.map(said).sort(), said(await token.get("/v1/me"))].join();
    },
  ],
  [
    "a removal that says twice what becomes of tasks, leaving for another, and an offer to two",
    times(3, INVALID),
    async () => {
      const { memberId, api: own } = await member(team);
      return all(
        team.api.del(`/v1/members/${memberId}?tasks=delete&tasks=transfer`),
        own.post("/v1/me/leave", { memberId: team.memberId }),
        team.api.post(offers(team), { memberId: [memberId, team.memberId] }),
      );
    },
  ],
];

const TABLE = Object.entries({ K1: [...CLAIMS, ...OWNERSHIP], K2, K3, K4, K11 }).flatMap(([id, rows]) =>
  rows.map((row) => [id, ...row] as const),
);

test.each(TABLE)("%s %s: %s", async (_, __, answer, attempt) => {
  const reply = await attempt();
  expect(typeof reply === "string" ? reply : said(reply)).toBe(answer);
});
