import { beforeAll, expect, test } from "vitest";
import { expectStatus, type Problem } from "../../harness/client.ts";
import { lastMail, mailsTo, tokenOf } from "../../harness/mailbox.ts";
import { newAccount, type Person } from "../../harness/people.ts";
import { fetch, createPlatform, said, comparableRefusal } from "../access/operators-fixture.ts";
import { anonymousCaller, addSignedInMember, requestCode, newEmail, listEvents } from "./sign-in-fixture.ts";

let owner: Person;
beforeAll(async () => {
  owner = await newAccount(fetch, await createPlatform(), "team");
});

const card = (id: string) => owner.api.get<{ email: string; emailVerified: boolean }>(`/v1/members/${id}`);
const confirm = (token: string) => anonymousCaller.post<Problem>("/v1/auth/email-confirmations", { token });

/** The owner writes another address on the card; the link that was mailed there. */
async function moved(id: string, email: string): Promise<string> {
  expectStatus(
    await owner.api.patch(
      `/v1/members/${id}`,
      { email },
      { ifMatch: expectStatus(await card(id), 200).headers.get("etag") ?? "" },
    ),
    200,
  );
  return tokenOf(await lastMail(fetch, email, "confirm_email"));
}

test("S4.36: another address on a card is unconfirmed until its reader confirms it, once", async () => {
  const { id } = await addSignedInMember(owner);
  const email = newEmail();
  const token = await moved(id, email);
  const before = expectStatus(await card(id), 200);
  expect(before.body).toMatchObject({ email, emailVerified: false });
  const answers = await Promise.all(Array.from({ length: 5 }, () => confirm(token)));
  expect(answers.map(said)).toEqual(Array(5).fill("204"));
  const after = expectStatus(await card(id), 200);
  expect([after.body.emailVerified, after.headers.get("etag") === before.headers.get("etag")]).toEqual([
    true,
    false,
  ]);
  const events = (await listEvents(owner.accountId, "email.verify")).filter(
    ({ resource }) => (resource as { id: string }).id === id,
  );
  expect(events).toMatchObject([
    { outcome: "success", changes: { before: { emailVerified: false }, after: { emailVerified: true } } },
  ]);
});

test("S4.36: a link is good for its own address and member only; others are refused alike", async () => {
  const [one, two] = [await addSignedInMember(owner), await addSignedInMember(owner)];
  const older = await moved(one.id, newEmail());
  const newer = await moved(one.id, newEmail());
  const theirs = await moved(two.id, newEmail());
  const [, secret] = theirs.split(".");
  const wrong = [
    older,
    `${one.id}.${secret}`,
    `mem_01ARZ3NDEKTSV4RRFFQ69G5FAV.${secret}`,
    `${newer.slice(0, -1)}${newer.endsWith("A") ? "B" : "A"}`,
  ];
  const answers = await Promise.all(wrong.map(confirm));
  expect(new Set(answers.map(comparableRefusal)).size).toBe(1);
  expect(said(answers[0] ?? expect.fail())).toBe("404 not-found");
  for (const text of ["", "x", `${newer}x`, newer.replace(".", "")])
    expect(said(await confirm(text))).toBe("422 validation");
  expect(
    await Promise.all([one, two].map(async ({ id }) => expectStatus(await card(id), 200).body.emailVerified)),
  ).toEqual([false, false]);
  expectStatus(await confirm(newer), 204);
});

test("S4.36: a confirmed address on a card is no way in: no member signs in by it", async () => {
  const { id } = await addSignedInMember(owner);
  const email = newEmail();
  expectStatus(await confirm(await moved(id, email)), 204);
  expectStatus(await requestCode(email), 202);
  expect((await mailsTo(fetch, email)).map(({ template }) => template)).toEqual(["confirm_email"]);
});
