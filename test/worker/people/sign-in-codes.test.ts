import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type Api, newIdempotencyKey, expectStatus, type Problem, type Reply } from "../../harness/client.ts";
import { mailsTo } from "../../harness/mailbox.ts";
import { newAccount, type Person } from "../../harness/people.ts";
import { nextClientIp } from "../../harness/sign-in.ts";
import { fetch, createPlatform, said, createSubscribedAccount } from "../access/operators-fixture.ts";
import {
  addSignedInMember,
  requestCode,
  signInWith,
  addMember,
  readRow,
  requestMail,
  newEmail,
  otherCode,
} from "./sign-in-fixture.ts";

let platform: Api;
let owner: Person;
beforeAll(async () => {
  platform = await createPlatform();
  owner = await newAccount(fetch, platform, "team");
});
afterEach(() => {
  vi.useRealTimers();
});

/** All of an answer but what names this one call. */
function whole({ status, body, headers }: Reply<Problem>): unknown {
  const { requestId: _, instance: __, ...rest } = body;
  return [status, rest, [...headers].filter(([name]) => name !== "tollgate-request-id")];
}

const mails = async (email: string, of = "sign_in"): Promise<number> =>
  (await mailsTo(fetch, email)).filter(({ template }) => template === of).length;
const later = (ms: number): void => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
};

describe("no caller learns which addresses are known", () => {
  test("a code request is answered alike, past the limit too; only the known get a mail", async () => {
    const [member, waiting, unknown] = [await addSignedInMember(owner), await addMember(owner), newEmail()];
    const blocked = await addSignedInMember(owner);
    expectStatus(await owner.api.post(`/v1/members/${blocked.id}/block`), 200);
    const from = Math.floor(Date.now() / 86_400_000) * 86_400_000 + 86_400_000 + 3_600_000;
    vi.useFakeTimers({ toFake: ["Date"], now: from });
    const answers: Record<string, unknown[]> = {};
    for (const email of [member.email, waiting.email, blocked.email, unknown]) {
      answers[email] = [];
      const ip = nextClientIp();
      for (let time = 0; time < 6; time += 1)
        answers[email].push(whole(await requestCode(email, {}, { ip })));
    }
    const [one, ...others] = Object.values(answers);
    expect(one?.slice(0, 5).map((answer) => (answer as [number])[0])).toEqual([202, 202, 202, 202, 202]);
    expect(one?.[5]).toMatchObject([429, { code: "quota-exceeded" }, expect.anything()]);
    for (const other of others) expect(other).toEqual(one);
    vi.useRealTimers();
    expect(
      await Promise.all([member.email, waiting.email, blocked.email, unknown].map((email) => mails(email))),
    ).toEqual([6, 5, 6, 0]);
    expect((await readRow("SELECT count(*) AS n FROM sign_in WHERE email = ?", unknown))?.["n"]).toBe(5);
  });

  test("S0.1: with a valid operator link every address gets a code; only the mail shows it", async () => {
    const vendor = await createSubscribedAccount(platform, "vendor");
    const made = async (more: object) =>
      expectStatus(
        await vendor.api.post<{ id: string; url: string }>(
          "/v1/operator-links",
          { name: "Crew", ...more },
          { idempotencyKey: newIdempotencyKey() },
        ),
        201,
      ).body;
    const [good, ended] = [await made({ maxUses: 2 }), await made({})];
    expectStatus(await vendor.api.del(`/v1/operator-links/${ended.id}`), 204);
    const tokenIn = ({ url }: { url: string }) => url.slice(url.indexOf("=") + 1);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const asked = await Promise.all(
      [tokenIn(good), tokenIn(ended), "A".repeat(43)].map(async (link) => {
        const email = newEmail();
        return { email, answer: whole(await requestCode(email, { link })) };
      }),
    );
    expect(new Set(asked.map(({ answer }) => JSON.stringify(answer))).size).toBe(1);
    expect(await Promise.all(asked.map(({ email }) => mails(email, "join")))).toEqual([1, 0, 0]);
    expect(await Promise.all(asked.map(({ email }) => mails(email)))).toEqual([0, 0, 0]);
  });

  test("a wrong code is answered alike, and so is a right one of no member", async () => {
    const known = await addMember(owner);
    const { code } = await requestMail(known.email);
    const unknown = newEmail();
    expectStatus(await requestCode(unknown), 202);
    const never = newEmail();
    const wrong = await Promise.all(
      [known.email, unknown, never].map(async (email) =>
        whole(await signInWith({ email, code: otherCode(code) })),
      ),
    );
    expect(wrong.map((answer) => (answer as [number])[0])).toEqual([401, 401, 401]);
    expect(new Set(wrong.map((answer) => JSON.stringify(answer))).size).toBe(1);
    // Invited when the code was asked for, and taken out before it was sent back.
    const gone = await addMember(owner);
    const theirs = await requestMail(gone.email);
    await readRow("UPDATE invitation SET status = 'revoked' WHERE email = ? RETURNING id", gone.email);
    expect(whole(await signInWith({ email: gone.email, code: theirs.code }))).toEqual(wrong[0]);
  });
});

test("S2.19: the mail's language is the waiting card's, else the header's, else the account's", async () => {
  const language = async (email: string, headers: Record<string, string> = {}) => {
    expectStatus(await requestCode(email, {}, { ip: nextClientIp(), headers }), 202);
    return /[а-я]/i.test((await mailsTo(fetch, email))[0]?.subject ?? "") ? "ru" : "en";
  };
  const russian = await newAccount(fetch, platform, "team");
  expectStatus(
    await russian.api.patch(
      `/v1/accounts/${russian.accountId}`,
      { settings: { locale: "ru" } },
      { ifMatch: "*" },
    ),
    200,
  );
  const [ru, en, none] = [
    await addMember(owner, { language: "ru" }),
    await addMember(russian, { language: "en" }),
    await addMember(russian),
  ];
  expect([
    await language(ru.email),
    await language(ru.email, { "accept-language": "en" }),
    await language(en.email),
    await language(en.email, { "accept-language": "ru" }),
  ]).toEqual(["ru", "ru", "en", "en"]);
  expect([await language(none.email), await language(none.email, { "accept-language": "en" })]).toEqual([
    "ru",
    "en",
  ]);
});

describe("S2.19: a code", () => {
  test("has five tries, also when they come at once, and the link beside it none to lose", async () => {
    const { email, id } = await addMember(owner);
    const { code, token } = await requestMail(email);
    const tries = await Promise.all(
      Array.from({ length: 12 }, (_, step) =>
        signInWith({ email, code: otherCode(code, step + 1), accountId: owner.accountId }),
      ),
    );
    expect(tries.map(said)).toEqual(Array(12).fill("401 auth/invalid-credential"));
    expect((await readRow("SELECT attempts FROM sign_in WHERE email = ?", email))?.["attempts"]).toBe(5);
    expect(said(await signInWith({ email, code, accountId: owner.accountId }))).toBe(
      "401 auth/invalid-credential",
    );
    expect(expectStatus(await signInWith({ token, accountId: owner.accountId }), 201).body.memberId).toBe(id);
  });

  test("is still good at the fifth try", async () => {
    const { email } = await addMember(owner);
    const { code } = await requestMail(email);
    for (let step = 1; step < 5; step += 1)
      expect(said(await signInWith({ email, code: otherCode(code, step) }))).toBe(
        "401 auth/invalid-credential",
      );
    expectStatus(await signInWith({ email, code, accountId: owner.accountId }), 201);
  });

  test("a right one that leads to a question loses no try", async () => {
    const { email } = await addMember(owner);
    const { code } = await requestMail(email);
    for (let time = 0; time < 7; time += 1)
      expect(said(await signInWith({ email, code }))).toBe("409 conflict/choose-account");
    expectStatus(await signInWith({ email, code, accountId: owner.accountId }), 201);
  });

  test.each([
    ["code", 9 * 60_000, "201"],
    ["code", 10 * 60_000, "401 auth/invalid-credential"],
    ["link", 9 * 60_000, "201"],
    ["link", 10 * 60_000, "401 auth/invalid-credential"],
  ])("a %s is good for ten minutes: after %i ms it answers %s", async (way, ms, answer) => {
    const { email } = await addMember(owner);
    const { code, token } = await requestMail(email);
    later(ms);
    // Past its time it does not even lead to a question.
    expect(said(await signInWith(way === "code" ? { email, code } : { token }))).toBe(
      answer === "201" ? "409 conflict/choose-account" : answer,
    );
    expect(
      said(
        await signInWith({ ...(way === "code" ? { email, code } : { token }), accountId: owner.accountId }),
      ),
    ).toBe(answer);
  });

  test("is good once, by code or by link", async () => {
    const { email, id } = await addMember(owner);
    const { code, token } = await requestMail(email);
    expectStatus(await signInWith({ email, code, accountId: owner.accountId }), 201);
    expect([said(await signInWith({ email, code })), said(await signInWith({ token }))]).toEqual(
      Array(2).fill("401 auth/invalid-credential"),
    );
    // Nor does it tell anything more.
    expectStatus(await owner.api.post(`/v1/members/${id}/block`), 200);
    expect([said(await signInWith({ email, code })), said(await signInWith({ token }))]).toEqual(
      Array(2).fill("401 auth/invalid-credential"),
    );
  });

  test("sent back many times at once opens one session", async () => {
    const member = await addSignedInMember(owner);
    const { code, token } = await requestMail(member.email);
    const bodies = [
      { token },
      ...Array.from({ length: 4 }, () => ({ email: member.email, code })),
      ...Array.from({ length: 15 }, () => ({ token })),
    ];
    const answers = (await Promise.all(bodies.map((body) => signInWith(body)))).map(said).sort();
    expect(answers).toEqual(["201", ...Array(19).fill("401 auth/invalid-credential")]);
    expect((await readRow("SELECT count(*) AS n FROM session WHERE member_id = ?", member.id))?.["n"]).toBe(
      2,
    );
  });

  const WRONG = "401 auth/invalid-credential";

  test.each(["older", "newer"] as const)(
    "K16 is good beside a second one until one is used: the %s one",
    async (which) => {
      const { email } = await addMember(owner);
      const codes = { older: await requestMail(email), newer: await requestMail(email) };
      expectStatus(await signInWith({ email, code: codes[which].code, accountId: owner.accountId }), 201);
      const left = [codes.older, codes.newer].flatMap(({ code, token }) => [{ email, code }, { token }]);
      expect(await Promise.all(left.map(async (body) => said(await signInWith(body))))).toEqual(
        Array(4).fill(WRONG),
      );
    },
  );

  test("K16 the older link is good beside a second mail, and a use of one ends all that wait", async () => {
    const { email } = await addSignedInMember(owner);
    const [first, second, third] = [
      await requestMail(email),
      await requestMail(email),
      await requestMail(email),
    ];
    expectStatus(await signInWith({ token: second.token }), 201);
    for (const { code, token } of [first, third])
      expect([said(await signInWith({ email, code })), said(await signInWith({ token }))]).toEqual([
        WRONG,
        WRONG,
      ]);
  });

  test("K16 is compared five times at most, however many are asked for beside it", async () => {
    const { email } = await addMember(owner);
    const codes = [await requestMail(email)];
    for (let more = 0; more < 3; more += 1) {
      await signInWith({ email, code: otherCode(codes[0]?.code ?? "", more + 1) });
      codes.push(await requestMail(email));
    }
    const attempts = async () =>
      (
        await env.DB.prepare("SELECT attempts FROM sign_in WHERE email = ? ORDER BY id").bind(email).all()
      ).results.map((row) => row["attempts"]);
    expect(await attempts()).toEqual([3, 2, 1, 0]);
    for (let more = 0; more < 4; more += 1)
      await signInWith({ email, code: otherCode(codes[0]?.code ?? "", more + 10) });
    expect(await attempts()).toEqual([5, 5, 5, 4]);
    for (const { code } of codes.slice(0, 3))
      expect(said(await signInWith({ email, code, accountId: owner.accountId }))).toBe(WRONG);
    expect(await attempts()).toEqual([5, 5, 5, 5]);
    expect(said(await signInWith({ email, code: codes[3]?.code, accountId: owner.accountId }))).toBe(WRONG);
  });

  test("K16 for another sign-in address is good beside a second one until one is used", async () => {
    const [member, to] = [await addSignedInMember(owner), newEmail()];
    for (let time = 0; time < 2; time += 1)
      expectStatus(await member.api.post("/v1/me/email", { email: to }, { ip: nextClientIp() }), 202);
    const codes = async (email: string) =>
      (await mailsTo(fetch, email))
        .filter(({ template }) => template === "change_email")
        .map(({ code }) => code)
        .reverse();
    const [fresh, old] = [await codes(to), await codes(member.email)];
    const confirm = (turn: number) =>
      member.api.post<Problem>("/v1/me/email/confirm", {
        email: to,
        newCode: fresh[turn],
        oldCode: old[turn],
      });
    expectStatus(await confirm(0), 200);
    expect(said(await confirm(1))).toBe("422 validation");
  });

  test("opens nothing at another address, and neither does a link whose id was changed", async () => {
    const [mine, theirs] = [await addMember(owner), await addMember(owner)];
    const [myMail, theirMail] = [await requestMail(mine.email), await requestMail(theirs.email)];
    const crossed = `${theirMail.token.split(".")[0]}.${myMail.token.split(".")[1]}`;
    expect(said(await signInWith({ token: crossed, accountId: owner.accountId }))).toBe(
      "401 auth/invalid-credential",
    );
    expect(
      said(await signInWith({ email: theirs.email, code: myMail.code, accountId: owner.accountId })),
    ).toBe("401 auth/invalid-credential");
  });

  test("and an address are read as a person writes them, and nothing else is", async () => {
    const { email } = await addMember(owner);
    const { code, token } = await requestMail(email);
    for (const body of [
      { email, code: "1234567" },
      { email, code: 12345678 },
      { email: "x", code },
      { email, code, token },
      { token: `${token}x` },
      { token: "" },
      {},
      { email, code, more: 1 },
    ]) {
      expect(said(await signInWith(body))).toBe("422 validation");
    }
    expectStatus(
      await signInWith({
        email: `  ${email.toUpperCase()} `,
        code: ` ${code.slice(0, 4)} ${code.slice(4)}`,
        accountId: owner.accountId,
      }),
      201,
    );
  });
});

describe("limits", () => {
  const pace = ({ headers }: Reply<unknown>) =>
    ["retry-after", "ratelimit-policy", "ratelimit"].map((name) => headers.get(name));

  test("hold for one client over all addresses, and for an IPv6 connection as a whole", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Math.ceil(Date.now() / 900_000) * 900_000 + 60_000 });
    const [ip, first] = [
      nextClientIp(),
      await Promise.all(
        Array.from({ length: 30 }, () => requestCode(newEmail(), {}, { ip: "2001:db8:1:2::1" })),
      ),
    ];
    expect(new Set(first.map(said))).toEqual(new Set(["202"]));
    const next = await requestCode(newEmail(), {}, { ip: "2001:db8:1:2:ffff::9" });
    expect([said(next), ...pace(next)]).toEqual([
      "429 quota-exceeded",
      "840",
      '"codes-from";q=30;w=900',
      '"codes-from";r=0;t=840',
    ]);
    expect(next.body["type"]).toBe("https://iana.org/assignments/http-problem-types#quota-exceeded");
    expect([
      said(await requestCode(newEmail(), {}, { ip })),
      said(await requestCode(newEmail(), {}, { ip: "2001:db8:1:3::1" })),
    ]).toEqual(["202", "202"]);
    vi.setSystemTime(Date.now() + 840_000);
    expect(said(await requestCode(newEmail(), {}, { ip: "2001:db8:1:2::1" }))).toBe("202");
  });

  test("hold for one address over all clients, for a quarter of an hour and for a day", async () => {
    const day = Math.ceil(Date.now() / 86_400_000) * 86_400_000;
    const { email } = await addMember(owner);
    const ip = nextClientIp();
    for (let quarter = 0; quarter < 4; quarter += 1) {
      vi.useFakeTimers({ toFake: ["Date"], now: day + quarter * 900_000 });
      const answers = await Promise.all(Array.from({ length: 5 }, () => requestCode(email, {}, { ip })));
      expect(answers.map(said)).toEqual(Array(5).fill("202"));
      if (quarter === 0)
        expect(pace(await requestCode(email, {}, { ip }))).toEqual([
          "900",
          '"codes-for";q=5;w=900',
          '"codes-for";r=0;t=900',
        ]);
    }
    vi.setSystemTime(day + 4 * 900_000);
    expect(pace(await requestCode(email, {}, { ip }))).toEqual([
      "82800",
      '"codes-for-day";q=20;w=86400',
      '"codes-for-day";r=0;t=82800',
    ]);
  });

  test("hold for wrong tries of one caller, and right ones are not counted", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Math.ceil(Date.now() / 900_000) * 900_000 + 1_000 });
    const [ip, member] = [nextClientIp(), await addSignedInMember(owner)];
    for (let time = 0; time < 3; time += 1)
      expectStatus(await signInWith({ token: (await requestMail(member.email)).token }, { ip }), 201);
    const wrong = await Promise.all(
      Array.from({ length: 40 }, () => signInWith({ email: newEmail(), code: "12345678" }, { ip })),
    );
    expect(wrong.filter(({ status }) => status === 401).length).toBe(30);
    expect(wrong.filter(({ status }) => status === 429).length).toBe(10);
    const { token } = await requestMail(member.email);
    expect(pace(await signInWith({ token }, { ip }))).toEqual([
      "899",
      '"wrong-from";q=30;w=900',
      '"wrong-from";r=0;t=899',
    ]);
    expectStatus(await signInWith({ token }, { ip: nextClientIp() }), 201);
  });

  test("keep digests of whom they count for, and no address", async () => {
    const email = newEmail();
    expectStatus(await requestCode(email, {}, { ip: "198.51.100.77" }), 202);
    expect(
      (
        await readRow(
          `SELECT count(*) AS n FROM tally
            WHERE subject LIKE '%@%' OR subject LIKE '%198.51%' OR length(subject) <> 43`,
        )
      )?.["n"],
    ).toBe(0);
  });
});
