// npm test [-- vitest arguments]: types, every test project, and the dry run of a deployment. One clear line
// at the end. npm run test:soak: the same tests in their long form (every order, crashes, races), which takes
// many minutes.
import { now } from "../kernel/clock.ts";
import { checkFormat, checkTypes, runProgram } from "./project-check.ts";

type Step = readonly [what: string, run: () => Promise<void>];

const vitest = (...args: readonly string[]) =>
  runProgram("vitest", "node_modules/vitest/vitest.mjs", [
    "run",
    "--config",
    "test/vitest.config.ts",
    ...args,
  ]);
const args = process.argv.slice(2).filter((arg) => arg !== "--soak");
const isSoak = process.argv.includes("--soak");
if (isSoak) process.env["SOAK"] = "1";

const STEPS: readonly Step[] = isSoak
  ? [["Long tests", () => vitest(...args)]]
  : [
      ["Form and lint", () => checkFormat()],
      ["Types of the Worker", () => checkTypes("tsconfig.json")],
      ["Types of the tests and commands", () => checkTypes("test/tsconfig.json")],
      ["Tests", () => vitest(...args)],
      ["Dry run of a deployment", () => runProgram("deploy:check", "src/commands/deploy-check.ts", [])],
    ];

const started = now();
const failed: string[] = [];
for (const [index, [what, run]] of STEPS.entries()) {
  console.log(`\n[${index + 1}/${STEPS.length}] ${what}`);
  await run().catch((error: Error) => {
    console.error(error.message);
    failed.push(what);
  });
}
const seconds = Math.round((now() - started) / 1000);
console.log(
  failed.length === 0
    ? `\nAll of it passed, in ${seconds} s.`
    : `\nFailed after ${seconds} s: ${failed.join(", ")}.`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
