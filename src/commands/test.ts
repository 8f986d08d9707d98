// npm test: form, types, every test project, and the dry run of a deployment. One clear line at the end.
// npm test -- PATH: only the tests of that path. npm run test:pure: only the tests that need no runtime.
// npm run test:watch [-- PATH]: runs again what a change touches. npm run test:soak: the same tests in their
// long form (every order, crashes, races), which takes many minutes.
import { now } from "../kernel/clock.ts";
import { checkFormat, checkTypes, runProgram, startProgram } from "./project-check.ts";

type Step = readonly [what: string, run: () => Promise<void>];

const MODES = ["--soak", "--pure", "--watch"];
const [mode] = process.argv.filter((arg) => MODES.includes(arg));
const args = process.argv.slice(2).filter((arg) => !MODES.includes(arg));
if (mode === "--soak") process.env["SOAK"] = "1";

const VITEST = "node_modules/vitest/vitest.mjs";
const asked = (command: string, more: readonly string[]) => [
  command,
  "--config",
  "test/vitest.config.ts",
  ...more,
];
const vitest = (command: string, more: readonly string[]) =>
  runProgram("vitest", VITEST, asked(command, more));
const WITHIN = ["--project", "!e2e"];

/** Gates wait more than they work, so their tests begin first and run beside all others. */
function allSteps(): readonly Step[] {
  const outside = startProgram("vitest", VITEST, asked("run", ["--project", "e2e"]));
  return [
    ["Form and lint", () => checkFormat()],
    ["Types of the Worker", () => checkTypes("tsconfig.json")],
    ["Types of the tests and commands", () => checkTypes("test/tsconfig.json")],
    ["Lint of the API's description", () => runProgram("lint", "test/description/lint.ts", [])],
    ["Dry run of a deployment", () => runProgram("deploy:check", "src/commands/deploy-check.ts", [])],
    ["Tests without a gate from outside", () => vitest("run", WITHIN)],
    ["Tests of gates from outside", outside],
  ];
}

function steps(): readonly Step[] {
  if (mode === "--watch")
    return [["Tests, again and again", () => vitest("watch", args.length === 0 ? WITHIN : args)]];
  if (mode === "--soak") return [["Long tests", () => vitest("run", args)]];
  if (mode === "--pure")
    return [["Tests without a runtime", () => vitest("run", ["--project", "pure", ...args])]];
  return args.length === 0 ? allSteps() : [["Tests", () => vitest("run", args)]];
}

const started = now();
const failed: string[] = [];
const chosen = steps();
for (const [index, [what, run]] of chosen.entries()) {
  console.log(`\n[${index + 1}/${chosen.length}] ${what}`);
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
