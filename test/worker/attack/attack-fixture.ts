import { expect } from "vitest";
import {
  type Api,
  api,
  type CallOptions,
  newIdempotencyKey,
  expectStatus,
  type Reply,
} from "../../harness/client.ts";
import { codeOf, lastMail } from "../../harness/mailbox.ts";
import { newAccount, newApiKey, newMember, type Person } from "../../harness/people.ts";
import { nextClientIp } from "../../harness/sign-in.ts";
import {
  fetch as bare,
  createPlatform,
  HOME_IP,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";
import { anonymousCaller as nobody, readRow, newEmail } from "../people/sign-in-fixture.ts";

/** What was tried, the answer, and the attempt. */
export type Attempt = readonly [
  title: string,
  answer: string,
  attempt: () => Promise<string | Reply<unknown>>,
];

export const [DENIED, NOT_FOUND, UNAUTHENTICATED] = [
  "403 access/denied",
  "404 not-found",
  "401 auth/invalid-credential",
] as const;
export const INVALID_BODY = "422 validation";
/** The same answer so many times. */
export const repeatAnswer = (count: number, answer: string) => Array<string>(count).fill(answer).join();

const faults: string[] = [];
/** Remembers every answer of the gate's own failure. */
export const fetch: typeof bare = async (path, init) => {
  const answer = await bare(path, init);
  if (answer.status >= 500) faults.push(`${init?.method} ${path} ${answer.status}`);
  return answer;
};
export const expectNoFaults = () => {
  expect(faults).toEqual([]);
};
export const watchedAnonymous = nobody.via(fetch);
export const ANY_VERSION = { ifMatch: "*" };
export const idempotent = () => ({ idempotencyKey: newIdempotencyKey() });
export const callerWithToken = (token: string): Api => api(fetch, token);
const throughFaultCheck = <T extends { readonly api: Api }>(who: T): T => ({
  ...who,
  api: who.api.via(fetch),
});

/** The accounts that attempts share. */
export let platform: Api;
export let team: Person;
export let other: Person;
export let vendor: Person;
export let seller: Person;
export let customer: Person;

export const createTeamAccount = async () => throughFaultCheck(await newAccount(fetch, platform, "team"));

export async function createAttackFixture(): Promise<void> {
  platform = (await createPlatform()).via(fetch);
  [team, other] = [await createTeamAccount(), await createTeamAccount()];
  [vendor, seller] = [
    throughFaultCheck(await createSubscribedAccount(platform, "vendor")),
    throughFaultCheck(await createSubscribedAccount(platform, "seller")),
  ];
  customer = throughFaultCheck(
    await newAccount(fetch, platform, "customer_org", { parentId: seller.accountId }),
  );
}

export const createAdmin = (of: Person, more: object = {}) =>
  newMember(fetch, of, { roles: ["admin"], email: newEmail(), ...more });
export const createMember = (of: Person, more: object = {}) =>
  newMember(fetch, of, { roles: ["member"], email: newEmail(), ...more });
/** A key of one's own that can do less. */
export const createRestrictedKey = async (who: Person, more: object) =>
  api(fetch, await newApiKey(fetch, who, who.memberId, { ...more }));
export const createAddressBoundKey = (who: Person) => createRestrictedKey(who, { allowedIps: [HOME_IP] });
export const emailOf = async (who: Person): Promise<string> =>
  expectStatus(await who.api.get<{ member: { email: string } }>("/v1/me"), 200).body.member.email;

export const requestKey = (by: Api, id: string, more: object = {}) =>
  by.post<{ id: string; claim: { token: string } }>(
    `/v1/members/${id}/api-keys`,
    { name: "key", ...more },
    idempotent(),
  );
export const requestClaimToken = async (by: Api, id: string, more: object = {}) =>
  expectStatus(await requestKey(by, id, more), 201).body.claim.token;
export const exchangeClaim = (token: unknown, as: Api = watchedAnonymous, more: CallOptions = {}) =>
  as.post<{ secret: string }>("/v1/auth/claims", { token }, more);
export const takeKey = async (token: string) =>
  api(fetch, expectStatus(await exchangeClaim(token), 201).body.secret);

export const patchCard = (by: Api, id: string, body: object) =>
  by.patch(`/v1/members/${id}`, body, ANY_VERSION);
export const setSignInAddress = (by: Api, id: string, email: string) =>
  by.post(`/v1/members/${id}/sign-in-address`, { email });
export const removeSignInAddress = (by: Api, id: string) => by.del(`/v1/members/${id}/sign-in-address`);
export const acceptInvitation = (token: string) =>
  watchedAnonymous.post<{ session: { access_token: string } }>("/v1/invitations/accept", {
    token,
    signIn: true,
  });
export const callerOfInvitation = async (token: string) =>
  api(fetch, expectStatus(await acceptInvitation(token), 200).body.session.access_token);
export const requestEmailChange = (who: Api, email: unknown, more: CallOptions = {}) =>
  who.post("/v1/me/email", { email }, { ip: nextClientIp(), ...more });
/** Asks for the code and sends it back. */
export async function confirmEmailChange(who: Api, email: string): Promise<Reply<unknown>> {
  const asked = await requestEmailChange(who, email);
  if (asked.status !== 202) return asked;
  return who.post("/v1/me/email/confirm", {
    email,
    newCode: codeOf(await lastMail(fetch, email, "change_email")),
  });
}

export const offersPath = (of: Person) => `/v1/accounts/${of.accountId}/ownership-offers`;
export const createOffer = async (of: Person, to: string) =>
  `${offersPath(of)}/${expectStatus(await of.api.post<{ id: string }>(offersPath(of), { memberId: to }), 201).body.id}`;
/** The account's owner. */
export const readOwner = ({ accountId }: Person) =>
  readRow(
    "SELECT m.status, m.roles FROM account a JOIN member m ON m.id = a.owner_member_id WHERE a.id = ?",
    accountId,
  );

export const statusesOf = async (...asked: Promise<Reply<unknown>>[]) =>
  (await Promise.all(asked)).map(said).join();
