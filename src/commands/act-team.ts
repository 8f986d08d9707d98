import { as, signedIn } from "./cast.ts";
import { ask, type Caller, check, rowsOf, textAt, valueAt } from "./client.ts";
import { equip, invited, joined, make, opened, peopleOf, type Stage } from "./stage.ts";

interface Studio {
  readonly ownerId: string;
  readonly admin: Caller;
  readonly member: Caller;
  readonly viewer: Caller;
}

async function openStudio({ platform, now }: Stage): Promise<Studio> {
  const run = now.toString(36);
  const person = peopleOf("theme", now);
  const owner = await opened(platform, "Ada Admin", {
    kind: "team",
    name: `Tour studio ${run}`,
    owner: person("Ada", "Admin"),
  });
  await equip(platform, owner.accountId, { restrictedAccounts: false, credits: 100, now });
  const admin = as(platform, owner);
  const member = as(
    platform,
    await joined(platform, owner, "Max Member", {
      ...person("Max", "Member"),
      roles: ["member"],
      creditLimit: 50,
    }),
  );
  const viewer = await signedIn(
    platform,
    await invited(platform, owner, "Vera Viewer", { ...person("Vera", "Viewer"), roles: ["viewer"] }),
  );
  return { ownerId: owner.memberId, admin, member, viewer };
}

/** A theme of 30 credits in the platform's catalog. @returns its id */
async function offerTheme({ platform, now }: Stage): Promise<string> {
  const themeId = await make(platform, "/v1/catalog", {
    name: `Aurora ${now.toString(36)}`,
    vendor: "Northern Themes",
    priceCredits: 30,
    priceAmount: 4_900,
    currency: "EUR",
  });
  await ask(platform, {
    method: "PUT",
    path: `/v1/catalog/${themeId}/files/aurora.txt`,
    file: { type: "text/plain", text: "the theme" },
    expect: 200,
  });
  return themeId;
}

const provide = (themeId: string) => ({
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
  const provision = provide(themeId);
  await ask(member, {
    method: "POST",
    path: `/v1/themes/${themeId}/downloads`,
    body: { file: "aurora.txt" },
    expect: 403,
    code: "access/denied",
  });
  const license = textAt(await ask(member, provision), "id");
  check(textAt(await ask(member, provision), "id") === license, "a repeated command makes one license");
  await ask(member, {
    ...provision,
    headers: { "idempotency-key": "tour-second" },
    expect: 402,
    code: "credits/member-limit-exceeded",
  });
  await ask(member, {
    method: "PUT",
    path: `/v1/licenses/${license}/domain`,
    body: { domain: "aurora.example" },
    expect: 200,
  });
  const link = await ask(member, {
    method: "POST",
    path: `/v1/themes/${themeId}/downloads`,
    body: { file: "aurora.txt" },
    expect: 200,
  });
  const file = await ask(
    { ...member, credential: null },
    { method: "GET", path: new URL(textAt(link, "url")).pathname, expect: 200 },
  );
  check(file.body === "the theme", "the link leads to the file");
  return license;
}

/** Vera and Max may not change the license; Ada buys one and revokes the other. */
async function purchaseAndRevoke(
  { admin, member, viewer, ownerId }: Studio,
  themeId: string,
  license: string,
): Promise<void> {
  await ask(viewer, { method: "GET", path: "/v1/licenses", expect: 200 });
  await ask(viewer, { ...provide(themeId), expect: 403, code: "access/denied" });
  await ask(member, {
    method: "DELETE",
    path: `/v1/licenses/${license}`,
    expect: 403,
    code: "access/denied",
  });
  await ask(admin, {
    method: "POST",
    path: "/v1/licenses/purchase",
    headers: { "idempotency-key": "tour-purchase" },
    body: { themeId },
    expect: 201,
  });
  const invoices = rowsOf<{ amount: number; billedTo: string }>(
    await ask(admin, { method: "GET", path: "/v1/invoices", expect: 200 }),
  );
  check(invoices.length === 1 && invoices[0]?.billedTo === ownerId, "the purchase is billed to the owner");
  await ask(admin, { method: "DELETE", path: `/v1/licenses/${license}`, expect: 204 });
  const credits = await ask(admin, { method: "GET", path: "/v1/credits", expect: 200 });
  check(valueAt(credits.body, "balance") === 70, "30 credits are gone, and a revocation gives none back");
  await ask(viewer, { method: "GET", path: "/v1/reports/downloads?format=csv", expect: 200 });
}

/** Team: a theme is licensed from the balance, downloaded, restricted, purchased and revoked. */
export const TEAM = {
  title:
    "A team: Max licenses a theme of the platform's catalog once, although he repeats the call; " +
    "Vera looks on",
  async play(stage: Stage): Promise<void> {
    const studio = await openStudio(stage);
    const themeId = await offerTheme(stage);
    await purchaseAndRevoke(studio, themeId, await licenseTheme(studio, themeId));
  },
};
