import { type Answer, type ExpectedCall, type Caller, valueAt } from "./gate-client.ts";

const LINE_WIDTH = 160;
/** Fields that a reader of the tour does not need. */
const HIDDEN_FIELDS: ReadonlySet<string> = new Set(
  (
    "accountId createdBy createdAt updatedAt version prevHash hash type title status instance requestId " +
    "settings source username readOnlyFields requiredFields notifications html text dealer link"
  ).split(" "),
);
const SECRET_FIELD = /^(secret|newSecret|token|access_token|refresh_token|code)$/;

/** One call and its answer, as lines for a person. */
export function formatCall({ who, address, usesToken }: Caller, ask: ExpectedCall, answer: Answer): string[] {
  const how = usesToken === true ? ", with the token" : "";
  const caller = `${who ?? "Anonymous"}${how}${address === null ? "" : `, from ${address}`}`;
  const headers = Object.entries(ask.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
  const asked = [
    `${ask.method} ${ask.path}`,
    ...headers,
    ...(ask.body === undefined ? [] : [shorten(ask.body)]),
  ].join("  ");
  return [`   ${caller}`, `     ${shortenIds(asked)}`, ...formatAnswer(answer).map((line) => `     ${line}`)];
}

function formatAnswer({ status, body }: Answer): string[] {
  const code = valueAt(body, "code");
  if (typeof code === "string") return [`-> ${status} ${code}: ${String(valueAt(body, "detail"))}`];
  const data = valueAt(body, "data");
  if (!Array.isArray(data)) return [`-> ${status} ${body === null ? "" : shorten(body)}`.trimEnd()];
  const isTrail = data.some((row: unknown) => valueAt(row, "action") !== undefined);
  return [
    `-> ${status} ${data.length} ${data.length === 1 ? "row" : "rows"}`,
    ...(isTrail ? data.map(auditLine) : data.map((row) => `   ${shorten(row)}`)),
  ];
}

/** Number, action, outcome with its reason, by whom, from where, and what it cost. */
function auditLine(row: unknown): string {
  const text = (path: string) => String(valueAt(row, path) ?? "");
  const outcome = [text("outcome"), text("reason")].filter((part) => part !== "").join(", ");
  const cost = text("cost") === "" ? "" : `, ${text("cost")} credits`;
  const action = text("action").padEnd(20);
  const actor = `${text("actor.login")}, ${text("ip")}`;
  return `   ${text("seq").padStart(4)}  ${action} ${outcome.padEnd(38)} ${actor}${cost}`;
}

/** Secrets are shown by their beginning only: a tour ends up in terminals and build logs. */
function shorten(value: unknown): string {
  const text = shortenIds(toReadable(value));
  return text.length <= LINE_WIDTH ? text : `${text.slice(0, LINE_WIDTH)} ...`;
}

function toReadable(value: unknown, name = ""): string {
  if (typeof value === "string") return SECRET_FIELD.test(name) ? `${value.slice(0, 8)}...` : value;
  if (Array.isArray(value)) return `[${value.map((item) => toReadable(item)).join(", ")}]`;
  if (value === null || typeof value !== "object") return String(value);
  const fields = Object.entries(value).filter(
    ([key, member]) =>
      !HIDDEN_FIELDS.has(key) && member !== null && !(Array.isArray(member) && member.length === 0),
  );
  return `{ ${fields.map(([key, member]) => `${key}: ${toReadable(member, key)}`).join(", ")} }`;
}

/** The end of an id is enough to recognise it by. */
const shortenIds = (text: string): string =>
  text.replaceAll(/\b([a-z]{3}_)[0-7][0-9A-HJKMNP-TV-Z]{19}([0-9A-HJKMNP-TV-Z]{6})\b/g, "$1..$2");
