import { expectStatus } from "../../harness/client.ts";
import { newApiKey, newMemberWithoutKey, newMember, newToken, type Person } from "../../harness/people.ts";
import {
  type Attempt,
  NOT_FOUND,
  INVALID_BODY,
  DENIED,
  UNAUTHENTICATED,
  createAdmin,
  statusesOf,
  callerOfInvitation,
  requestEmailChange,
  requestKey,
  patchCard,
  customer,
  emailOf,
  fetch,
  createTeamAccount,
  confirmEmailChange,
  setSignInAddress,
  other,
  platform,
  seller,
  takeKey,
  team,
  repeatAnswer,
  callerWithToken,
  requestClaimToken,
  removeSignInAddress,
  vendor,
} from "./attack-fixture.ts";
import { actingIn } from "../products/dealer-fixture.ts";
import { invitationToken } from "../people/invitations-fixture.ts";
import {
  addSignedInMember,
  signInWith,
  requestMail,
  newEmail,
  refreshSession,
} from "../people/sign-in-fixture.ts";

/** Addresses to sign in with, and who chose them. */
export const ADDRESS_ATTEMPTS: readonly Attempt[] = [
  [
    "the card written by another member whose key the thief was told",
    DENIED,
    async () => {
      const [thief, helper, email] = [
        await createAdmin(team),
        await newMemberWithoutKey(team, { roles: ["admin"] }),
        newEmail(),
      ];
      expectStatus(
        await patchCard(await takeKey(await requestClaimToken(thief.api, helper.memberId)), thief.memberId, {
          email,
        }),
        200,
      );
      return confirmEmailChange(thief.api, email);
    },
  ],
  [
    "the card written by another member whose sign-in address the thief named",
    DENIED,
    async () => {
      const [thief, helper, email, mine] = [
        await createAdmin(team),
        await createAdmin(team),
        newEmail(),
        newEmail(),
      ];
      expectStatus(await setSignInAddress(thief.api, helper.memberId, mine), 200);
      expectStatus(
        await patchCard(await callerOfInvitation(await invitationToken(mine)), thief.memberId, { email }),
        200,
      );
      return confirmEmailChange(thief.api, email);
    },
  ],
  [
    "an address named by a helper whom the thief added",
    DENIED,
    async () => {
      const thief = await createAdmin(team);
      const helper = await createAdmin(thief);
      return setSignInAddress(helper.api, thief.memberId, newEmail());
    },
  ],
  [
    "the card written in the own session, before the address was unlinked",
    DENIED,
    async () => {
      const [thief, email] = [await addSignedInMember(team, { roles: ["admin"] }), newEmail()];
      const key = callerWithToken(
        expectStatus(await requestKey(thief.api, thief.id), 201).body["secret" as never],
      );
      expectStatus(await patchCard(thief.api, thief.id, { email }), 200);
      expectStatus(await removeSignInAddress(team.api, thief.id), 204);
      return confirmEmailChange(key, email);
    },
  ],
  [
    "the card and the link at the same time",
    `200,${DENIED}`,
    async () => {
      const [me, email] = [await createTeamAccount(), newEmail()];
      return statusesOf(patchCard(me.api, me.memberId, { email }), requestEmailChange(me.api, email));
    },
  ],
  [
    "the token of a key with scopes; and of a whole one, for the card's address",
    `${DENIED},202`,
    async () => {
      const me = await createTeamAccount();
      const email = await emailOf(me);
      const scoped = await newApiKey(fetch, me, me.memberId, { scopes: ["member.view"] });
      return statusesOf(
        requestEmailChange(callerWithToken(await newToken(fetch, scoped)), email),
        requestEmailChange(callerWithToken(await newToken(fetch, me.apiKey)), email),
      );
    },
  ],
  [
    "the address of an owner below, by Tollgate-Account",
    DENIED,
    async () => requestEmailChange(actingIn(seller, customer.accountId), await emailOf(customer)),
  ],
  [
    "an owner's address named by a second owner; unlinked by one; and both with a header",
    `${repeatAnswer(2, "409 conflict/last-admin")},${NOT_FOUND}`,
    async () => {
      const second = await newMember(fetch, vendor, { roles: ["owner"] });
      return statusesOf(
        setSignInAddress(second.api, vendor.memberId, newEmail()),
        removeSignInAddress(second.api, vendor.memberId),
        setSignInAddress(actingIn(second, team.accountId), team.memberId, newEmail()),
      );
    },
  ],
  [
    "another account's member, a key's id, an encoded path, and an id that is none",
    repeatAnswer(4, NOT_FOUND),
    async () => {
      const detour = `${other.memberId}%2f..%2f${team.memberId}`;
      const ids = [team.memberId, "key_01ARZ3NDEKTSV4RRFFQ69G5FAV", detour, "mem_%D0%B0"];
      return statusesOf(...ids.map((id) => setSignInAddress(other.api, id, newEmail())));
    },
  ],
  [
    "the platform's route: called by the owner, and with a member of another account",
    `${DENIED},${NOT_FOUND}`,
    async () => {
      const path = (of: Person, who: Person) =>
        `/v1/accounts/${of.accountId}/members/${who.memberId}/sign-in-address`;
      return statusesOf(other.api.del(path(other, other)), platform.del(path(other, team)));
    },
  ],
  [
    "unlinking at the same time as a sign-in, and as a refresh: no session is left",
    repeatAnswer(2, UNAUTHENTICATED),
    async () => {
      const [one, two] = [await addSignedInMember(team), await addSignedInMember(team)];
      const { code } = await requestMail(one.email);
      const [, came] = await Promise.all([
        removeSignInAddress(team.api, one.id),
        signInWith({ email: one.email, code, accountId: team.accountId }),
      ]);
      const [, next] = await Promise.all([
        removeSignInAddress(team.api, two.id),
        refreshSession(two.tokens.refresh_token),
      ]);
      return statusesOf(
        ...[came, next].map(({ body }) => callerWithToken(body.access_token ?? "none").get("/v1/me")),
      );
    },
  ],
  [
    "a link of a sign-in mail, and the session, after the unlinking",
    repeatAnswer(2, UNAUTHENTICATED),
    async () => {
      const one = await addSignedInMember(team);
      const { token } = await requestMail(one.email);
      expectStatus(await removeSignInAddress(team.api, one.id), 204);
      return statusesOf(
        signInWith({ token, accountId: team.accountId }),
        requestEmailChange(one.api, newEmail()),
      );
    },
  ],
  [
    "addresses of 10,000 letters, in a list, with a line end, and the code of a sign-in",
    repeatAnswer(4, INVALID_BODY),
    async () => {
      const me = await addSignedInMember(team);
      const { code } = await requestMail(me.email);
      const hostile = [
        `${"a".repeat(10_000)}@example.com`,
        [newEmail()],
        `a@example.com\r\nBcc: ${newEmail()}`,
      ];
      return statusesOf(
        ...hostile.map((email) => requestEmailChange(me.api, email)),
        me.api.post("/v1/me/email/confirm", { email: newEmail(), newCode: code, oldCode: code }),
      );
    },
  ],
];
