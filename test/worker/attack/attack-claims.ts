import { ok } from "../../harness/client.ts";
import { newcomer, newMember, newToken } from "../../harness/people.ts";
import {
  type Attempt,
  GONE,
  INVALID,
  NO,
  OUT,
  accept,
  admin,
  all,
  anybody,
  askKey,
  card,
  exchange,
  fetch,
  member,
  other,
  team,
  times,
  tokened,
  told,
  vendor,
} from "./attack-world.ts";
import { at } from "../products/dealer-world.ts";
import { invited } from "../people/invitations-world.ts";
import { ELSEWHERE, HOME, said } from "../access/operators-world.ts";
import { kept, refresh } from "../people/sign-in-world.ts";

/** Claims of members' keys: by the wrong caller, too late, twice, or in a wrong form. */
export const CLAIMS: readonly Attempt[] = [
  [
    "a claim whose maker was removed since",
    GONE,
    async () => {
      const [maker, comer] = [await admin(team), await newcomer(team, { roles: ["member"] })];
      const token = await told(maker.api, comer.memberId);
      ok(await team.api.del(`/v1/members/${maker.memberId}`), 204);
      return exchange(token);
    },
  ],
  [
    "a claim whose maker was blocked since",
    "410 invitation/expired",
    async () => {
      const [maker, comer] = [await admin(team), await newcomer(team, { roles: ["member"] })];
      const token = await told(maker.api, comer.memberId);
      ok(await team.api.post(`/v1/members/${maker.memberId}/block`), 200);
      return exchange(token);
    },
  ],
  [
    "a claim whose member became a viewer since",
    NO,
    async () => {
      const comer = await newcomer(team, { roles: ["member"] });
      const token = await told(team.api, comer.memberId);
      ok(await card(team.api, comer.memberId, { roles: ["viewer"] }), 200);
      return exchange(token);
    },
  ],
  [
    "a claim of the member of an acceptance at the same time, three times: one of them speaks",
    "1 1 1",
    async () => {
      const counts = await Promise.all(
        [1, 2, 3].map(async () => {
          const {
            member: { id },
            token: mail,
          } = await invited(team, { role: "member" });
          const claim = await told(team.api, id);
          await all(exchange(claim), accept(mail));
          const row = await kept(
            `SELECT (m.user_id IS NOT NULL) + (
               SELECT count(*) FROM api_key k
               WHERE k.member_id = m.id AND k.hash IS NOT NULL AND k.revoked_at IS NULL
             ) AS n
             FROM member m WHERE m.id = ?`,
            id,
          );
          return row?.["n"];
        }),
      );
      return counts.join(" ");
    },
  ],
  [
    "two claims of one member at the same time",
    "201,404 not-found",
    async () => {
      const { memberId } = await newcomer(team, { roles: ["member"] });
      const [one, two] = [await told(team.api, memberId), await told(team.api, memberId)];
      return (await Promise.all([exchange(one), exchange(two)])).map(said).sort().join();
    },
  ],
  [
    "two told claims made at the same time: one is left",
    "1",
    async () => {
      const { memberId } = await newcomer(team, { roles: ["member"] });
      await Promise.all([1, 2, 3].map(() => askKey(team.api, memberId)));
      return String(
        (
          await kept(
            "SELECT count(*) AS n FROM api_key WHERE member_id = ? AND claim_hash IS NOT NULL",
            memberId,
          )
        )?.["n"],
      );
    },
  ],
  [
    "a claim with the access token of another member's key",
    "409 conflict/other-address",
    async () => {
      const [comer, thief] = [await newcomer(team, { roles: ["member"] }), await member(team)];
      return exchange(await told(team.api, comer.memberId), tokened(await newToken(fetch, thief.apiKey)));
    },
  ],
  [
    "a claim with the token of a key that was revoked",
    OUT,
    async () => {
      const [comer, gone] = [await newcomer(team, { roles: ["member"] }), await member(team)];
      const old = tokened(await newToken(fetch, gone.apiKey));
      ok(await askKey(team.api, gone.memberId, { revokeKeys: true }), 201);
      return exchange(await told(team.api, comer.memberId), old);
    },
  ],
  [
    "an invitation's token as a claim, and a claim's as an invitation",
    times(2, GONE),
    async () => {
      const {
        member: { id },
        token,
      } = await invited(team, { role: "member" });
      return all(exchange(token), accept(await told(team.api, id)));
    },
  ],
  [
    "a claim's token as a refresh token, and as a bearer",
    times(2, OUT),
    async () => {
      const token = await told(team.api, (await newcomer(team, { roles: ["member"] })).memberId);
      return all(refresh(token), tokened(token).get("/v1/me"));
    },
  ],
  [
    "claims of 100,000 letters, beyond ASCII, with a blank, in a list, and of nothing",
    `413 too-large,${times(4, INVALID)}`,
    async () => {
      const tokens = ["a".repeat(100_000), "\u0430".repeat(43), `${"a".repeat(42)} `, ["a".repeat(43)], null];
      return all(...tokens.map((token) => exchange(token)));
    },
  ],
  [
    "a claim, from outside the rules of the key",
    "403 ip/not-allowed",
    async () => {
      const { memberId } = await newcomer(team, { roles: ["member"] });
      return exchange(await told(team.api, memberId, { allowedIps: [HOME] }), anybody, { ip: ELSEWHERE });
    },
  ],
  [
    "a claim that ends others' keys, without the right to revoke",
    NO,
    async () => {
      const maker = await newMember(fetch, vendor, {
        roles: [],
        rights: ["member.view", "api_key.view", "api_key.create"],
      });
      const held = await newMember(fetch, vendor, { roles: [] });
      return askKey(maker.api, held.memberId, { revokeKeys: true });
    },
  ],
  [
    "another account's member, and the same by Tollgate-Account",
    times(2, GONE),
    async () => all(askKey(other.api, team.memberId), askKey(at(other, team.accountId), team.memberId)),
  ],
];
