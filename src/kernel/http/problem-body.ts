import { type MessageLanguage, problemTexts, renderMessage } from "../messages/message.ts";
import {
  type FaultPlace,
  type ProblemCode,
  type ProblemExtra,
  PROBLEMS,
  type RequestFault,
} from "./problem.ts";

/** A fault with its text in the language of the answer. */
export type RenderedFault = { readonly detail: string } & FaultPlace;

export const renderFault = (fault: RequestFault, language: MessageLanguage): RenderedFault => ({
  ...fault,
  detail: renderMessage(fault.detail, language),
});

/** What a problem says: its own sentence, else the one of its code. */
export const problemDetail = (
  code: ProblemCode,
  { detail }: Pick<ProblemExtra, "detail">,
  language: MessageLanguage,
): string => (detail === undefined ? problemTexts(code, language).detail : renderMessage(detail, language));

/** The body of RFC 9457. `instance` is the request id, so that an answer can be found in the call log. */
export function problemBody(
  code: ProblemCode,
  extra: ProblemExtra,
  requestId: string,
  language: MessageLanguage,
): Record<string, unknown> {
  return {
    type:
      code === "quota-exceeded"
        ? "https://iana.org/assignments/http-problem-types#quota-exceeded"
        : `/problems/${code}`,
    code,
    title: problemTexts(code, language).title,
    status: PROBLEMS[code].status,
    detail: problemDetail(code, extra, language),
    instance: `urn:request:${requestId}`,
    requestId,
    ...(extra.errors === undefined
      ? {}
      : { errors: extra.errors.map((fault) => renderFault(fault, language)) }),
    ...extra.extensions,
  };
}
