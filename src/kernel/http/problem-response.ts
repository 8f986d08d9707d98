import type { MessageLanguage } from "../messages/message.ts";
import { Problem, type ProblemCode, PROBLEMS } from "./problem.ts";
import { problemBody } from "./problem-body.ts";

/**
 * Turns any error into an answer (RFC 9457). An error that is not a Problem is a bug: it is logged, and the
 * caller learns only the request id.
 * @param language of the texts
 */
export function toProblemResponse(
  error: unknown,
  requestId: string,
  language: MessageLanguage,
): { response: Response; code: ProblemCode } {
  const problem = error instanceof Problem ? error : new Problem("internal");
  if (problem !== error) {
    const { message, stack, cause } = error instanceof Error ? error : new Error(String(error));
    console.error({ requestId, message, stack, cause: String(cause) });
  }
  const { code, extra } = problem;
  const { status } = PROBLEMS[code];
  const response = new Response(JSON.stringify(problemBody(code, extra, requestId, language)), {
    status,
    headers: {
      "Content-Type": "application/problem+json",
      "Content-Language": language,
      Vary: "Accept-Language",
      ...(status === 401 ? { "WWW-Authenticate": 'Bearer realm="tollgate"' } : {}),
      ...extra.headers,
    },
  });
  return { response, code };
}
