// npm run test:mutation [-- --mutate FILES]: changes the rules in one place at a time, and asks whether a
// test sees it. Each change that no test sees is a test to write, or no change at all. Its packages are in
// package.json beside it: the other commands do not wait for them.

/** Rules of access, of the ledger and of periods, without what asks a database. */
const RULES = [
  "src/access/**/*.ts",
  "src/credits/**/*.ts",
  "src/kernel/**/{period,time-zone}.ts",
  "!src/**/*.{card,change,load,object,queue,routes,store}.ts",
  // Texts for readers: another word is no other rule.
  "!src/access/**/{area-text,role-text,right.ru}.ts",
];

export default {
  mutate: RULES,
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  vitest: { configFile: "test/mutation/vitest.config.ts" },
  coverageAnalysis: "perTest",
  concurrency: 2,
  // A busy machine is no endless loop: those end by the number of their rounds.
  timeoutMS: 60_000,
  // Results of files and tests that did not change since are taken over; --force asks all again, which
  // a change of what a module makes when it loads may need.
  incremental: true,
  incrementalFile: ".tollgate/mutation/results.json",
  reporters: ["progress-append-only", "clear-text", "html"],
  clearTextReporter: { allowColor: false, reportTests: false, reportScoreTable: true },
  htmlReporter: { fileName: ".tollgate/mutation/report.html" },
  tempDirName: ".tollgate/mutation/sandbox",
  ignorePatterns: ["/*", "!/src", "!/test", "!/package.json", "!/tsconfig.json"],
  // TypeScript 7 has no API to rewrite a tsconfig.json with, and nothing here needs it.
  tsconfigFile: "none",
};
