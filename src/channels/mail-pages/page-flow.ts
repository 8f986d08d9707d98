import type { PageField, PageFlow, PageName, PageStep } from "./page.ts";

/** What the pages say, in one language; what they do is the same in all. */
export type FlowTexts = {
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

const EMAIL_FIELD: PageField = { name: "email", type: "email", autocomplete: "email" };
const CODE_FIELD: PageField = { name: "code", type: "text", autocomplete: "one-time-code" };
const NAME_FIELDS: readonly PageField[] = [
  { name: "firstName", type: "text", autocomplete: "given-name" },
  { name: "lastName", type: "text", autocomplete: "family-name" },
];

/** Every page, with what its buttons post. */
export function pageFlows(texts: FlowTexts): Readonly<Record<PageName, PageFlow>> {
  const step = (name: PageName, path: string, body: PageStep["body"]): PageStep => ({
    text: texts[name].text,
    button: texts[name].button,
    fields: [],
    path,
    body,
  });
  const oneStepFlow = (name: PageName, path: string, body: PageStep["body"]): PageFlow => ({
    title: texts[name].title,
    done: texts[name].done,
    withToken: [step(name, path, body)],
    without: [],
  });
  const askCode: PageStep = {
    ...texts.askCode,
    fields: [EMAIL_FIELD],
    path: "/v1/auth/codes",
    body: { email: "$email" },
  };
  const enterCode: PageStep = {
    ...texts.enterCode,
    fields: [CODE_FIELD],
    path: "/v1/auth/sessions",
    body: { email: "$email", code: "$code" },
  };
  const signIn = oneStepFlow("sign-in", "/v1/auth/sessions", { token: "$token" });
  const join = oneStepFlow("join", "/v1/operator-links/join", {
    token: "$token",
    email: "$email",
    code: "$code",
    firstName: "$firstName",
    lastName: "$lastName",
  });
  return {
    accept: oneStepFlow("accept", "/v1/invitations/accept", { token: "$token", signIn: true }),
    "sign-in": { ...signIn, without: [askCode, enterCode] },
    join: {
      ...join,
      withToken: [
        { ...askCode, text: texts.join.text, body: { email: "$email", link: "$token" } },
        ...join.withToken.map((each) => ({
          ...each,
          text: texts.enterCode.text,
          fields: [CODE_FIELD, ...NAME_FIELDS],
        })),
      ],
    },
    confirm: oneStepFlow("confirm", "/v1/auth/email-confirmations", { token: "$token" }),
    key: oneStepFlow("key", "/v1/auth/claims", { token: "$token" }),
    unsubscribe: oneStepFlow("unsubscribe", "/v1/unsubscribe", { token: "$token" }),
  };
}
