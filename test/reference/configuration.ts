import { DEFAULT_SETTINGS } from "../../src/gate/principals/settings.ts";
import { readRepositoryFile } from "../architecture/repository-file.ts";
import { code, duration, table } from "./table.ts";

/** A field of the Worker's environment, with the comment above it. */
export interface Binding {
  readonly name: string;
  readonly type: string;
  readonly isOptional: boolean;
  readonly meaning: string;
}

const FIELD = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2}readonly (\w+)(\??): (\w+)/g;

const oneLine = (comment: string): string =>
  comment
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trim())
    .join(" ")
    .trim();

/** @param text of src/env.ts */
export const bindingsOf = (text: string): Binding[] =>
  Array.from(text.matchAll(FIELD), ([, comment = "", name = "", optional = "", type = ""]) => ({
    name,
    type,
    isOptional: optional === "?",
    meaning: oneLine(comment),
  }));

/** Values of `[vars]`. @param text of wrangler.toml */
export function variablesOf(text: string): Map<string, string> {
  const block = /^\[vars\]\n([\s\S]*?)(?=^\[)/m.exec(text)?.[1] ?? "";
  return new Map(
    Array.from(block.matchAll(/^(\w+) *= *"([^"]*)"/gm), ([, name = "", value = ""]) => [name, value]),
  );
}

const KINDS: Readonly<Record<string, string>> = {
  D1Database: "D1 database",
  DurableObjectNamespace: "Durable Objects",
  Queue: "queue",
  R2Bucket: "R2 bucket",
  SendEmail: "outgoing mail",
};

interface Consumer {
  readonly queue: string;
  readonly batch: string;
  readonly wait: string;
  readonly retries: string;
  readonly dead: string;
}

/** @param text of wrangler.toml */
function consumersOf(text: string): Consumer[] {
  const blocks = text.split("[[queues.consumers]]").slice(1);
  return blocks.map((block) => {
    const own = block.split("\n[")[0] ?? "";
    const value = (name: string) => new RegExp(`^${name} = "?([^"\\n]*?)"?$`, "m").exec(own)?.[1] ?? "";
    return {
      queue: value("queue"),
      batch: value("max_batch_size"),
      wait: value("max_batch_timeout"),
      retries: value("max_retries"),
      dead: value("dead_letter_queue"),
    };
  });
}

const SETTING_WORDS: Readonly<Record<keyof typeof DEFAULT_SETTINGS, string>> = {
  membersMayCreateKeys: "Members make API keys for themselves, where their role allows it.",
  perThemeRestrictions: "Team: members license and download only the themes that they have a grant on.",
  inviteOnlyAdmins: "Marketplace: only admins of the seller or the distributor add members.",
  customersMayInviteBillingAdmin: "Marketplace: customers add a billing admin of their organization.",
  billingAdminVisibleToCustomer:
    "Marketplace: the role `customer_billing_admin` exists in customers' organizations.",
  currency: "The currency of prices and invoices.",
  locale: "The language of answers and mails where the caller or the member names none.",
  timeZone: "The time zone in which a date is a whole day.",
  invitationTtlMs: "How long an invitation is valid.",
  allowedEmailDomains: "If not empty, new members have addresses of these domains.",
};

function settingTable(): string {
  const rows = Object.entries(DEFAULT_SETTINGS).map(([name, value]) => [
    code(name),
    name === "invitationTtlMs" ? `${value} (${duration(Number(value))})` : code(JSON.stringify(value)),
    SETTING_WORDS[name as keyof typeof SETTING_WORDS],
  ]);
  return table(["Setting", "Default", "Meaning"], rows);
}

function bindingTables(config: string): string {
  const all = bindingsOf(readRepositoryFile("src/env.ts"));
  const variables = variablesOf(config);
  const isBinding = ({ type }: Binding) => type !== "string";
  const bindings = all
    .filter(isBinding)
    .map(({ name, type, meaning }) => [code(name), KINDS[type] ?? type, meaning]);
  const texts = all.filter((one) => !isBinding(one));
  const isSecret = ({ name, isOptional }: Binding) => !variables.has(name) && !isOptional;
  const vars = texts
    .filter((one) => !isSecret(one))
    .map(({ name, meaning }) => [
      code(name),
      variables.has(name) ? code(variables.get(name) ?? "") : "-",
      meaning,
    ]);
  const secrets = texts.filter(isSecret).map(({ name, meaning }) => [code(name), meaning]);
  return `## Bindings

${table(["Name", "Kind", "Meaning"], bindings)}

## Variables

${table(["Name", "Value in the repository", "Meaning"], vars)}

## Secrets

${table(["Name", "Meaning"], secrets)}`;
}

export function configurationPage(): string {
  const config = readRepositoryFile("wrangler.toml");
  const queues = consumersOf(config).map(({ queue, batch, wait, retries, dead }) => [
    code(queue),
    batch,
    `${wait} s`,
    retries || "-",
    dead === "" ? "-" : code(dead),
  ]);
  const crons = /^crons = \[(.*?)\]/m.exec(config)?.[1]?.replaceAll('"', "`") ?? "";
  return `# Configuration

What a deployment has, from \`wrangler.toml\` and \`src/env.ts\`.
[Deploy](../operations/deploy.md) says how to make each part.

${bindingTables(config)}

## Queues

${table(["Queue", "Messages of a batch", "Wait for a batch", "Retries", "Afterwards"], queues)}

## Cron

${crons}: finishes what a crash left, and removes what is past its time.

## Settings of an account

\`PATCH /v1/accounts/{id}\` changes them. An account starts with the defaults.

${settingTable()}
`;
}
