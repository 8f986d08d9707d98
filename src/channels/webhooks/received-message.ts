import type { OpenCall } from "../../gate/calls/call.ts";
import { parseJson } from "../../kernel/http/body.ts";
import { Problem, type RequestFault } from "../../kernel/http/problem.ts";
import type { HookRow } from "../../kernel/schema/hook.ts";
import { isMessageId, type Signed } from "./signature.ts";
import { message } from "../../kernel/messages/message.ts";

/** A message that its sender signed. */
export interface WebhookMessage {
  readonly id: string;
  readonly digest: string;
  /** What the body holds; null where it is no JSON. */
  readonly payload: { readonly value: unknown } | null;
  readonly headerType: string | null;
  /** What is wrong with the message itself, under any mapping. */
  readonly errors: readonly RequestFault[];
}

/**
 * The message's name: in a header, or in the body where the scheme has it there. A nameless one goes by what
 * was signed.
 */
export function toMessage(
  { raw, headers }: OpenCall,
  { scheme }: HookRow,
  { digest, headerId }: Signed,
): WebhookMessage {
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

function parseBody(raw: Uint8Array): WebhookMessage["payload"] {
  try {
    return { value: parseJson(raw) };
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}
