import { callerAs, acceptAndSignIn } from "./demo-people.ts";
import { expectCall, type Caller, checkThat, rowsOf, textAt, valueAt } from "./gate-client.ts";
import {
  setUpAccount,
  addDemoViewer,
  addDemoMember,
  createObject,
  createDemoAccount,
  newPersonFactory,
  type DemoContext,
} from "./demo-setup.ts";

interface Studio {
  readonly ownerId: string;
  readonly admin: Caller;
  readonly member: Caller;
  readonly viewer: Caller;
}

async function openStudio({ platform, now }: DemoContext): Promise<Studio> {
  const run = now.toString(36);
  const person = newPersonFactory("theme", now);
  const owner = await createDemoAccount(platform, "Ada Admin", {
    kind: "team",
    name: `Tour studio ${run}`,
    owner: person("Ada", "Admin"),
  });
  await setUpAccount(platform, owner.accountId, { restrictedAccounts: false, credits: 100, now });
  const admin = callerAs(platform, owner);
  const member = callerAs(
    platform,
    await addDemoMember(platform, owner, "Max Member", {
      ...person("Max", "Member"),
      roles: ["member"],
      creditLimit: 50,
    }),
  );
  const viewer = await acceptAndSignIn(
    platform,
    await addDemoViewer(platform, owner, "Vera Viewer", { ...person("Vera", "Viewer"), roles: ["viewer"] }),
  );
  return { ownerId: owner.memberId, admin, member, viewer };
}

/** A theme of 30 credits in the platform's catalog. @returns its id */
async function offerTheme({ platform, now }: DemoContext): Promise<string> {
  const themeId = await createObject(platform, "/v1/catalog", {
    name: `Aurora ${now.toString(36)}`,
    vendor: "Northern Themes",
    priceCredits: 30,
    priceAmount: 4_900,
    currency: "EUR",
  });
  await expectCall(platform, {
    method: "PUT",
    path: `/v1/catalog/${themeId}/files/aurora.txt`,
    file: { type: "text/plain", text: "the theme" },
    expect: 200,
  });
  return themeId;
}

const provisionCall = (themeId: string) => ({
  method: "POST",
  path: "/v1/licenses",
  headers: { "idempotency-key": "tour-license" },
  body: { themeId },
  expect: 201,
});

/**
 * Max licenses the theme once, although he repeats the command, and downloads it.
 * @returns the license's id
 */
async function licenseTheme({ member }: Studio, themeId: string): Promise<string> {
  const provision = provisionCall(themeId);
  await expectCall(member, {
    method: "POST",
    path: `/v1/themes/${themeId}/downloads`,
    body: { file: "aurora.txt" },
    expect: 403,
    code: "access/denied",
  });
  const license = textAt(await expectCall(member, provision), "id");
  checkThat(
    textAt(await expectCall(member, provision), "id") === license,
    "a repeated command makes one license",
  );
  await expectCall(member, {
    ...provision,
    headers: { "idempotency-key": "tour-second" },
    expect: 402,
    code: "credits/member-limit-exceeded",
  });
  await expectCall(member, {
    method: "PUT",
    path: `/v1/licenses/${license}/domain`,
    body: { domain: "aurora.example" },
    expect: 200,
  });
  const link = await expectCall(member, {
    method: "POST",
    path: `/v1/themes/${themeId}/downloads`,
    body: { file: "aurora.txt" },
    expect: 200,
  });
  const file = await expectCall(
    { ...member, credential: null },
    { method: "GET", path: new URL(textAt(link, "url")).pathname, expect: 200 },
  );
  checkThat(file.body === "the theme", "the link leads to the file");
  return license;
}

/** Vera and Max may not change the license; Ada buys one and revokes the other. */
async function purchaseAndRevoke(
  { admin, member, viewer, ownerId }: Studio,
  themeId: string,
  license: string,
): Promise<void> {
  await expectCall(viewer, { method: "GET", path: "/v1/licenses", expect: 200 });
  await expectCall(viewer, { ...provisionCall(themeId), expect: 403, code: "access/denied" });
  await expectCall(member, {
    method: "DELETE",
    path: `/v1/licenses/${license}`,
    expect: 403,
    code: "access/denied",
  });
  await expectCall(admin, {
    method: "POST",
    path: "/v1/licenses/purchase",
    headers: { "idempotency-key": "tour-purchase" },
    body: { themeId },
    expect: 201,
  });
  const invoices = rowsOf<{ amount: number; billedTo: string }>(
    await expectCall(admin, { method: "GET", path: "/v1/invoices", expect: 200 }),
  );
  checkThat(
    invoices.length === 1 && invoices[0]?.billedTo === ownerId,
    "the purchase is billed to the owner",
  );
  await expectCall(admin, { method: "DELETE", path: `/v1/licenses/${license}`, expect: 204 });
  const credits = await expectCall(admin, { method: "GET", path: "/v1/credits", expect: 200 });
  checkThat(valueAt(credits.body, "balance") === 70, "30 credits are gone, and a revocation gives none back");
  await expectCall(viewer, { method: "GET", path: "/v1/reports/downloads?format=csv", expect: 200 });
}

/** Team: a theme is licensed from the balance, downloaded, restricted, purchased and revoked. */
export const TEAM_TOUR = {
  title:
    "A team: Max licenses a theme of the platform's catalog once, although he repeats the call; " +
    "Vera looks on",
  async play(stage: DemoContext): Promise<void> {
    const studio = await openStudio(stage);
    const themeId = await offerTheme(stage);
    await purchaseAndRevoke(studio, themeId, await licenseTheme(studio, themeId));
  },
};
