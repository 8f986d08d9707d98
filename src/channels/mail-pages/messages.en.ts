import type { FlowTexts } from "./page-flow.ts";
import type { PageTexts } from "./page.ts";

export const ENGLISH_FLOW_TEXTS: FlowTexts = {
  accept: {
    title: "Accept the invitation",
    text: "By pressing the button you join the account that the mail names, and are signed in.",
    button: "Accept and sign in",
    done: "You have joined.",
  },
  "sign-in": {
    title: "Sign in",
    text: "Press the button to sign in with the link from your mail.",
    button: "Sign in",
    done: "You are signed in.",
  },
  join: {
    title: "Join by a link",
    text: "Enter your e-mail address. A code will be mailed to you.",
    button: "Join",
    done: "You have joined. The account must give you access next; then you can sign in and work.",
  },
  confirm: {
    title: "Confirm your e-mail address",
    text: "Press the button to confirm that you read the mail of this address.",
    button: "Confirm",
    done: "The address is confirmed.",
  },
  key: {
    title: "Your API key",
    text: "Press the button to see the key. It is shown once, here and now: have a place for it.",
    button: "Show the key",
    done: "This is your key.",
  },
  unsubscribe: {
    title: "No more notices",
    text: "Press the button to end the notices of this account. Mails for signing in still come.",
    button: "End the notices",
    done: "You will get no more notices. You can change that on your card.",
  },
  askCode: {
    text: "Enter your e-mail address. If it is known, a code is mailed to you.",
    button: "Mail me a code",
  },
  enterCode: { text: "Enter the code from the mail. It is good for ten minutes.", button: "Sign in" },
};

export const ENGLISH_PAGE_TEXTS: PageTexts = {
  labels: { email: "E-mail address", code: "Code", firstName: "First name", lastName: "Last name" },
  notWhole: "This link is not whole. Please open it once more from where you got it.",
  choose: "Which account would you like?",
  invited: "accept the invitation",
  unreachable: "The gate did not answer. Please try again in a moment.",
  signedIn:
    "Access token, for calls of the API as Authorization: Bearer. " +
    "It is good for a few minutes; do not show it to anyone.",
  key:
    "API key, for calls as Authorization: Bearer. " +
    "Keep it where you keep passwords; it is not shown again.",
  needsScript: "This page needs JavaScript.",
  problems: {},
};
