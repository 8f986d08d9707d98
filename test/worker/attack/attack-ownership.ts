import { ok } from "../../harness/client.ts";
import {
  type Attempt,
  GONE,
  NO,
  accept,
  admin,
  all,
  asAccepted,
  askKey,
  customer,
  exchange,
  founded,
  member,
  name,
  offer,
  platform,
  seller,
  take,
  team,
  times,
  told,
  unlink,
} from "./attack-world.ts";
import { at } from "../products/dealer-world.ts";
import { tokenFor } from "../people/invitations-world.ts";
import { arrived, newEmail } from "../people/sign-in-world.ts";

/** Claims and addresses of an account's owner, and of the member whom an ownership is offered to. */
export const OWNERSHIP: readonly Attempt[] = [
  [
    "an admin's claim of a member whom the platform named as owner since",
    "410 invitation/expired",
    async () => {
      const account = await founded();
      const [maker, next] = [await admin(account), await member(account)];
      const token = await told(maker.api, next.memberId, { revokeKeys: true });
      ok(
        await platform.put(`/v1/accounts/${account.accountId}/owner`, {
          memberId: next.memberId,
          reason: "r",
        }),
        200,
      );
      return exchange(token);
    },
  ],
  [
    "an admin's invitation of a member whom the platform named as owner since",
    "410 invitation/revoked",
    async () => {
      const account = await founded();
      const [maker, next, thief] = [await admin(account), await member(account), newEmail()];
      ok(await name(maker.api, next.memberId, thief), 200);
      ok(
        await platform.put(`/v1/accounts/${account.accountId}/owner`, {
          memberId: next.memberId,
          reason: "r",
        }),
        200,
      );
      return accept(await tokenFor(thief));
    },
  ],
  [
    "the platform's claims, asked for by an account's owner and by a seller",
    times(3, NO),
    async () => {
      const path = `/v1/accounts/${team.accountId}`;
      return all(
        team.api.post(`${path}/owner-claims`),
        team.api.post(`${path}/members/${team.memberId}/claims`),
        seller.api.post(`/v1/accounts/${customer.accountId}/owner-claims`),
      );
    },
  ],
  [
    "an owner's claim of an account that is no customer, of a member's id, and by a detour",
    times(4, GONE),
    async () => {
      const detours = [`${customer.accountId}%2f..%2f${team.accountId}`, `..%2faccounts%2f${team.accountId}`];
      const ids = [team.accountId, customer.memberId, ...detours];
      return all(...ids.map((id) => seller.api.post(`/v1/organizations/${id}/owner-claims`)));
    },
  ],
  [
    "a seller's key for the owner of a customer, by Tollgate-Account",
    NO,
    () => askKey(at(seller, customer.accountId), customer.memberId, { revokeKeys: true }),
  ],
  [
    "a claim of the member an ownership is offered to, and the acceptance with it",
    GONE,
    async () => {
      const account = await founded();
      const [maker, next] = [await admin(account), await member(account)];
      const path = await offer(account, next.memberId);
      const thief = await take(await told(maker.api, next.memberId, { revokeKeys: true }));
      return thief.post(`${path}/accept`);
    },
  ],
  [
    "a claim made before the ownership was offered, and the acceptance with it",
    GONE,
    async () => {
      const account = await founded();
      const [maker, next] = [await admin(account), await member(account)];
      const token = await told(maker.api, next.memberId, { revokeKeys: true });
      const path = await offer(account, next.memberId);
      return (await take(token)).post(`${path}/accept`);
    },
  ],
  [
    "another address for the member an ownership is offered to, and the acceptance by it",
    GONE,
    async () => {
      const account = await founded();
      const [maker, next, thief] = [await admin(account), await member(account), newEmail()];
      const path = await offer(account, next.memberId);
      ok(await name(maker.api, next.memberId, thief), 200);
      return (await asAccepted(await tokenFor(thief))).post(`${path}/accept`);
    },
  ],
  [
    "the same after unlinking the person who was offered it",
    GONE,
    async () => {
      const account = await founded();
      const [maker, next] = [await admin(account), await arrived(account)];
      const path = await offer(account, next.id);
      ok(await unlink(maker.api, next.id), 204);
      return (await take(await told(maker.api, next.id))).post(`${path}/accept`);
    },
  ],
];
