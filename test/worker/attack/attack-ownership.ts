import { expectStatus } from "../../harness/client.ts";
import {
  type Attempt,
  NOT_FOUND,
  DENIED,
  acceptInvitation,
  createAdmin,
  statusesOf,
  callerOfInvitation,
  requestKey,
  customer,
  exchangeClaim,
  createTeamAccount,
  createMember,
  setSignInAddress,
  createOffer,
  platform,
  seller,
  takeKey,
  team,
  repeatAnswer,
  requestClaimToken,
  removeSignInAddress,
} from "./attack-fixture.ts";
import { actingIn } from "../products/dealer-fixture.ts";
import { invitationToken } from "../people/invitations-fixture.ts";
import { addSignedInMember, newEmail } from "../people/sign-in-fixture.ts";

/** Claims and addresses of an account's owner, and of the member whom an ownership is offered to. */
export const OWNERSHIP_ATTEMPTS: readonly Attempt[] = [
  [
    "an admin's claim of a member whom the platform named as owner since",
    "410 invitation/expired",
    async () => {
      const account = await createTeamAccount();
      const [maker, next] = [await createAdmin(account), await createMember(account)];
      const token = await requestClaimToken(maker.api, next.memberId, { revokeKeys: true });
      expectStatus(
        await platform.put(`/v1/accounts/${account.accountId}/owner`, {
          memberId: next.memberId,
          reason: "r",
        }),
        200,
      );
      return exchangeClaim(token);
    },
  ],
  [
    "an admin's invitation of a member whom the platform named as owner since",
    "410 invitation/revoked",
    async () => {
      const account = await createTeamAccount();
      const [maker, next, thief] = [await createAdmin(account), await createMember(account), newEmail()];
      expectStatus(await setSignInAddress(maker.api, next.memberId, thief), 200);
      expectStatus(
        await platform.put(`/v1/accounts/${account.accountId}/owner`, {
          memberId: next.memberId,
          reason: "r",
        }),
        200,
      );
      return acceptInvitation(await invitationToken(thief));
    },
  ],
  [
    "the platform's claims, asked for by an account's owner and by a seller",
    repeatAnswer(3, DENIED),
    async () => {
      const path = `/v1/accounts/${team.accountId}`;
      return statusesOf(
        team.api.post(`${path}/owner-claims`),
        team.api.post(`${path}/members/${team.memberId}/claims`),
        seller.api.post(`/v1/accounts/${customer.accountId}/owner-claims`),
      );
    },
  ],
  [
    "an owner's claim of an account that is no customer, of a member's id, and by a detour",
    repeatAnswer(4, NOT_FOUND),
    async () => {
      const detours = [`${customer.accountId}%2f..%2f${team.accountId}`, `..%2faccounts%2f${team.accountId}`];
      const ids = [team.accountId, customer.memberId, ...detours];
      return statusesOf(...ids.map((id) => seller.api.post(`/v1/organizations/${id}/owner-claims`)));
    },
  ],
  [
    "a seller's key for the owner of a customer, by Tollgate-Account",
    DENIED,
    () => requestKey(actingIn(seller, customer.accountId), customer.memberId, { revokeKeys: true }),
  ],
  [
    "a claim of the member an ownership is offered to, and the acceptance with it",
    NOT_FOUND,
    async () => {
      const account = await createTeamAccount();
      const [maker, next] = [await createAdmin(account), await createMember(account)];
      const path = await createOffer(account, next.memberId);
      const thief = await takeKey(await requestClaimToken(maker.api, next.memberId, { revokeKeys: true }));
      return thief.post(`${path}/accept`);
    },
  ],
  [
    "a claim made before the ownership was offered, and the acceptance with it",
    NOT_FOUND,
    async () => {
      const account = await createTeamAccount();
      const [maker, next] = [await createAdmin(account), await createMember(account)];
      const token = await requestClaimToken(maker.api, next.memberId, { revokeKeys: true });
      const path = await createOffer(account, next.memberId);
      return (await takeKey(token)).post(`${path}/accept`);
    },
  ],
  [
    "another address for the member an ownership is offered to, and the acceptance by it",
    NOT_FOUND,
    async () => {
      const account = await createTeamAccount();
      const [maker, next, thief] = [await createAdmin(account), await createMember(account), newEmail()];
      const path = await createOffer(account, next.memberId);
      expectStatus(await setSignInAddress(maker.api, next.memberId, thief), 200);
      return (await callerOfInvitation(await invitationToken(thief))).post(`${path}/accept`);
    },
  ],
  [
    "the same after unlinking the person who was offered it",
    NOT_FOUND,
    async () => {
      const account = await createTeamAccount();
      const [maker, next] = [await createAdmin(account), await addSignedInMember(account)];
      const path = await createOffer(account, next.id);
      expectStatus(await removeSignInAddress(maker.api, next.id), 204);
      return (await takeKey(await requestClaimToken(maker.api, next.id))).post(`${path}/accept`);
    },
  ],
];
