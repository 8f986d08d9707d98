import { expect } from "vitest";
import { type Api, api, type Ask, newKey, ok, type Reply } from "../../harness/client.ts";
import { codeOf, lastMail } from "../../harness/mailbox.ts";
import { newAccount, newApiKey, newMember, type Person } from "../../harness/people.ts";
import { anywhere } from "../../harness/sign-in.ts";
import { fetch as bare, foundPlatform, HOME, said, subscribed } from "../access/operators-world.ts";
import { anybody as nobody, kept, newEmail } from "../people/sign-in-world.ts";

/** What was tried, the answer, and the attempt. */
export type Attempt = readonly [
  title: string,
  answer: string,
  attempt: () => Promise<string | Reply<unknown>>,
];

export const [NO, GONE, OUT] = ["403 access/denied", "404 not-found", "401 auth/invalid-credential"] as const;
export const INVALID = "422 validation";
/** The same answer so many times. */
export const times = (count: number, answer: string) => Array<string>(count).fill(answer).join();

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
export const anybody = nobody.via(fetch);
export const ANY = { ifMatch: "*" };
export const keyed = () => ({ idempotencyKey: newKey() });
export const tokened = (token: string): Api => api(fetch, token);
const over = <T extends { readonly api: Api }>(who: T): T => ({ ...who, api: who.api.via(fetch) });

/** The accounts that attempts share. */
export let platform: Api;
export let team: Person;
export let other: Person;
export let vendor: Person;
export let seller: Person;
export let customer: Person;

export const founded = async () => over(await newAccount(fetch, platform, "team"));

export async function foundWorld(): Promise<void> {
  platform = (await foundPlatform()).via(fetch);
  [team, other] = [await founded(), await founded()];
  [vendor, seller] = [over(await subscribed(platform, "vendor")), over(await subscribed(platform, "seller"))];
  customer = over(await newAccount(fetch, platform, "customer_org", { parentId: seller.accountId }));
}

export const admin = (of: Person, more: object = {}) =>
  newMember(fetch, of, { roles: ["admin"], email: newEmail(), ...more });
export const member = (of: Person, more: object = {}) =>
  newMember(fetch, of, { roles: ["member"], email: newEmail(), ...more });
/** A key of one's own that can do less. */
export const narrowed = async (who: Person, more: object) =>
  api(fetch, await newApiKey(fetch, who, who.memberId, { ...more }));
export const bound = (who: Person) => narrowed(who, { allowedIps: [HOME] });
export const emailOf = async (who: Person): Promise<string> =>
  ok(await who.api.get<{ member: { email: string } }>("/v1/me"), 200).body.member.email;

export const askKey = (by: Api, id: string, more: object = {}) =>
  by.post<{ id: string; claim: { token: string } }>(
    `/v1/members/${id}/api-keys`,
    { name: "key", ...more },
    keyed(),
  );
export const told = async (by: Api, id: string, more: object = {}) =>
  ok(await askKey(by, id, more), 201).body.claim.token;
export const exchange = (token: unknown, as: Api = anybody, more: Ask = {}) =>
  as.post<{ secret: string }>("/v1/auth/claims", { token }, more);
export const take = async (token: string) => api(fetch, ok(await exchange(token), 201).body.secret);

export const card = (by: Api, id: string, body: object) => by.patch(`/v1/members/${id}`, body, ANY);
export const name = (by: Api, id: string, email: string) =>
  by.post(`/v1/members/${id}/sign-in-address`, { email });
export const unlink = (by: Api, id: string) => by.del(`/v1/members/${id}/sign-in-address`);
export const accept = (token: string) =>
  anybody.post<{ session: { access_token: string } }>("/v1/invitations/accept", { token, signIn: true });
export const asAccepted = async (token: string) =>
  api(fetch, ok(await accept(token), 200).body.session.access_token);
export const ask = (who: Api, email: unknown, more: Ask = {}) =>
  who.post("/v1/me/email", { email }, { ip: anywhere(), ...more });
/** Asks for the code and sends it back. */
export async function link(who: Api, email: string): Promise<Reply<unknown>> {
  const asked = await ask(who, email);
  if (asked.status !== 202) return asked;
  return who.post("/v1/me/email/confirm", {
    email,
    newCode: codeOf(await lastMail(fetch, email, "change_email")),
  });
}

export const offers = (of: Person) => `/v1/accounts/${of.accountId}/ownership-offers`;
export const offer = async (of: Person, to: string) =>
  `${offers(of)}/${ok(await of.api.post<{ id: string }>(offers(of), { memberId: to }), 201).body.id}`;
/** The account's owner. */
export const ownerOf = ({ accountId }: Person) =>
  kept(
    "SELECT m.status, m.roles FROM account a JOIN member m ON m.id = a.owner_member_id WHERE a.id = ?",
    accountId,
  );

export const all = async (...asked: Promise<Reply<unknown>>[]) => (await Promise.all(asked)).map(said).join();
