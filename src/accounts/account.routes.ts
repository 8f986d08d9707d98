import { z } from "zod";
import { decide } from "../access/decision.ts";
import type { Right } from "../access/right.ts";
import { findAccount } from "../gate/credentials/account.store.ts";
import { type Call, endpoint } from "../gate/calls/call.ts";
import { requestPermit } from "../gate/permits/permit-request.ts";
import { versionEtag } from "../gate/calls/gate-request.ts";
import { pascalCase } from "../kernel/text/pascal-case.ts";
import { decodeCursor, listQuery, toPage, pageSchema } from "../kernel/http/page.ts";
import { omitUndefined } from "../kernel/http/body.ts";
import { invalidField, Problem } from "../kernel/http/problem.ts";
import {
  AccountCard,
  accountCard,
  AccountPatch,
  type AccountRow,
  MailQuotaBody,
  meaninglessSetting,
  SubscriptionBody,
  toSubscription,
} from "./account.card.ts";
import { prepareAccountChange } from "./account.change.ts";
import { prepareStateChange, type StateChange, type RequestedState } from "./account-state.change.ts";
import { listAccounts } from "./account.store.ts";
import { loosensAccount } from "./loosened-setting.ts";
import { requireSafeAddressRules } from "../people/members/member.load.ts";
import { PlanBody } from "./tiers/plan.card.ts";
import { giveTierCredits } from "./tiers/tier-credit.change.ts";
import { loadTier } from "./tiers/tier.load.ts";
import { loadTenant } from "./tenant.load.ts";
import { message } from "../kernel/messages/message.ts";

const list = endpoint(
  {
    method: "GET",
    path: "/v1/accounts",
    operationId: "listAccounts",
    tag: "Accounts",
    right: "account.manage",
    status: 200,
    summary: "Platform: every tenant, oldest first.",
    query: z.strictObject(listQuery),
    answer: pageSchema(AccountCard),
  },
  async (call) => {
    call.requireRight("account.manage");
    const { limit, cursor } = call.query();
    const [rows] = await call.read(listAccounts(call.db, decodeCursor(cursor, z.string()), limit + 1));
    return { status: 200, body: toPage(rows, limit, accountCard, (row) => row.id) };
  },
);

/**
 * The caller's own account by `ownRight`; any account for a member of the platform. For other callers, other
 * accounts are not found.
 */
async function loadAccount(call: Call, ownRight: Right): Promise<AccountRow> {
  const id = call.params["id"] ?? "";
  const [[row]] = await call.read(findAccount(call.db, id));
  if (
    ownRight === "account.view" &&
    decide(call.principal.grantSet, "account.manage").allowed &&
    row !== undefined
  )
    return row;
  if (id !== call.principal.accountId || row === undefined) {
    call.requireRight(ownRight);
    throw new Problem("not-found");
  }
  call.requireRight(ownRight);
  return row;
}

/** The platform sees all of an account that it is asked about. */
const canSeeSecurity = ({ principal }: Call, row: AccountRow): boolean =>
  decide(principal.grantSet, "account.view_security").allowed || row.id !== principal.accountId;

const card = endpoint(
  {
    method: "GET",
    path: "/v1/accounts/:id",
    operationId: "getAccount",
    tag: "Accounts",
    right: "account.view",
    status: 200,
    summary: "The account: its plan, subscription, settings and address rules.",
    answer: AccountCard,
  },
  async (call) => {
    const row = await loadAccount(call, "account.view");
    return {
      status: 200,
      body: accountCard(row, canSeeSecurity(call, row)),
      headers: { ETag: versionEtag(row.version) },
    };
  },
);

const edit = endpoint(
  {
    method: "PATCH",
    path: "/v1/accounts/:id",
    operationId: "updateAccount",
    tag: "Accounts",
    right: "account.edit",
    status: 200,
    summary: "Change the name, the settings and the address rules of your account.",
    body: AccountPatch,
    answer: AccountCard,
    ifMatch: "required",
    problems: ["conflict/lockout"],
  },
  async (call) => {
    const row = await loadAccount(call, "account.edit");
    if (row.id !== call.principal.accountId)
      throw new Problem("access/denied", {
        detail: message("accounts.settingsAreOwn"),
      });
    const { name, allowedIps, settings, profile, ...consent } = await call.body();
    call.ifMatch(row.version);
    const meaningless = meaninglessSetting(row.kind, omitUndefined(settings ?? {}));
    if (meaningless !== undefined)
      throw invalidField(
        `/settings/${meaningless}`,
        message("accounts.meaninglessSetting", { kind: row.kind }),
      );
    const after: AccountRow = {
      ...row,
      name: name ?? row.name,
      settings: { ...row.settings, ...omitUndefined(settings ?? {}) },
      profile: { ...row.profile, ...omitUndefined(profile ?? {}) },
      allowedIps:
        allowedIps === undefined ? row.allowedIps : requireSafeAddressRules(call, allowedIps, consent, true),
    };
    requestPermit(call as Call, { kind: "settings", accountId: row.id, loosens: loosensAccount(row, after) });
    return saveAccount(call, row, prepareAccountChange(call, row, after, "account.edit"));
  },
);

function saveAccount(call: Call, row: AccountRow, { after, change }: Pick<StateChange, "after" | "change">) {
  return call.commit(change, {
    status: 200,
    body: accountCard(after, canSeeSecurity(call, row)),
    headers: { ETag: versionEtag(after.version) },
  });
}

/** What the platform sets as a whole. @param toRequestedState the state with the tier that it names */
const stateEndpoint = <Body>(
  name: "plan" | "subscription",
  body: z.ZodType<Body>,
  toRequestedState: (call: Call, body: Body) => Promise<RequestedState>,
) =>
  endpoint(
    {
      method: "PUT",
      path: `/v1/accounts/:id/${name}`,
      operationId: `setAccount${pascalCase(name)}`,
      tag: "Accounts",
      right: "account.manage",
      status: 200,
      summary: `Platform: set the ${name} of an account. The next call of its members obeys.`,
      body,
      answer: AccountCard,
      ifMatch: "optional",
    },
    async (call) => {
      const [row] = await loadTenant(call);
      const body = await call.body();
      call.ifMatch(row.version);
      const change = prepareStateChange(call, row, await toRequestedState(call, body));
      const answer = await saveAccount(call, row, change);
      if (change.givesCredits) await giveTierCredits(call.env, call.db, row.id);
      return answer;
    },
  );

const plan = stateEndpoint("plan", PlanBody, async (_, wanted) => ({ state: "plan", plan: wanted }));
const subscription = stateEndpoint("subscription", SubscriptionBody, async (call, wanted) => ({
  state: "subscription",
  subscription: toSubscription(wanted),
  tier: await loadTier(call, wanted.tier, "/tier"),
}));

const mailQuota = endpoint(
  {
    method: "PUT",
    path: "/v1/accounts/:id/mail-quota",
    operationId: "setAccountMailQuota",
    tag: "Accounts",
    right: "account.manage",
    status: 200,
    summary:
      "Platform: set how many mails a day the members of an account may cause, " +
      "for example before a large team is invited.",
    body: MailQuotaBody,
    answer: AccountCard,
    ifMatch: "optional",
  },
  async (call) => {
    const [row] = await loadTenant(call);
    const { mailsPerDay } = await call.body();
    call.ifMatch(row.version);
    return saveAccount(call, row, prepareAccountChange(call, row, { ...row, mailsPerDay }, "account.manage"));
  },
);

/**
 * For an account whose rules lock its own people out: a second owner may have set them. In the trail of both.
 */
const liftAddressRules = endpoint(
  {
    method: "DELETE",
    path: "/v1/accounts/:id/allowed-ips",
    operationId: "clearAccountAddressRules",
    tag: "Accounts",
    right: "account.manage",
    status: 204,
    summary:
      "Platform: lift the address rules of an account, whose members come in from any address again. " +
      "Members' and keys' rules stay.",
    ifMatch: "optional",
  },
  async (call) => {
    const [row] = await loadTenant(call);
    call.ifMatch(row.version);
    if (row.allowedIps.length === 0) return { status: 204 };
    requestPermit(call, { kind: "settings", accountId: row.id, loosens: true }, "platform");
    return call.commit(prepareAccountChange(call, row, { ...row, allowedIps: [] }, "account.manage").change, {
      status: 204,
    });
  },
);

export const accountEndpoints = [list, card, edit, plan, subscription, mailQuota, liftAddressRules];
