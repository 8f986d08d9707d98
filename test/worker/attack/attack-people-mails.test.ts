import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { codeOf, lastMail, mailsTo, tokenOf } from "../../harness/mailbox.ts";
import { newAccount, newMember, type Person } from "../../harness/people.ts";
import { nextClientIp } from "../../harness/sign-in.ts";
import { newPerson } from "../people/invitations-fixture.ts";
import { fetch, createPlatform, said, createSubscribedAccount } from "../access/operators-fixture.ts";
import {
  anonymousCaller,
  addSignedInMember,
  requestCode,
  signInWith,
  readRow,
  requestMail,
  newEmail,
} from "../people/sign-in-fixture.ts";

let platform: Api;
let team: Person;
beforeAll(async () => {
  platform = await createPlatform();
  team = await createSubscribedAccount(platform, "team");
});

const ANY = { ifMatch: "*" };
const count = async (email: string, template?: string): Promise<number> =>
  (await mailsTo(fetch, email)).filter((mail) => template === undefined || mail.template === template).length;
const tokenIn = ({ url }: { readonly url: string }) => url.slice(url.indexOf("=") + 1);
const link = async (who: Person, maxUses: number) =>
  tokenIn(
    expectStatus(
      await who.api.post<{ url: string }>(
        "/v1/operator-links",
        { maxUses },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body,
  );

/** How often it went well before it was refused, and what the refusal said. */
async function untilRefused(
  once: () => Promise<{ status: number; body: unknown; headers: Headers }>,
): Promise<[number, string, string | null]> {
  for (let done = 0; done < 20; done += 1) {
    const answer = await once();
    if (answer.status >= 400) return [done, said(answer as never), answer.headers.get("ratelimit-policy")];
  }
  return [20, "never", null];
}
const TEN = [10, "429 quota-exceeded", '"mails-to";q=10;w=86400'];

describe("one address gets ten mails a day that others cause", () => {
  test("however often a member is invited and removed, and from however many accounts", async () => {
    const whom = newPerson();
    const owners = [
      await createSubscribedAccount(platform, "team"),
      await createSubscribedAccount(platform, "team"),
    ] as const;
    let turn = 0;
    expect(
      await untilRefused(async () => {
        const owner = owners[(turn += 1) % 2] ?? team;
        const made = await owner.api.post<{ member: { id: string } }>(
          "/v1/invitations",
          { ...whom, roles: ["member"] },
          { idempotencyKey: newIdempotencyKey() },
        );
        if (made.status === 201) expectStatus(await owner.api.del(`/v1/members/${made.body.member.id}`), 204);
        return made;
      }),
    ).toEqual(TEN);
    // Nothing was made for what was not sent.
    expect((await readRow("SELECT count(*) AS n FROM member WHERE email = ?", whom.email))?.["n"]).toBe(0);
    const bulk = await team.api.post<{ results: { status: number }[] }>(
      "/v1/invitations/bulk",
      {
        invitations: [
          { ...whom, roles: ["member"] },
          { ...newPerson(), roles: ["member"] },
        ],
      },
      { idempotencyKey: newIdempotencyKey() },
    );
    expect(expectStatus(bulk, 200).body.results.map(({ status }) => status)).toEqual([429, 201]);
    // A member without a mail is added all the same.
    expectStatus(
      await team.api.post(
        "/v1/members",
        { ...whom, roles: ["member"] },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    );
  });

  test("as the address on a card that comes and goes, and as the owner of accounts", async () => {
    const [victim, who] = [newEmail(), await newMember(fetch, team, { roles: ["member"] })];
    const move = (email: string) => team.api.patch(`/v1/members/${who.memberId}`, { email }, ANY);
    expect(
      await untilRefused(async () => {
        await move(newEmail());
        return move(victim);
      }),
    ).toEqual(TEN);
    const seller = await createSubscribedAccount(platform, "seller");
    const owner = { email: newEmail(), firstName: "V", lastName: "V" };
    expect(
      await untilRefused(() =>
        seller.api.post("/v1/organizations", { name: "O", owner }, { idempotencyKey: newIdempotencyKey() }),
      ),
    ).toEqual(TEN);
  });

  test("for keys that are made for them; what they ask for themselves goes on", async () => {
    const one = await addSignedInMember(team);
    expect(
      await untilRefused(() =>
        team.api.post(
          `/v1/members/${one.id}/api-keys`,
          { name: "k" },
          { idempotencyKey: newIdempotencyKey() },
        ),
      ),
    ).toEqual(TEN);
    expect(await count(one.email, "api_key")).toBe(10);
    expect((await signInWith(await requestMail(one.email).then(({ token }) => ({ token })))).status).toBe(
      201,
    );
  });
});

test("one account sends at most five hundred mails a day", async () => {
  const fresh = await newAccount(fetch, platform, "team");
  let sent = 0;
  for (let call = 0; call < 3; call += 1) {
    const invitations = Array.from({ length: 90 }, () => ({ ...newPerson(), roles: ["member"] }));
    const { body } = expectStatus(
      await fresh.api.post<{ results: { status: number }[] }>(
        "/v1/invitations/bulk",
        { invitations },
        { idempotencyKey: newIdempotencyKey() },
      ),
      200,
    );
    sent += body.results.filter(({ status }) => status === 201).length;
    if (call === 0) await env.DB.prepare("UPDATE tally SET count = count + 310 WHERE count = 90").run();
  }
  expect(sent).toBe(190);
  expect(
    said(
      await fresh.api.post(
        "/v1/invitations",
        { ...newPerson(), roles: ["member"] },
        { idempotencyKey: newIdempotencyKey() },
      ),
    ),
  ).toBe("429 quota-exceeded");
});

test("an operator link mails five codes for each use, to whomever, and answers as before", async () => {
  const vendor = await createSubscribedAccount(platform, "vendor");
  const [one, two] = [await link(vendor, 1), await link(vendor, 2)];
  const mailedBy = async (token: string) => {
    const emails = Array.from({ length: 12 }, newEmail);
    for (const email of emails) expect(said(await requestCode(email, { link: token }))).toBe("202");
    return (await Promise.all(emails.map((email) => count(email, "join")))).reduce((sum, each) => sum + each);
  };
  expect([await mailedBy(one), await mailedBy(two)]).toEqual([5, 10]);
});

describe("a member whom others try to keep out of their mail", () => {
  test("gets a code after twenty calls from elsewhere; a hundred codes a day are the limit", async () => {
    const victim = await addSignedInMember(team);
    const quarter = async () =>
      env.DB.prepare("DELETE FROM tally WHERE window <= ?")
        .bind(Date.now() + 900_000)
        .run();
    for (let round = 0; round < 25; round += 1) expectStatus(await requestCode(victim.email), 202);
    const [flood, home] = [nextClientIp(), nextClientIp()];
    for (let round = 0; round < 5; round += 1)
      expectStatus(await requestCode(victim.email, {}, { ip: flood }), 202);
    expect([
      said(await requestCode(victim.email, {}, { ip: flood })),
      said(await requestCode(victim.email, {}, { ip: home })),
    ]).toEqual(["429 quota-exceeded", "202"]);
    for (let round = 0; round < 3; round += 1) {
      await quarter();
      for (let call = 0; call < 5; call += 1)
        expectStatus(await requestCode(victim.email, {}, { ip: flood }), 202);
    }
    await quarter();
    expect((await requestCode(victim.email, {}, { ip: flood })).headers.get("ratelimit-policy")).toBe(
      '"codes-for-day";q=20;w=86400',
    );
    const more = async () => Promise.all(Array.from({ length: 60 }, () => requestCode(victim.email)));
    expect(
      (await more())
        .concat(await requestCode(victim.email))
        .filter(({ status }) => status === 429)
        .map((one) => one.headers.get("ratelimit-policy")),
    ).toContain('"codes-to";q=100;w=86400');
  });
});

describe("a mail is good for what it says", () => {
  test("the code of a change of address is no sign-in code, and ends none", async () => {
    const victim = await addSignedInMember(team);
    const { code: own } = await requestMail(victim.email);
    const attacker = await addSignedInMember(team);
    expectStatus(
      await attacker.api.post("/v1/me/email", { email: victim.email }, { ip: nextClientIp() }),
      202,
    );
    const code = codeOf(await lastMail(fetch, victim.email, "change_email"));
    expect(said(await signInWith({ email: victim.email, code }))).toBe("401 auth/invalid-credential");
    expectStatus(await signInWith({ email: victim.email, code: own }), 201);
  });

  test("a confirmation is for one change of the card, even if the address comes back later", async () => {
    const one = await addSignedInMember(team);
    const edit = async (email: string) =>
      expectStatus(await team.api.patch(`/v1/members/${one.id}`, { email }, ANY), 200);
    const [a, b] = [newEmail(), newEmail()];
    await edit(a);
    const token = tokenOf(await lastMail(fetch, a, "confirm_email"));
    await edit(b);
    await edit(a);
    const confirm = (shown: string) => anonymousCaller.post("/v1/auth/email-confirmations", { token: shown });
    expect(said(await confirm(token))).toBe("404 not-found");
    // Another change of the card leaves the newest good.
    expectStatus(await team.api.patch(`/v1/members/${one.id}`, { position: "Chief" }, ANY), 200);
    expectStatus(await confirm(tokenOf(await lastMail(fetch, a, "confirm_email"))), 204);
  });
});

test("K6 names that mails show hold no link, no line end and nothing that turns the text", async () => {
  const evil = await newAccount(fetch, platform, "team");
  const bad = [
    "Pay at https://evil.example/login",
    "www.evil.example",
    "evil-site.com/login",
    "http：//evil",
    "a\r\nBcc: x@example.com",
    "\u202eelpmaxe",
  ];
  const named = (name: string) => [
    () => evil.api.patch(`/v1/accounts/${evil.accountId}`, { name }, ANY),
    () => evil.api.patch(`/v1/members/${evil.memberId}`, { username: name }, ANY),
    () =>
      evil.api.post(
        "/v1/invitations",
        { ...newPerson(), firstName: name, roles: ["member"] },
        { idempotencyKey: newIdempotencyKey() },
      ),
    () =>
      evil.api.post(
        `/v1/members/${evil.memberId}/api-keys`,
        { name },
        { idempotencyKey: newIdempotencyKey() },
      ),
  ];
  for (const name of bad) for (const ask of named(name)) expect(said(await ask())).toBe("422 validation");
  const rows = { invitations: bad.map((lastName) => ({ ...newPerson(), lastName, roles: ["member"] })) };
  const bulk = expectStatus(
    await evil.api.post<{ results: { status: number }[] }>("/v1/invitations/bulk", rows, {
      idempotencyKey: newIdempotencyKey(),
    }),
    200,
  ).body;
  expect(bulk.results.map(({ status }) => status)).toEqual(bad.map(() => 422));
  for (const ask of named("Studio 3 & Co. (www)")) expect((await ask()).status).toBeLessThan(300);
});
