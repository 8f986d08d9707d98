import { addMember, addViewer, callerAs, type NewMember, createAccount, type Person } from "./demo-people.ts";
import { expectCall, type Caller, textAt } from "./gate-client.ts";
import type { Login } from "./local-state.ts";

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/** Where a part of the demo plays. */
export interface DemoContext {
  readonly platform: Caller;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Gets one line for each step. */
  readonly say: (line: string) => void;
}

export interface AccountSetup {
  readonly restrictedAccounts: boolean;
  /** 0 is none. */
  readonly credits: number;
  readonly now: number;
}

/** The calls of the set-up are not printed. */
const withoutLog = ({ onAnswer: _, ...caller }: Caller): Caller => caller;

/** What only the platform's members set: plan, subscription, credits. */
export async function setUpAccount(
  by: Caller,
  accountId: string,
  { restrictedAccounts, credits, now }: AccountSetup,
): Promise<void> {
  const platform = withoutLog(by);
  const path = `/v1/accounts/${accountId}`;
  await expectCall(platform, {
    method: "PUT",
    path: `${path}/plan`,
    body: { restrictedAccounts, memberLimit: null, contactUrl: null },
    expect: 200,
  });
  await expectCall(platform, {
    method: "PUT",
    path: `${path}/subscription`,
    body: { status: "active", tier: null, currentPeriodEnd: new Date(now + YEAR_MS).toISOString() },
    expect: 200,
  });
  if (credits === 0) return;
  await expectCall(platform, {
    method: "POST",
    path: `${path}/credits`,
    body: { kind: "top_up", amount: credits },
    headers: { "idempotency-key": `${accountId}-first` },
    expect: 201,
  });
}

/** An account with its owner, under the name that the demo lists. */
export const createDemoAccount = async (
  platform: Caller,
  who: string,
  account: {
    readonly kind: string;
    readonly name: string;
    readonly owner: Person;
    readonly parentId?: string;
  },
): Promise<Login> => ({ ...(await createAccount(withoutLog(platform), account)), who });

/** The same for a viewer, who signs in by mail. */
export const addDemoViewer = async (
  platform: Caller,
  by: Login,
  who: string,
  member: NewMember,
): Promise<Login> => ({
  ...(await addViewer(callerAs(withoutLog(platform), by), by.accountId, member)),
  who,
});

/** The same for a member. */
export const addDemoMember = async (
  platform: Caller,
  by: Login,
  who: string,
  member: NewMember,
  address: string | null = null,
): Promise<Login> => ({
  ...(await addMember(callerAs(withoutLog(platform), by), by.accountId, member, address)),
  who,
});

/** Makes an object and answers its id. */
export const createObject = async (
  caller: Caller,
  path: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> =>
  textAt(await expectCall(caller, { method: "POST", path, body, headers, expect: 201 }), "id");

/** People of one act and run: an address is used once only. */
export const newPersonFactory =
  (act: string, now: number) =>
  (firstName: string, lastName: string): Person => ({
    email: `${firstName.toLowerCase()}-${act}-${now.toString(36)}@tour.example`,
    firstName,
    lastName,
  });
