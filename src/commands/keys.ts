// npm run keys: a new key set for the secret SIGNING_KEYS on stdout, explanations on stderr.
// npm run keys -- --rotate [publish | sign | drop]: the next key set, from the one on stdin or in .dev.vars.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import {
  toKeySet,
  findKeySet,
  localKeySet,
  newSigningKey,
  parseKeySet,
  rotateKeys,
  type RotationStep,
} from "./signing-key.ts";

const USAGE = "Usage: npm run keys, or npm run keys -- --rotate [publish | sign | drop] < keys.json";

const STEP_TEXTS: Record<RotationStep, string> = {
  publish:
    "1 of 3, publish: the new key stands last. It is published and verifies, but does not sign yet.\n" +
    "Store this set, deploy it, and wait until every cache of /.well-known/jwks.json has it " +
    "(its cache-control says how long). Then: --rotate sign",
  sign:
    "2 of 3, sign: the newest key stands first and signs from now on; tokens of the old one still verify.\n" +
    "Store this set, deploy it, and wait 10 minutes, which is longer than any token lives. Then: " +
    "--rotate drop",
  drop:
    "3 of 3, drop: only the key that signs is left. Store this set and deploy it. " +
    "The old key is no longer accepted.",
};

const isStep = (text: string): text is RotationStep => Object.hasOwn(STEP_TEXTS, text);

function main(): void {
  const { values, positionals } = parseArgs({
    options: { rotate: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const [step = "publish", ...rest] = positionals;
  if (rest.length > 0 || !isStep(step) || (!values.rotate && positionals.length > 0)) throw new Error(USAGE);
  if (!values.rotate) {
    console.error(
      "A new key set for the secret SIGNING_KEYS. Keep it in your vault: " +
        "Cloudflare never shows a secret again, and a rotation starts from it.",
    );
    console.log(toKeySet([newSigningKey()]));
    return;
  }
  const keys = parseKeySet(readKeySet());
  if (step === "sign" && keys.length < 2)
    throw new Error("There is one key only, and it signs already. Begin with: --rotate publish");
  console.error(STEP_TEXTS[step]);
  console.log(toKeySet(rotateKeys(keys, step, newSigningKey())));
}

function readKeySet(): string {
  const piped = process.stdin.isTTY ? "" : readFileSync(0, "utf8").trim();
  const found = piped === "" ? localKeySet() : (findKeySet(piped) ?? piped);
  if (found === null)
    throw new Error(`There is no key set to rotate: none on stdin, none in .dev.vars. ${USAGE}`);
  return found;
}

try {
  main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
