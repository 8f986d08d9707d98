import type { z } from "zod";
import { type Message, message } from "../messages/message.ts";
import { messageOfRule } from "../messages/rule-text.ts";
import { toJsonPointer } from "./ambiguous-field.ts";
import { type FaultPlace, Problem, type RequestFault } from "./problem.ts";
import { toValidationMessage } from "./validation-message.ts";

/** The library asks this for each issue of a schema that has no text of its own. */
const error = (issue: z.core.$ZodRawIssue): string => JSON.stringify(toValidationMessage(issue));

/** @throws Problem validation, one fault for each member that is wrong or unknown */
export function validate<T>(schema: z.ZodType<T>, value: unknown, source: "body" | "query"): T {
  const result = schema.safeParse(value, { error });
  if (result.success) return result.data;
  throw new Problem("validation", {
    errors: result.error.issues.flatMap((issue) => toFaults(issue, value, source)).slice(0, 50),
  });
}

function toFaults(issue: z.core.$ZodIssue, value: unknown, source: "body" | "query"): RequestFault[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      ...faultAt([...path, key], source),
      detail: message("validation.unknownField"),
    }));
  }
  // Of several forms, the one that was meant: the only one that has all the fields that were sent.
  const [meant, other] =
    issue.code === "invalid_union"
      ? issue.errors.filter((errors) =>
          errors.every((each) => each.code !== "unrecognized_keys" && each.path.length > 0),
        )
      : [];
  if (meant !== undefined && other === undefined)
    return meant.flatMap((each) => toFaults({ ...each, path: [...issue.path, ...each.path] }, value, source));
  // A rule over several fields has its own message.
  const isMissing = issue.code !== "custom" && valueAt(value, path) === undefined;
  return [
    { ...faultAt(path, source), detail: isMissing ? message("validation.required") : messageOf(issue) },
  ];
}

const messageOf = ({ message: text }: z.core.$ZodIssue): Message =>
  messageOfRule(text) ?? message("validation.notValid");

const valueAt = (value: unknown, path: readonly string[]): unknown =>
  path.reduce(
    (inner, key) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, key)
        ? Reflect.get(inner, key)
        : undefined,
    value,
  );

const faultAt = (path: readonly string[], source: "body" | "query"): FaultPlace =>
  source === "query" ? { parameter: path.join(".") } : { pointer: toJsonPointer(path) };
