import type { Field, Flow, PageName, Step } from "./page.ts";

/** What the pages say, in one language; what they do is the same in all. */
export type FlowWords = {
  readonly [Name in PageName]: {
    readonly title: string;
    readonly done: string;
    readonly text: string;
    readonly button: string;
  };
} & {
  readonly askCode: { readonly text: string; readonly button: string };
  readonly enterCode: { readonly text: string; readonly button: string };
};

const EMAIL: Field = { name: "email", type: "email", autocomplete: "email" };
const CODE: Field = { name: "code", type: "text", autocomplete: "one-time-code" };
const NAMES: readonly Field[] = [
  { name: "firstName", type: "text", autocomplete: "given-name" },
  { name: "lastName", type: "text", autocomplete: "family-name" },
];

/** Every page, with what its buttons post. */
export function flows(words: FlowWords): Readonly<Record<PageName, Flow>> {
  const step = (name: PageName, path: string, body: Step["body"]): Step => ({
    text: words[name].text,
    button: words[name].button,
    fields: [],
    path,
    body,
  });
  const one = (name: PageName, path: string, body: Step["body"]): Flow => ({
    title: words[name].title,
    done: words[name].done,
    withToken: [step(name, path, body)],
    without: [],
  });
  const askCode: Step = {
    ...words.askCode,
    fields: [EMAIL],
    path: "/v1/auth/codes",
    body: { email: "$email" },
  };
  const enterCode: Step = {
    ...words.enterCode,
    fields: [CODE],
    path: "/v1/auth/sessions",
    body: { email: "$email", code: "$code" },
  };
  const signIn = one("sign-in", "/v1/auth/sessions", { token: "$token" });
  const join = one("join", "/v1/operator-links/join", {
    token: "$token",
    email: "$email",
    code: "$code",
    firstName: "$firstName",
    lastName: "$lastName",
  });
  return {
    accept: one("accept", "/v1/invitations/accept", { token: "$token", signIn: true }),
    "sign-in": { ...signIn, without: [askCode, enterCode] },
    join: {
      ...join,
      withToken: [
        { ...askCode, text: words.join.text, body: { email: "$email", link: "$token" } },
        ...join.withToken.map((each) => ({ ...each, text: words.enterCode.text, fields: [CODE, ...NAMES] })),
      ],
    },
    confirm: one("confirm", "/v1/auth/email-confirmations", { token: "$token" }),
    key: one("key", "/v1/auth/claims", { token: "$token" }),
    unsubscribe: one("unsubscribe", "/v1/unsubscribe", { token: "$token" }),
  };
}
