// Recomputes the audit chain of an account: docs/reference/audit-chain.md. Needs Node 20 and no package.
// GATE is the origin, KEY an API key that reads the whole log, HEAD (optional) what an earlier run printed.
import { createHash } from "node:crypto";

const { GATE, KEY, HEAD } = process.env;
const sha256 = (text) => createHash("sha256").update(text).digest("hex");

/** Sorted names and no spaces (RFC 8785). */
function canonical(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const fields = Object.keys(value).sort();
  return `{${fields.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

/** What a JSON pointer names (RFC 6901). */
function valueAt(body, pointer) {
  const steps = pointer.split("/").slice(1);
  const names = steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  return names.reduce((value, name) => value?.[name], body);
}

async function get(path) {
  const answer = await fetch(GATE + path, { headers: { authorization: `Bearer ${KEY}` } });
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  return answer.json();
}

const { witness } = await get("/v1/audit/verify");
const rows = [];
for (let cursor = ""; cursor !== null; ) {
  const page = await get(`/v1/audit?sealed=true&limit=100${cursor && `&cursor=${cursor}`}`);
  rows.unshift(...page.data.reverse());
  cursor = page.nextCursor;
}

const places = ["0 ".padEnd(66, "0")];
for (const { accountId, seq, hash, sealed } of rows) {
  const [place, previous] = places.at(-1).split(" ");
  const { body, personal } = sealed;
  const text = `{"accountId":"${accountId}","body":${body},"prevHash":"${previous}","seq":${seq}}`;
  const digests = Object.entries(personal).filter(([, kept]) => kept !== null);
  const isWhole = digests.every(
    ([pointer, kept]) => valueAt(JSON.parse(body), pointer) === `sha256:${sha256(canonical(kept))}`,
  );
  if (seq !== Number(place) + 1 || hash !== sha256(text) || !isWhole)
    throw new Error(`Row ${seq} is not what was sealed after row ${place}.`);
  places.push(`${seq} ${hash}`);
}

const known = [HEAD, witness && `${witness.seq} ${witness.hash}`].filter(Boolean);
const lost = known.find((place) => !places.includes(place));
if (lost) throw new Error(`The chain has no place ${lost}.`);
console.log(places.at(-1));
