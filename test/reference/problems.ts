import { type ProblemCode, PROBLEMS } from "../../src/kernel/http/problem.ts";
import { problemTexts } from "../../src/kernel/messages/message.ts";
import { code, table } from "./table.ts";

export function problemsPage(): string {
  const rows = (Object.keys(PROBLEMS) as ProblemCode[]).map((problem) => {
    const { title, detail } = problemTexts(problem, "en");
    return [code(problem), String(PROBLEMS[problem].status), title, detail];
  });
  return `# Problems

A refusal is \`application/problem+json\` (RFC 9457).
Its \`type\` is \`/problems/<code>\`, and the gate serves that page.
A program goes by \`code\` and status. A route may replace the detail by a more exact one.

${table(["Code", "Status", "Title", "What to do"], rows)}
`;
}
