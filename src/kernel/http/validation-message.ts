import type { z } from "zod";
import { type Message, message } from "../messages/message.ts";

type Issue = z.core.$ZodRawIssue;
type IssueOf<Code extends Issue["code"]> = Extract<Issue, { code: Code }>;

/**
 * The message for an issue that no rule of the schema has a text for. The validation library has texts of its
 * own, which are in English and name its types: they never reach a caller.
 */
export function toValidationMessage(issue: Issue): Message {
  switch (issue.code) {
    case "invalid_type":
      return typeMessage(issue);
    case "too_small":
    case "too_big":
      return sizeMessage(issue);
    case "invalid_format":
      return formatMessage(issue.format);
    case "invalid_value":
      return valueMessage(issue);
    case "not_multiple_of":
      return message("validation.notMultiple", { step: issue.divisor });
    case "unrecognized_keys":
      return message("validation.unknownField");
    case "invalid_union":
      return message("validation.noForm");
    case "invalid_key":
      return message("validation.badKey");
    case "invalid_element":
      return message("validation.badEntry");
    case "custom":
      return message("validation.notValid");
    default:
      return unknownIssue(issue);
  }
}

/** A kind of issue that a later version of the library may add does not compile before it has its text. */
const unknownIssue = (_: never): Message => message("validation.notValid");

function typeMessage({ expected, schema }: IssueOf<"invalid_type">): Message {
  switch (expected) {
    case "string":
      return message("validation.notText");
    case "number":
    case "int": {
      const bounds = boundsOf(schema);
      const isInteger = expected === "int" || bounds.isInteger;
      return (
        rangeMessage({ ...bounds, isInteger }) ??
        (isInteger ? message("validation.notInteger") : message("validation.notNumber"))
      );
    }
    case "boolean":
      return message("validation.notBoolean");
    case "array":
    case "tuple":
    case "set":
      return message("validation.notList");
    case "object":
    case "record":
    case "map":
      return message("validation.notObject");
    case "null":
      return message("validation.notNull");
    case "date":
      return message("validation.notDate");
    default:
      return message("validation.notValid");
  }
}

/** The bounds of a schema, so that a text can name both. */
interface Bounds {
  readonly min: number | null;
  readonly max: number | null;
  readonly isInteger: boolean;
}

const inclusive = (check: { readonly inclusive: boolean; readonly value: unknown }): number | null =>
  check.inclusive ? Number(check.value) : null;

function boundsOf(schema: z.core.$ZodType | undefined): Bounds {
  const own = schema?._zod.def as { checks?: z.core.$ZodCheck[]; format?: unknown } | undefined;
  let bounds: Bounds = { min: null, max: null, isInteger: own?.format === "safeint" };
  for (const each of own?.checks ?? []) {
    const check = (each as z.core.$ZodChecks)._zod.def;
    if (check.check === "greater_than") bounds = { ...bounds, min: inclusive(check) };
    else if (check.check === "less_than") bounds = { ...bounds, max: inclusive(check) };
    else if (check.check === "min_length") bounds = { ...bounds, min: check.minimum };
    else if (check.check === "max_length") bounds = { ...bounds, max: check.maximum };
    else if (check.check === "number_format") bounds = { ...bounds, isInteger: true };
  }
  return bounds;
}

function sizeMessage(issue: IssueOf<"too_small"> | IssueOf<"too_big">): Message {
  const limit = Number(issue.code === "too_small" ? issue.minimum : issue.maximum);
  const isTooLarge = issue.code === "too_big";
  const bounds = boundsOf(issue.schema);
  switch (issue.origin) {
    case "string":
      return lengthMessage("text", bounds, limit, isTooLarge, issue.exact === true);
    case "array":
    case "set":
      return lengthMessage("list", bounds, limit, isTooLarge, issue.exact === true);
    case "int":
      // Beyond the whole numbers that JSON carries exactly. The bounds of the schema say more, if it has any.
      return rangeMessage(bounds) ?? message("validation.notInteger");
    default:
      return numberMessage(bounds, limit, isTooLarge, issue.inclusive !== false);
  }
}

function lengthMessage(
  kind: "text" | "list",
  { min, max }: Bounds,
  limit: number,
  isTooLong: boolean,
  isExact: boolean,
): Message {
  if (isExact) return message(`validation.${kind}Length`, { length: limit });
  if (min !== null && min > 0 && max !== null) return message(`validation.${kind}Range`, { min, max });
  if (isTooLong) return message(`validation.${kind}TooLong`, { max: limit });
  return limit === 1 ? message("validation.empty") : message(`validation.${kind}TooShort`, { min: limit });
}

function rangeMessage({ min, max, isInteger }: Bounds): Message | null {
  if (min === null || max === null) return null;
  return message(isInteger ? "validation.integerRange" : "validation.numberRange", { min, max });
}

function numberMessage(bounds: Bounds, limit: number, isTooLarge: boolean, isInclusive: boolean): Message {
  const range = rangeMessage(bounds);
  if (range !== null) return range;
  if (isInclusive)
    return isTooLarge
      ? message("validation.tooLarge", { max: limit })
      : message("validation.tooSmall", { min: limit });
  return isTooLarge
    ? message("validation.notBelow", { max: limit })
    : message("validation.notAbove", { min: limit });
}

function formatMessage(format: IssueOf<"invalid_format">["format"]): Message {
  switch (format) {
    case "datetime":
      return message("validation.time");
    case "date":
      return message("validation.badDate");
    case "email":
      return message("validation.email");
    case "url":
      return message("validation.badUrl");
    default:
      return message("validation.badFormat");
  }
}

/** A list of all 100 rights in a sentence helps no reader. */
const VALUES_MAX = 20;

function valueMessage({ values }: IssueOf<"invalid_value">): Message {
  const [only, ...more] = values.map(String);
  if (only === undefined || values.length > VALUES_MAX) return message("validation.notListed");
  return more.length === 0
    ? message("validation.notExactly", { value: only })
    : message("validation.notOneOf", { values: [only, ...more] });
}
