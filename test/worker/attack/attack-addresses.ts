import { ok } from "../../harness/client.ts";
import { newApiKey, newcomer, newMember, newToken, type Person } from "../../harness/people.ts";
import {
  type Attempt,
  GONE,
  INVALID,
  NO,
  OUT,
  admin,
  all,
  asAccepted,
  ask,
  askKey,
  card,
  customer,
  emailOf,
  fetch,
  founded,
  link,
  name,
  other,
  platform,
  seller,
  take,
  team,
  times,
  tokened,
  told,
  unlink,
  vendor,
} from "./attack-world.ts";
import { at } from "../products/dealer-world.ts";
import { tokenFor } from "../people/invitations-world.ts";
import { arrived, enter, mailed, newEmail, refresh } from "../people/sign-in-world.ts";

/** Addresses to sign in with, and who chose them. */
export const K4: readonly Attempt[] = [
  [
    "the card written by another member whose key the thief was told",
    NO,
    async () => {
      const [thief, helper, email] = [
        await admin(team),
        await newcomer(team, { roles: ["admin"] }),
        newEmail(),
      ];
      ok(await card(await take(await told(thief.api, helper.memberId)), thief.memberId, { email }), 200);
      return link(thief.api, email);
    },
  ],
  [
    "the card written by another member whose sign-in address the thief named",
    NO,
    async () => {
      const [thief, helper, email, mine] = [await admin(team), await admin(team), newEmail(), newEmail()];
      ok(await name(thief.api, helper.memberId, mine), 200);
      ok(await card(await asAccepted(await tokenFor(mine)), thief.memberId, { email }), 200);
      return link(thief.api, email);
    },
  ],
  [
    "an address named by a helper whom the thief added",
    NO,
    async () => {
      const thief = await admin(team);
      const helper = await admin(thief);
      return name(helper.api, thief.memberId, newEmail());
    },
  ],
  [
    "the card written in the own session, before the address was unlinked",
    NO,
    async () => {
      const [thief, email] = [await arrived(team, { roles: ["admin"] }), newEmail()];
      const key = tokened(ok(await askKey(thief.api, thief.id), 201).body["secret" as never]);
      ok(await card(thief.api, thief.id, { email }), 200);
      ok(await unlink(team.api, thief.id), 204);
      return link(key, email);
    },
  ],
  [
    "the card and the link at the same time",
    `200,${NO}`,
    async () => {
      const [me, email] = [await founded(), newEmail()];
      return all(card(me.api, me.memberId, { email }), ask(me.api, email));
    },
  ],
  [
    "the token of a key with scopes; and of a whole one, for the card's address",
    `${NO},202`,
    async () => {
      const me = await founded();
      const email = await emailOf(me);
      const scoped = await newApiKey(fetch, me, me.memberId, { scopes: ["member.view"] });
      return all(
        ask(tokened(await newToken(fetch, scoped)), email),
        ask(tokened(await newToken(fetch, me.apiKey)), email),
      );
    },
  ],
  [
    "the address of an owner below, by Tollgate-Account",
    NO,
    async () => ask(at(seller, customer.accountId), await emailOf(customer)),
  ],
  [
    "an owner's address named by a second owner; unlinked by one; and both with a header",
    `${times(2, "409 conflict/last-admin")},${GONE}`,
    async () => {
      const second = await newMember(fetch, vendor, { roles: ["owner"] });
      return all(
        name(second.api, vendor.memberId, newEmail()),
        unlink(second.api, vendor.memberId),
        name(at(second, team.accountId), team.memberId, newEmail()),
      );
    },
  ],
  [
    "another account's member, a key's id, an encoded path, and an id that is none",
    times(4, GONE),
    async () => {
      const detour = `${other.memberId}%2f..%2f${team.memberId}`;
      const ids = [team.memberId, "key_01ARZ3NDEKTSV4RRFFQ69G5FAV", detour, "mem_%D0%B0"];
      return all(...ids.map((id) => name(other.api, id, newEmail())));
    },
  ],
  [
    "the platform's route: called by the owner, and with a member of another account",
    `${NO},${GONE}`,
    async () => {
      const path = (of: Person, who: Person) =>
        `/v1/accounts/${of.accountId}/members/${who.memberId}/sign-in-address`;
      return all(other.api.del(path(other, other)), platform.del(path(other, team)));
    },
  ],
  [
    "unlinking at the same time as a sign-in, and as a refresh: no session is left",
    times(2, OUT),
    async () => {
      const [one, two] = [await arrived(team), await arrived(team)];
      const { code } = await mailed(one.email);
      const [, came] = await Promise.all([
        unlink(team.api, one.id),
        enter({ email: one.email, code, accountId: team.accountId }),
      ]);
      const [, next] = await Promise.all([unlink(team.api, two.id), refresh(two.tokens.refresh_token)]);
      return all(...[came, next].map(({ body }) => tokened(body.access_token ?? "none").get("/v1/me")));
    },
  ],
  [
    "a link of a sign-in mail, and the session, after the unlinking",
    times(2, OUT),
    async () => {
      const one = await arrived(team);
      const { token } = await mailed(one.email);
      ok(await unlink(team.api, one.id), 204);
      return all(enter({ token, accountId: team.accountId }), ask(one.api, newEmail()));
    },
  ],
  [
    "addresses of 10,000 letters, in a list, with a line end, and the code of a sign-in",
    times(4, INVALID),
    async () => {
      const me = await arrived(team);
      const { code } = await mailed(me.email);
      const hostile = [
        `${"a".repeat(10_000)}@example.com`,
        [newEmail()],
        `a@example.com\r\nBcc: ${newEmail()}`,
      ];
      return all(
        ...hostile.map((email) => ask(me.api, email)),
        me.api.post("/v1/me/email/confirm", { email: newEmail(), newCode: code, oldCode: code }),
      );
    },
  ],
];
