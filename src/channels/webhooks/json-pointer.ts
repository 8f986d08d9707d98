import { z } from "zod";
import { ruleText } from "../../kernel/messages/rule-text.ts";

/** A JSON pointer (RFC 6901). The empty one is the whole document. */
export const PointerText = z
  .string()
  .max(300)
  .regex(/^(?:\/(?:[^~/]|~[01])*)*$/, ruleText("validation.jsonPointer"));

/** An index of a list: no sign, no leading zero. */
const INDEX = /^(?:0|[1-9]\d{0,8})$/;

/** What a pointer finds, or undefined. Own members only, so that no pointer leads out of the document. */
export function valueAtPointer(document: unknown, pointer: string): unknown {
  let value = document;
  for (const step of pointer.split("/").slice(1)) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (
      typeof value !== "object" ||
      value === null ||
      !Object.hasOwn(value, name) ||
      (Array.isArray(value) && !INDEX.test(name))
    )
      return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
