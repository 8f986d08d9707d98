// npm run format: formats the sources. npm run lint: checks their form and what a linter finds; `npm test`
// does, too.
import { checkFormat } from "./project-check.ts";

await checkFormat(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
