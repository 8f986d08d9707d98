// npm run format: formats the sources. npm run lint: checks their form and what a linter finds; `npm test`
// does, too.
import { checkForm } from "./check.ts";

await checkForm(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
