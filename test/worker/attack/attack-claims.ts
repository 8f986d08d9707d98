import { expectStatus } from "../../harness/client.ts";
import { newMemberWithoutKey, newMember, newToken } from "../../harness/people.ts";
import {
  type Attempt,
  NOT_FOUND,
  INVALID_BODY,
  DENIED,
  UNAUTHENTICATED,
  acceptInvitation,
  createAdmin,
  statusesOf,
  watchedAnonymous,
  requestKey,
  patchCard,
  exchangeClaim,
  fetch,
  createMember,
  other,
  team,
  repeatAnswer,
  callerWithToken,
  requestClaimToken,
  vendor,
} from "./attack-fixture.ts";
import { actingIn } from "../products/dealer-fixture.ts";
import { createInvitation } from "../people/invitations-fixture.ts";
import { OTHER_IP, HOME_IP, said } from "../access/operators-fixture.ts";
import { readRow, refreshSession } from "../people/sign-in-fixture.ts";

/** Claims of members' keys: by the wrong caller, too late, twice, or in a wrong form. */
export const CLAIM_ATTEMPTS: readonly Attempt[] = [
  [
    "a claim whose maker was removed since",
    NOT_FOUND,
    async () => {
      const [maker, comer] = [
        await createAdmin(team),
        await newMemberWithoutKey(team, { roles: ["member"] }),
      ];
      const token = await requestClaimToken(maker.api, comer.memberId);
      expectStatus(await team.api.del(`/v1/members/${maker.memberId}`), 204);
      return exchangeClaim(token);
    },
  ],
  [
    "a claim whose maker was blocked since",
    "410 invitation/expired",
    async () => {
      const [maker, comer] = [
        await createAdmin(team),
        await newMemberWithoutKey(team, { roles: ["member"] }),
      ];
      const token = await requestClaimToken(maker.api, comer.memberId);
      expectStatus(await team.api.post(`/v1/members/${maker.memberId}/block`), 200);
      return exchangeClaim(token);
    },
  ],
  [
    "a claim whose member became a viewer since",
    DENIED,
    async () => {
      const comer = await newMemberWithoutKey(team, { roles: ["member"] });
      const token = await requestClaimToken(team.api, comer.memberId);
      expectStatus(await patchCard(team.api, comer.memberId, { roles: ["viewer"] }), 200);
      return exchangeClaim(token);
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
          } = await createInvitation(team, { role: "member" });
          const claim = await requestClaimToken(team.api, id);
          await statusesOf(exchangeClaim(claim), acceptInvitation(mail));
          const row = await readRow(
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
      const { memberId } = await newMemberWithoutKey(team, { roles: ["member"] });
      const [one, two] = [
        await requestClaimToken(team.api, memberId),
        await requestClaimToken(team.api, memberId),
      ];
      return (await Promise.all([exchangeClaim(one), exchangeClaim(two)])).map(said).sort().join();
    },
  ],
  [
    "two told claims made at the same time: one is left",
    "1",
    async () => {
      const { memberId } = await newMemberWithoutKey(team, { roles: ["member"] });
      await Promise.all([1, 2, 3].map(() => requestKey(team.api, memberId)));
      return String(
        (
          await readRow(
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
      const [comer, thief] = [
        await newMemberWithoutKey(team, { roles: ["member"] }),
        await createMember(team),
      ];
      return exchangeClaim(
        await requestClaimToken(team.api, comer.memberId),
        callerWithToken(await newToken(fetch, thief.apiKey)),
      );
    },
  ],
  [
    "a claim with the token of a key that was revoked",
    UNAUTHENTICATED,
    async () => {
      const [comer, gone] = [
        await newMemberWithoutKey(team, { roles: ["member"] }),
        await createMember(team),
      ];
      const old = callerWithToken(await newToken(fetch, gone.apiKey));
      expectStatus(await requestKey(team.api, gone.memberId, { revokeKeys: true }), 201);
      return exchangeClaim(await requestClaimToken(team.api, comer.memberId), old);
    },
  ],
  [
    "an invitation's token as a claim, and a claim's as an invitation",
    repeatAnswer(2, NOT_FOUND),
    async () => {
      const {
        member: { id },
        token,
      } = await createInvitation(team, { role: "member" });
      return statusesOf(exchangeClaim(token), acceptInvitation(await requestClaimToken(team.api, id)));
    },
  ],
  [
    "a claim's token as a refresh token, and as a bearer",
    repeatAnswer(2, UNAUTHENTICATED),
    async () => {
      const token = await requestClaimToken(
        team.api,
        (await newMemberWithoutKey(team, { roles: ["member"] })).memberId,
      );
      return statusesOf(refreshSession(token), callerWithToken(token).get("/v1/me"));
    },
  ],
  [
    "claims of 100,000 letters, beyond ASCII, with a blank, in a list, and of nothing",
    `413 too-large,${repeatAnswer(4, INVALID_BODY)}`,
    async () => {
      const tokens = ["a".repeat(100_000), "\u0430".repeat(43), `${"a".repeat(42)} `, ["a".repeat(43)], null];
      return statusesOf(...tokens.map((token) => exchangeClaim(token)));
    },
  ],
  [
    "a claim, from outside the rules of the key",
    "403 ip/not-allowed",
    async () => {
      const { memberId } = await newMemberWithoutKey(team, { roles: ["member"] });
      return exchangeClaim(
        await requestClaimToken(team.api, memberId, { allowedIps: [HOME_IP] }),
        watchedAnonymous,
        { ip: OTHER_IP },
      );
    },
  ],
  [
    "a claim that ends others' keys, without the right to revoke",
    DENIED,
    async () => {
      const maker = await newMember(fetch, vendor, {
        roles: [],
        rights: ["member.view", "api_key.view", "api_key.create"],
      });
      const held = await newMember(fetch, vendor, { roles: [] });
      return requestKey(maker.api, held.memberId, { revokeKeys: true });
    },
  ],
  [
    "another account's member, and the same by Tollgate-Account",
    repeatAnswer(2, NOT_FOUND),
    async () =>
      statusesOf(
        requestKey(other.api, team.memberId),
        requestKey(actingIn(other, team.accountId), team.memberId),
      ),
  ],
];
