// npm run call -- GET /v1/me --as "Acme owner": one call to the local demo, with a readable answer.
import { parseArgs } from "node:util";
import { type Demo, type Login, readDemo, runningGate } from "./local-state.ts";
import { valueAtPath } from "./json-path.ts";

const USAGE = `Usage: npm run call -- METHOD PATH [options]
  --as "Acme owner"        use this login's API key; without it the call has no credential
  --data '{"amount": 5}'   a JSON body
  --key K                  Idempotency-Key: K
  --account ACC            Tollgate-Account: an account id, or the name of a login of that account
  --ip 203.0.113.7         CF-Connecting-IP: the address that the call comes from
  --header 'Name: value'   any other header; may be repeated
  --pick data.0.id         print this value only; data.name=Aurora.id takes the row with that name,
                           and header:etag takes a header of the answer
  --expect 403             fail unless the answer has this status`;

/** Headers of an answer that tell a reader something. */
const SHOWN_HEADERS = ["etag", "idempotency-replayed", "retry-after", "location", "content-disposition"];

const OPTIONS = {
  as: { type: "string" },
  data: { type: "string" },
  key: { type: "string" },
  account: { type: "string" },
  ip: { type: "string" },
  header: { type: "string", multiple: true },
  pick: { type: "string" },
  expect: { type: "string" },
} as const;

type OptionValues = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const { url, demo } = requireRunningDemo();
  const [method = "", path = "", ...rest] = positionals;
  if (!/^[A-Za-z]+$/.test(method) || !path.startsWith("/") || rest.length > 0) {
    throw new Error(
      `${USAGE}\n\nLogins of the demo: ${allLogins(demo)
        .map(({ who }) => who)
        .join(", ")}`,
    );
  }
  const response = await fetch(`${url}${path}`, {
    method: method.toUpperCase(),
    headers: headersOf(values, demo),
    ...(values.data === undefined ? {} : { body: requireJson(values.data) }),
  }).catch((error: Error) => {
    throw new Error(`The gate at ${url} does not answer: ${error.message}`);
  });
  const text = await response.text();
  if (values.pick === undefined) console.log(formatAnswer(response, text));
  else console.log(pickValue(values.pick, response, text));
  return exitCode(response, values.expect);
}

/** @throws Error with what to do, when no demo runs here */
function requireRunningDemo(): { readonly url: string; readonly demo: Demo } {
  const gate = runningGate();
  if (gate === null) throw new Error("The demo does not run. Start it in another terminal: npm start");
  const demo = readDemo();
  if (demo?.logins === undefined)
    throw new Error("The demo is not loaded yet. Wait until npm start shows its API keys.");
  return { url: gate.url, demo };
}

const allLogins = (demo: Demo): readonly Login[] => [demo.platform, ...(demo.logins ?? [])];

function findLogin(demo: Demo, who: string): Login {
  const found = allLogins(demo).find((login) => login.who.toLowerCase() === who.toLowerCase());
  if (found !== undefined) return found;
  throw new Error(
    `The demo has no login "${who}". It has: ${allLogins(demo)
      .map((login) => login.who)
      .join(", ")}`,
  );
}

function headersOf({ as, data, key, account, ip, header = [] }: OptionValues, demo: Demo): Headers {
  const headers = new Headers();
  if (as !== undefined) headers.set("authorization", `Bearer ${apiKeyOf(findLogin(demo, as))}`);
  if (data !== undefined) headers.set("content-type", "application/json");
  if (key !== undefined) headers.set("idempotency-key", key);
  if (account !== undefined) {
    headers.set(
      "tollgate-account",
      account.startsWith("acc_") ? account : findLogin(demo, account).accountId,
    );
  }
  if (ip !== undefined) headers.set("cf-connecting-ip", ip);
  for (const line of header) {
    const [, name = "", value = ""] = /^([\w-]+):\s*(.*)$/s.exec(line) ?? [];
    if (name === "") throw new Error(`"${line}" is not a header. Write it as 'Name: value'.`);
    headers.set(name, value);
  }
  return headers;
}

function apiKeyOf({ who, apiKey, email }: Login): string {
  if (apiKey !== null) return apiKey;
  throw new Error(`${who} has no API key and signs in by mail: ${email}. See docs/concepts/sign-in.md.`);
}

function requireJson(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    throw new Error(`--data is not JSON: ${(error as Error).message}`);
  }
}

function formatAnswer({ status, statusText, headers }: Response, text: string): string {
  const shown = SHOWN_HEADERS.flatMap((name) => (headers.has(name) ? [`${name}: ${headers.get(name)}`] : []));
  return [`${status} ${statusText}`.trim(), ...shown, indentJson(text)]
    .filter((line) => line !== "")
    .join("\n");
}

function indentJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** @throws Error with the whole answer, when it has no such value */
function pickValue(path: string, response: Response, text: string): string {
  const name = /^header:(.+)$/.exec(path)?.[1];
  const found = name === undefined ? valueAtPath(text, path) : response.headers.get(name);
  if (found === undefined || found === null)
    throw new Error(`The answer has no ${path}:\n${formatAnswer(response, text)}`);
  return typeof found === "string" ? found : JSON.stringify(found);
}

function exitCode({ status }: Response, expected: string | undefined): number {
  if (expected === undefined) return status < 500 ? 0 : 1;
  if (String(status) === expected) return 0;
  console.error(`Expected status ${expected}, got ${status}.`);
  return 1;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  return 1;
});
