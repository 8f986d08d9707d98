import { expectCall, type Caller, rowsOf, textAt } from "./gate-client.ts";
import type { Login } from "./local-state.ts";

/** A person as POST /v1/members takes one; `email` makes the name of the login. */
export interface Person {
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
}

export interface NewMember extends Person {
  readonly roles: readonly string[];
  readonly grants?: readonly object[];
  readonly allowedIps?: readonly string[];
  readonly creditLimit?: number;
}

/** The same gate, called by another member. */
export const callerAs = (caller: Caller, login: Pick<Login, "who" | "apiKey" | "address">): Caller => ({
  ...caller,
  who: login.who,
  credential: login.apiKey,
  address: login.address,
});

interface LocalMail {
  readonly subject: string;
  readonly link: string | null;
  readonly code: string | null;
}

/** The newest mail to this address, as the local mailbox keeps it. */
export async function newestMail(caller: Caller, address: string): Promise<LocalMail> {
  const [mail] = rowsOf<LocalMail>(
    await expectCall(caller, {
      method: "GET",
      path: `/dev/mail?to=${encodeURIComponent(address)}&limit=1`,
      expect: 200,
    }),
  );
  if (mail === undefined) throw new Error(`no mail to ${address}`);
  return mail;
}

export const linkTokenOf = ({ link }: LocalMail): string => new URL(link ?? "").hash.slice("#token=".length);

/** A new viewer, who holds no API key: invited by mail. */
export async function addViewer(admin: Caller, accountId: string, member: NewMember): Promise<Login> {
  const made = await expectCall(admin, {
    method: "POST",
    path: "/v1/members",
    body: { ...member, notify: true },
    expect: 201,
  });
  return {
    who: `${member.firstName} ${member.lastName}`,
    accountId,
    memberId: textAt(made, "id"),
    apiKey: null,
    email: member.email,
    address: null,
  };
}

/** The same, who has accepted and signed in with one click. */
export async function acceptAndSignIn(gate: Caller, { who, email = "" }: Login): Promise<Caller> {
  const invited: Caller = { ...gate, who, credential: null, address: null };
  const token = linkTokenOf(await newestMail(invited, email));
  const accepted = await expectCall(invited, {
    method: "POST",
    path: "/v1/invitations/accept",
    body: { token, signIn: true },
    expect: 200,
  });
  return { ...invited, credential: textAt(accepted, "session.access_token"), usesToken: true };
}

/** A new account whose owner has claimed an API key. */
export async function createAccount(
  platform: Caller,
  account: {
    readonly kind: string;
    readonly name: string;
    readonly owner: Person;
    readonly parentId?: string;
  },
): Promise<Login> {
  const made = await expectCall(platform, {
    method: "POST",
    path: "/v1/accounts",
    body: account,
    expect: 201,
  });
  const who = `${account.owner.firstName} ${account.owner.lastName}`;
  const apiKey = await claimKey({ ...platform, who, address: null }, textAt(made, "claim.token"));
  return { who, accountId: textAt(made, "id"), memberId: textAt(made, "owner.id"), apiKey, address: null };
}

/** A new member who has claimed an API key: the admin who makes it never sees it. */
export async function addMember(
  admin: Caller,
  accountId: string,
  member: NewMember,
  address: string | null = null,
): Promise<Login> {
  const made = await expectCall(admin, { method: "POST", path: "/v1/members", body: member, expect: 201 });
  const memberId = textAt(made, "id");
  const key = await expectCall(admin, {
    method: "POST",
    path: `/v1/members/${memberId}/api-keys`,
    body: { name: "first key" },
    expect: 201,
  });
  const who = `${member.firstName} ${member.lastName}`;
  const apiKey = await claimKey({ ...admin, who, address }, textAt(key, "claim.token"));
  return { who, accountId, memberId, apiKey, address };
}

async function claimKey(caller: Caller, token: string): Promise<string> {
  const claimed = await expectCall(
    { ...caller, credential: null },
    { method: "POST", path: "/v1/auth/claims", body: { token }, expect: 201 },
  );
  return textAt(claimed, "secret");
}
