import { type ProblemCode, type ProblemExtra, PROBLEMS } from "./problem.ts";

/** The body of RFC 9457. `instance` is the request id, so that an answer can be found in the call log. */
export function problemBody(
  code: ProblemCode,
  extra: ProblemExtra,
  requestId: string,
): Record<string, unknown> {
  const { status, title, detail } = PROBLEMS[code];
  return {
    type:
      code === "quota-exceeded"
        ? "https://iana.org/assignments/http-problem-types#quota-exceeded"
        : `/problems/${code}`,
    code,
    title,
    status,
    detail: extra.detail ?? detail,
    instance: `urn:request:${requestId}`,
    requestId,
    ...(extra.errors === undefined ? {} : { errors: extra.errors }),
    ...extra.extensions,
  };
}
