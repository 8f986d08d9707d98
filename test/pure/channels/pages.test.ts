import { createHash } from "node:crypto";
import { Window } from "happy-dom";
import { describe, expect, test } from "vitest";
import { app, servedEndpoints } from "../../../src/app.ts";
import { pageFlows } from "../../../src/channels/mail-pages/page-flow.ts";
import { PAGE_NAMES, type PageName, PAGE_POLICY } from "../../../src/channels/mail-pages/page.ts";
import { ENGLISH_FLOW_TEXTS } from "../../../src/channels/mail-pages/messages.en.ts";

const context = { waitUntil: () => undefined, passThroughOnException: () => undefined };
const env = { AUDIT: { send: async () => undefined } };
const get = (path: string, headers: Record<string, string> = {}) =>
  app.request(path, { headers }, env, context as never);

interface Asked {
  readonly path: string;
  readonly body: unknown;
}

/** A page in a browser's document, and what it asked of the gate. */
async function opened(
  path: string,
  answers: readonly { status: number; body?: object }[],
  headers: Record<string, string> = {},
) {
  const asked: Asked[] = [];
  const languages: (string | null)[] = [];
  const html = await (await get(path.split("#")[0] ?? "", headers)).text();
  const window = new Window({
    url: `https://gate.example${path}`,
    settings: {
      enableJavaScriptEvaluation: true,
      suppressInsecureJavaScriptEnvironmentWarning: true,
      fetch: {
        interceptor: {
          beforeAsyncRequest: async ({ request }) => {
            languages.push(request.headers.get("accept-language"));
            asked.push({ path: new URL(request.url).pathname, body: JSON.parse(await request.text()) });
            const { status, body } = answers[asked.length - 1] ?? { status: 500 };
            return new window.Response(body === undefined ? null : JSON.stringify(body), { status });
          },
        },
      },
    },
  });
  window.document.write(html);
  const { document } = window;
  const press = async (button = document.querySelector("button")) => {
    button?.click();
    await window.happyDOM.waitUntilComplete();
  };
  const type = (name: string, value: string) => {
    (document.querySelector(`input[name=${name}]`) as unknown as { value: string }).value = value;
  };
  const said = () => document.getElementById("said")?.textContent;
  return { asked, languages, document, window, press, type, said };
}

describe.each(PAGE_NAMES.map((name) => [name] as const))("/%s", (name) => {
  test("is served in the reader's language, runs only its own script, and names no other host", async () => {
    for (const [wish, language] of [
      ["en", "en"],
      ["ru-RU,ru;q=0.9,en;q=0.5", "ru"],
      ["de", "en"],
    ] as const) {
      const answer = await get(`/${name}`, { "accept-language": wish });
      const html = await answer.text();
      expect([
        answer.status,
        answer.headers.get("content-type"),
        answer.headers.get("content-language"),
      ]).toEqual([200, "text/html; charset=utf-8", language]);
      expect(answer.headers.get("content-security-policy")).toBe(PAGE_POLICY);
      expect([
        answer.headers.get("referrer-policy"),
        answer.headers.get("cache-control"),
        answer.headers.get("vary"),
      ]).toEqual(["no-referrer", "no-store", "Accept-Language"]);
      expect(html).not.toMatch(/https?:|\/\/\w+\.|\bsrc=|\bhref=|@import|url\(/);
      expect(/[а-яё]/i.test(html)).toBe(language === "ru");
    }
  });

  test("posts to operations that exist, with the members that they take", () => {
    const { withToken, without } = pageFlows(ENGLISH_FLOW_TEXTS)[name];
    for (const { path, body } of [...withToken, ...without]) {
      const operation = servedEndpoints.find(
        ({ operation: one }) => one.method === "POST" && one.path === path,
      )?.operation;
      expect(operation, path).toBeDefined();
      const filled = {
        token: `mem_01JD0000000000000000000000.${"a".repeat(43)}`,
        email: "a@example.com",
        code: "12345678",
        firstName: "Ann",
        lastName: "Arbor",
      };
      const sent = Object.fromEntries(
        Object.entries(body).map(([key, value]) => [
          key,
          typeof value === "string" ? filled[value.slice(1) as keyof typeof filled] : value,
        ]),
      );
      const faults = operation?.body?.safeParse(sent).error?.issues ?? [];
      // The form of a token differs from door to door.
      expect(
        faults.filter(
          ({ code, path: at }) => code === "unrecognized_keys" || (code === "invalid_type" && at.length > 0),
        ),
        path,
      ).toEqual([]);
    }
  });

  test("does nothing until its button is pressed, and can only be read", async () => {
    const page = await opened(`/${name}#token=secret`, []);
    expect([page.asked, page.document.querySelectorAll("button").length]).toEqual([[], 1]);
    expect((await app.request(`/${name}`, { method: "POST" }, env, context as never)).status).toBe(405);
  });
});

test("the policy names the script and the style that are there, by their digests", async () => {
  const html = await (await get("/accept")).text();
  const digest = (text: string | undefined) =>
    `'sha256-${createHash("sha256")
      .update(text ?? "")
      .digest("base64")}'`;
  expect(PAGE_POLICY).toContain(`script-src ${digest(/<script>([\s\S]*?)<\/script>/.exec(html)?.[1])};`);
  expect(PAGE_POLICY).toContain(`style-src ${digest(/<style>([\s\S]*?)<\/style>/.exec(html)?.[1])};`);
  expect(PAGE_POLICY).toMatch(/^default-src 'none'; .*frame-ancestors 'none'$/);
});

describe("S1.4: one click", () => {
  test("accepts with the token of the fragment, and shows what to do with the access token", async () => {
    const page = await opened("/accept#token=abc", [
      { status: 200, body: { memberId: "mem_1", session: { access_token: "eyJ.a.b" } } },
    ]);
    await page.press();
    expect(page.asked).toEqual([{ path: "/v1/invitations/accept", body: { token: "abc", signIn: true } }]);
    expect(page.said()).toBe("You have joined.");
    expect((page.document.getElementById("token") as unknown as { value: string }).value).toBe("eyJ.a.b");
    expect([page.window.location.hash, page.document.querySelectorAll("button").length]).toEqual(["", 0]);
  });

  test("that is refused says why, in the reader's language, and can be pressed again", async () => {
    const refusal = {
      status: 410,
      body: {
        code: "invitation/expired",
        detail: "This invitation has expired. Ask the person who invited you to send it again.",
      },
    };
    const page = await opened("/accept#token=abc", [refusal, refusal]);
    await page.press();
    expect([page.said(), page.document.querySelector("button")?.disabled]).toEqual([
      refusal.body.detail,
      false,
    ]);
    await page.press();
    expect(page.asked.length).toBe(2);
    const russian = await opened("/accept#token=abc", [refusal], { "accept-language": "ru" });
    await russian.press();
    expect(russian.said()).toBe("Срок действия ссылки истёк. Попросите новую.");
    expect([page.languages, russian.languages]).toEqual([["en", "en"], ["ru"]]);
  });

  test("without a token there is nothing to press", async () => {
    for (const name of ["accept", "join", "confirm", "unsubscribe"] satisfies PageName[]) {
      const page = await opened(`/${name}`, []);
      expect([page.said(), page.document.querySelectorAll("button").length]).toEqual([
        "This link is not whole. Please open it once more from where you got it.",
        0,
      ]);
    }
  });
});

describe("signing in", () => {
  test("by a code: its spaces are no part of it", async () => {
    const page = await opened("/sign-in", [
      { status: 202, body: {} },
      { status: 201, body: { access_token: "eyJ.a.b" } },
    ]);
    page.type("email", " ann@example.com ");
    await page.press();
    page.type("code", "1234 5678");
    await page.press();
    expect(page.asked).toEqual([
      { path: "/v1/auth/codes", body: { email: "ann@example.com" } },
      { path: "/v1/auth/sessions", body: { email: "ann@example.com", code: "12345678" } },
    ]);
    expect(page.said()).toBe("You are signed in.");
  });

  test("where there are several accounts, one is chosen; their names are text", async () => {
    const accounts = [
      { accountId: "acc_1", name: "<img src=x>", invitation: false },
      { accountId: "acc_2", name: "Nord", invitation: true },
    ];
    const page = await opened("/sign-in#token=abc", [
      { status: 409, body: { code: "conflict/choose-account", accounts } },
      { status: 201, body: { access_token: "eyJ.a.b" } },
    ]);
    await page.press();
    const choices = [...page.document.querySelectorAll("button[type=button]")];
    expect([
      choices.map(({ textContent }) => textContent),
      page.document.querySelectorAll("img").length,
    ]).toEqual([["<img src=x>", "Nord: accept the invitation"], 0]);
    await page.press(choices[1] as never);
    expect(page.asked[1]).toEqual({ path: "/v1/auth/sessions", body: { token: "abc", accountId: "acc_2" } });
    expect(page.said()).toBe("You are signed in.");
  });
});

test("S0.6: joining by a link asks for a code first, then for the name", async () => {
  const page = await opened("/join#token=abc", [
    { status: 202, body: {} },
    {
      status: 422,
      body: {
        code: "validation",
        detail: "Correct what `errors` names.",
        errors: [{ pointer: "/lastName", detail: "too long" }],
      },
    },
  ]);
  page.type("email", "ann@example.com");
  await page.press();
  for (const [name, value] of [
    ["code", "12345678"],
    ["firstName", "Ann"],
    ["lastName", "Arbor"],
  ] as const)
    page.type(name, value);
  await page.press();
  expect(page.asked).toEqual([
    { path: "/v1/auth/codes", body: { email: "ann@example.com", link: "abc" } },
    {
      path: "/v1/operator-links/join",
      body: { token: "abc", email: "ann@example.com", code: "12345678", firstName: "Ann", lastName: "Arbor" },
    },
  ]);
  expect(page.said()).toBe("Correct what `errors` names. Last name: too long");
});
