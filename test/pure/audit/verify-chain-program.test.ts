import { spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { SealedRow } from "../../../src/audit/chain/chain.ts";
import type { LogVisibility } from "../../../src/audit/log/log-visibility.ts";
import { sealedAuditRow } from "../../../src/audit/log/sealed-text.card.ts";
import { ROOT } from "../../architecture/repository-file.ts";
import { newEvent, sealChain } from "../../harness/audit-example.ts";

const PAGE = 2;
const READER = {
  visibleMembers: "all",
  canSeeSecurity: true,
  logFilter: { kind: "none" },
} as unknown as LogVisibility;

/** A chain with what is hard to hash: names that are numbers, a slash in a name, text of two languages. */
const { rows } = await sealChain([
  newEvent(1),
  newEvent(2, { changes: { before: {}, after: { notes: { "10": "a", "2": 1.5, "a/b~c": ["é", null] } } } }),
  newEvent(3, {
    changes: { before: {}, after: { name: 'Ключ \u2028 "x"', "a/b": { email: "eve@example.com" } } },
  }),
  newEvent(4, { outcome: "denied", reason: "no_right", changes: null, repeated: 3 }),
  newEvent(5),
]);
const placeOf = ({ seq, hash }: Pick<SealedRow, "seq" | "hash">): string => `${seq} ${hash}`;
const end = rows.at(-1) as SealedRow;

let server: Server | undefined;
afterEach(() => void server?.close());

/** The two routes that the program asks, over these rows. */
async function serve(
  served: readonly SealedRow[],
  witness: Pick<SealedRow, "seq" | "hash"> | null,
): Promise<string> {
  const newestFirst = [...served].reverse();
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://127.0.0.1");
    const start = Number(searchParams.get("cursor") ?? 0);
    const page = newestFirst.slice(start, start + PAGE);
    const next = start + PAGE < newestFirst.length ? String(start + PAGE) : null;
    const list = { data: page.map((row) => sealedAuditRow(row, READER, true)), nextCursor: next };
    response.end(JSON.stringify(pathname === "/v1/audit" ? list : { witness }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function run(
  served: readonly SealedRow[],
  head = "",
  witness: Pick<SealedRow, "seq" | "hash"> | null = end,
) {
  const env = { ...process.env, GATE: await serve(served, witness), KEY: "key", HEAD: head };
  const child = spawn(process.execPath, [join(ROOT, "examples/verify-chain.mjs")], { env });
  let [out, error] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (error += chunk));
  const [status] = await once(child, "close");
  return { status, out: out.trim(), error };
}

const withRow = (seq: number, change: (row: SealedRow) => Partial<SealedRow>): SealedRow[] =>
  rows.map((row) => (row.seq === seq ? { ...row, ...change(row) } : row));

test("the program prints the head of a chain that is whole", async () => {
  expect(await run(rows)).toEqual({ status: 0, out: placeOf(end), error: "" });
  const [first] = rows as [SealedRow];
  expect(await run(rows, placeOf(first))).toMatchObject({ status: 0, out: placeOf(end) });
  expect(await run([], "", null)).toMatchObject({ status: 0, out: `0 ${"0".repeat(64)}` });
});

test("an erased value is no fault", async () => {
  const erased = withRow(1, (row) => ({
    personal: Object.fromEntries(Object.keys(row.personal).map((path) => [path, null])),
  }));
  expect(await run(erased)).toMatchObject({ status: 0, out: placeOf(end) });
});

test.each<readonly [string, SealedRow[], string]>([
  [
    "a changed body",
    withRow(3, ({ body }) => ({ body: body.replace("product.edit", "product.view") })),
    "Row 3 ",
  ],
  ["a changed hash", withRow(2, () => ({ hash: "f".repeat(64) })), "Row 2 "],
  ["a changed personal value", withRow(3, ({ personal }) => ({ personal: spoilEmail(personal) })), "Row 3 "],
  ["a row that is gone", rows.filter(({ seq }) => seq !== 4), "Row 5 "],
  ["two rows in another order", [rows[1], rows[0], ...rows.slice(2)] as SealedRow[], "Row 2 "],
  ["an end that is cut off", rows.slice(0, -1), `The chain has no place ${placeOf(end)}`],
])("the program finds %s", async (_, served, sentence) => {
  const { status, out, error } = await run(served);
  expect({ status, out }).toEqual({ status: 1, out: "" });
  expect(error).toContain(sentence);
});

test("the program finds a chain that was written again, by the head of an earlier run", async () => {
  const { rows: other } = await sealChain([1, 2, 3, 4, 5, 6].map((id) => newEvent(id)));
  const { status, error } = await run(other, placeOf(end), other.at(-1) ?? null);
  expect(status).toBe(1);
  expect(error).toContain(`The chain has no place ${placeOf(end)}`);
});

function spoilEmail(personal: SealedRow["personal"]): SealedRow["personal"] {
  const changed = Object.entries(personal).map(([path, kept]) =>
    kept !== null && path.endsWith("/email") ? [path, [kept[0], "mallory@example.com"]] : [path, kept],
  );
  return Object.fromEntries(changed) as SealedRow["personal"];
}
