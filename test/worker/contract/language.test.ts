import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { problemTexts } from "../../../src/kernel/messages/message.ts";
import {
  type Api,
  api,
  type CallOptions,
  newIdempotencyKey,
  expectStatus,
  type Problem,
  type Reply,
} from "../../harness/client.ts";
import type { Person } from "../../harness/people.ts";
import { outcomeOf, customerEvent, newHook, postSigned } from "../../harness/webhook.ts";
import { fetch, createPlatform, statusOf, createSubscribedAccount } from "../access/operators-fixture.ts";
import { newEmail } from "../people/sign-in-fixture.ts";

const RU = { "accept-language": "ru-RU,ru;q=0.9,en;q=0.5" };

let platform: Api;
let owner: Person;
let member: Person;
beforeAll(async () => {
  platform = await createPlatform();
  owner = await createSubscribedAccount(platform, "team");
  member = await createSubscribedAccount(platform, "team");
});

/** A call with these headers, and what it is refused with. */
type Refused = (ask: CallOptions) => Promise<Reply<unknown>>;

const keyed = (ask: CallOptions): CallOptions => ({ ...ask, idempotencyKey: newIdempotencyKey() });

const REFUSALS: ReadonlyArray<
  readonly [expected: string, call: Refused, english: RegExp | string, russian: RegExp | string]
> = [
  [
    "401 auth/invalid-credential",
    (ask) => api(fetch, null).get("/v1/me", ask),
    /^Send a credential: /,
    /^Отправьте ключ или токен: /,
  ],
  [
    "401 auth/invalid-credential",
    (ask) => api(fetch, `tgk_${"a".repeat(50)}`).get("/v1/me", ask),
    /^This is not an API key of this gate/,
    /^Это не ключ API этого сервиса/,
  ],
  ["404 not-found", (ask) => owner.api.get("/nothing", ask), /^No route has this path/, /^Такого пути нет/],
  ["404 not-found", (ask) => owner.api.get("/v1/members/mem_01ARZ3NDEKTSV4RRFFQ69G5FAV", ask), "", ""],
  ["405 method-not-allowed", (ask) => owner.api.put("/v1/me", {}, ask), "", ""],
  ["400 idempotency/missing", (ask) => owner.api.post("/v1/invitations", {}, ask), "", ""],
  ["428 precondition-required", (ask) => owner.api.patch(`/v1/accounts/${owner.accountId}`, {}, ask), "", ""],
  [
    "404 not-found",
    (ask) => api(fetch, null).post("/v1/invitations/accept", { token: "a".repeat(43) }, ask),
    /^No invitation has this token\./,
    /^Приглашения с таким токеном нет\./,
  ],
  [
    "409 conflict/duplicate-invitation",
    async (ask) => {
      const send = () =>
        owner.api.post("/v1/invitations", { email: "twice@example.com", role: "member" }, keyed(ask));
      await send();
      return send();
    },
    "",
    "",
  ],
  [
    "413 too-large",
    (ask) => owner.api.post("/v1/products", { name: "x".repeat(70_000) }, keyed(ask)),
    "",
    "",
  ],
  [
    "403 access/denied",
    (ask) => owner.api.post("/v1/accounts", {}, keyed(ask)),
    "This needs the right account.create. Only members of the platform account have it.",
    "Для этого нужно право account.create. Оно есть только у участников аккаунта платформы.",
  ],
  [
    "404 not-found",
    (ask) =>
      owner.api.get("/v1/me", {
        ...ask,
        headers: { ...ask.headers, "tollgate-account": member.accountId },
      }),
    /^Tollgate-Account does not name/,
    /^В Tollgate-Account указан/,
  ],
];

describe("a refusal is in the language of Accept-Language", () => {
  test.each(REFUSALS)("%s, case %#", async (expected, call, english, russian) => {
    const [plain, inRussian] = [await call({}), await call({ headers: RU })];
    expect([statusOf(plain), statusOf(inRussian)]).toEqual([expected, expected]);
    for (const [answer, language, pattern] of [
      [plain, "en", english],
      [inRussian, "ru", russian],
    ] as const) {
      const body = answer.body as Problem;
      const texts = problemTexts(body.code as never, language);
      expect(answer.headers.get("content-language")).toBe(language);
      expect(answer.headers.get("vary")).toBe("Accept-Language");
      expect(body["title"]).toBe(texts.title);
      expect(body.detail).toMatch(pattern === "" ? texts.detail : pattern);
    }
  });

  test.each([
    ["de", "en"],
    ["en;q=0.1, ru", "ru"],
    ["ru;q=0", "en"],
    ["x".repeat(10_000), "en"],
  ])("%s is answered in %s", async (wish, language) => {
    const answer = await owner.api.get("/v1/nothing", { headers: { "accept-language": wish } });
    expect(answer.headers.get("content-language")).toBe(language);
  });
});

describe("the faults of a body and a query", () => {
  const faults = (reply: Reply<unknown>) =>
    Object.fromEntries(
      ((reply.body as Problem).errors ?? []).map(({ pointer, parameter, detail }) => [
        pointer ?? parameter,
        detail,
      ]),
    );
  const send = (body: object, headers: Record<string, string> = {}) =>
    owner.api.post("/v1/products", body, keyed({ headers }));

  test("say in both languages what is right", async () => {
    const body = { name: 5, description: "x".repeat(2_001), colour: "red" };
    expect(faults(await send(body))).toEqual({
      "/name": "must be a text",
      "/description": "must have at most 2000 characters",
      "/colour": "is not known here",
    });
    expect(faults(await send(body, RU))).toEqual({
      "/name": "должно быть строкой",
      "/description": "должно содержать не больше 2000 символов",
      "/colour": "здесь не поддерживается",
    });
    expect(faults(await send({}, RU))).toEqual({ "/name": "обязательно для заполнения" });
    expect(faults(await owner.api.get("/v1/products?limit=0&colour=red", { headers: RU }))).toEqual({
      limit: "должно быть числом от 1 до 100",
      colour: "здесь не поддерживается",
    });
  });

  test("of a rule beside the schema are in the language, too", async () => {
    const grants = { grants: [{ resourceType: "nothing", resourceId: "0", access: "view" }] };
    const answer = await owner.api.put(`/v1/members/${owner.memberId}/grants`, grants, { headers: RU });
    expect(faults(answer)).toEqual({
      "/grants/0/resourceType": expect.stringMatching(/^должно быть одним из типов: product, /),
    });
  });

  test("that name objects twice in a query name the parameter", async () => {
    const query = "licenseKeyId=lic_01ARZ3NDEKTSV4RRFFQ69G5FAV&productId=prd_01ARZ3NDEKTSV4RRFFQ69G5FAV";
    const answer = await owner.api.get(`/v1/machine-codes?${query}`, { headers: RU });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect((answer.body as Problem).errors?.every((fault) => "parameter" in fault)).toBe(true);
  });
});

test("GET /problems and its pages are in the language, and say so", async () => {
  for (const [headers, language] of [
    [{}, "en"],
    [RU, "ru"],
  ] as const) {
    const list = expectStatus(await api(fetch, null).get<{ data: object[] }>("/problems", { headers }), 200);
    const page = expectStatus(await api(fetch, null).get("/problems/conflict/lockout", { headers }), 200);
    const entry = {
      code: "conflict/lockout",
      status: 409,
      ...problemTexts("conflict/lockout", language),
    };
    expect(page.body).toEqual(entry);
    expect(list.body.data).toContainEqual(entry);
    expect([list, page].map((answer) => answer.headers.get("content-language"))).toEqual([
      language,
      language,
    ]);
  }
});

test("each row of a bulk invitation is refused in the caller's language", async () => {
  const answer = expectStatus(
    await owner.api.post<{ results: { problem?: Problem }[] }>(
      "/v1/invitations/bulk",
      { invitations: [{ email: "nobody", role: "member" }] },
      { headers: RU, idempotencyKey: newIdempotencyKey() },
    ),
    200,
  );
  expect(answer.body.results[0]?.problem).toMatchObject({
    title: "Запрос составлен неверно",
    errors: [{ pointer: "/email", detail: expect.stringMatching(/^должно быть адресом электронной почты/) }],
  });
});

test("a delivery keeps what was said as a message, and shows it in the reader's language", async () => {
  const hook = await newHook(owner.api);
  const email = newEmail();
  expect(outcomeOf(await postSigned(fetch, hook, customerEvent(email)))).toBe("invited");
  expect(outcomeOf(await postSigned(fetch, hook, customerEvent(email)))).toBe(
    "refused conflict/duplicate-invitation",
  );
  const broken = await postSigned(fetch, hook, { type: "customer.created", data: { email: "x" } });
  expect([statusOf(broken), broken.body.detail]).toEqual(["422 validation", "Correct what `errors` names."]);
  interface Card {
    readonly detail: string | null;
    readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
  }
  const list = async (headers: Record<string, string>) => {
    const path = `/v1/hooks/${hook.id}/deliveries`;
    const { body, headers: answered } = expectStatus(
      await owner.api.get<{ data: Card[] }>(path, { headers }),
      200,
    );
    return { texts: body.data.map(({ detail }) => detail), cards: body.data, answered };
  };
  const [english, russian] = [await list({ "accept-language": "en" }), await list(RU)];
  expect(english.texts).toEqual([
    "Correct what `errors` names.",
    problemTexts("conflict/duplicate-invitation", "en").detail,
    null,
  ]);
  expect(russian.texts).toEqual([
    "Исправьте то, что перечислено в `errors`.",
    problemTexts("conflict/duplicate-invitation", "ru").detail,
    null,
  ]);
  expect([english, russian].map(({ cards }) => cards[0]?.errors[0]?.detail)).toEqual([
    "is missing",
    "отсутствует",
  ]);
  expect(russian.answered.get("content-language")).toBe("ru");
  // A row of an earlier version holds English texts.
  await env.DB.prepare(
    `UPDATE delivery SET detail = json_set(detail, '$.detail', 'Old text.', '$.errors', json(?))
     WHERE hook_id = ?`,
  )
    .bind(JSON.stringify([{ pointer: "/a", detail: "old fault" }]), hook.id)
    .run();
  const old = (await list(RU)).cards[0];
  expect([old?.detail, old?.errors]).toEqual(["Old text.", [{ pointer: "/a", detail: "old fault" }]]);
});
