import type { OpenCall } from "../../gate/calls/call.ts";
import { parseJson } from "../../kernel/http/body.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { HookRow } from "../../kernel/schema/hook.ts";
import type { Message } from "./delivery-decision.change.ts";
import { isMessageId, type Signed } from "./signature.ts";
import { message } from "../../kernel/messages/message.ts";

/**
 * The message's name: in a header, or in the body where the scheme has it there. A nameless one goes by what
 * was signed.
 */
export function toMessage(
  { raw, headers }: OpenCall,
  { scheme }: HookRow,
  { digest, headerId }: Signed,
): Message {
  const payload = parseBody(raw);
  const fields = {
    digest,
    payload,
    headerType: scheme === "github" ? headers.get("x-github-event") : null,
    errors: [],
  };
  if (headerId !== null) return { ...fields, id: headerId };
  const id: unknown =
    typeof payload?.value === "object" && payload.value !== null
      ? Reflect.get(payload.value, "id")
      : undefined;
  if (typeof id === "string" && isMessageId(id)) return { ...fields, id };
  return {
    ...fields,
    id: `sha256:${digest}`,
    errors: payload === null ? [] : [{ pointer: "/id", detail: message("webhooks.messageName") }],
  };
}

function parseBody(raw: Uint8Array): Message["payload"] {
  try {
    return { value: parseJson(raw) };
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}
