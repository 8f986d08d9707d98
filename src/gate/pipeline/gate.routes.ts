import type { Context, Handler, MiddlewareHandler } from "hono";
import type { TypeTable } from "../../access/resource-type.ts";
import { logCall } from "../../audit/chain/call-log.queue.ts";
import type { Origin } from "../../audit/chain/event.ts";
import type { Env } from "../../env.ts";
import { now } from "../../kernel/clock.ts";
import { newId } from "../../kernel/id.ts";
import { toProblemResponse } from "../../kernel/http/problem-response.ts";
import { fileMediaType } from "../../kernel/http/operation.ts";
import type { ProblemCode } from "../../kernel/http/problem.ts";
import { clientAddress } from "../credentials/address-rule.ts";
import type { Endpoint } from "../calls/call.ts";
import { languageOf } from "../calls/language.ts";
import { handleRequest, type CallLogContext } from "./gate.ts";
import { maskSecrets } from "./secret-mask.ts";
import { GateRequest, isCallerRequestId } from "../calls/gate-request.ts";

export interface GateEnv {
  Bindings: Env;
  Variables: { origin: Origin; seen: CallLogContext; code: ProblemCode | null };
}

/** First in line: names the request and notes the caller in the call log. It refuses no call. */
export const requestContext: MiddlewareHandler<GateEnv> = async (c, next) => {
  const requestId = newId("request", now());
  const sent = c.req.header("user-agent");
  const userAgent = sent === undefined ? null : maskSecrets(sent).slice(0, 500);
  c.set("origin", { requestId, ip: clientAddress(c.req.raw.headers), userAgent });
  c.set("seen", { principal: null });
  c.set("code", null);
  await next();
  // Set on the answer itself: Hono's `c.header` would copy the whole answer each time.
  const { headers } = c.res;
  headers.set("Tollgate-Request-Id", requestId);
  // A caller's own id is handed back and kept in the call log; nothing else depends on it.
  const sentId = c.req.header("x-request-id") ?? "";
  const callerRequestId = isCallerRequestId(sentId) ? sentId : null;
  if (callerRequestId !== null) headers.set("X-Request-Id", callerRequestId);
  headers.set("X-Content-Type-Options", "nosniff");
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  logRequest(c, requestId, callerRequestId);
};

/** A signed link gives access while it is good, so the logs do not show it. */
const SIGNED_LINK = /\/(?:eyJ[\w-]+\.[\w-]+|mem_\w+)\.[\w-]+/;

function logRequest(c: Context<GateEnv>, requestId: string, callerRequestId: string | null): void {
  const {
    origin,
    seen: { principal },
    code,
  } = c.var;
  const at = now();
  logCall(
    {
      id: newId("call", at),
      accountId: principal?.accountId ?? "",
      at,
      memberId: principal?.memberId ?? null,
      apiKeyId: principal?.credential.kind === "key" ? principal.credential.id : null,
      method: c.req.method,
      path: maskSecrets(c.req.path.replace(SIGNED_LINK, "/…")),
      status: c.res.status,
      code,
      ip: origin.ip,
      userAgent: origin.userAgent,
      requestId,
      callerRequestId,
    },
    (message) => c.env.AUDIT.send(message),
    (work) => c.executionCtx.waitUntil(work),
  );
}

/** An endpoint as a Hono handler: everything that decides is in `handleRequest`. */
export const toHandler =
  (endpoint: Endpoint, types: TypeTable): Handler<GateEnv> =>
  async (c) => {
    const request = new GateRequest({
      request: c.req.raw,
      env: c.env,
      operation: endpoint.operation,
      origin: c.var.origin,
      params: c.req.param(),
      defer: (work) => c.executionCtx.waitUntil(work),
    });
    const { status, body, text, file, headers } = await handleRequest(request, endpoint, types, c.var.seen);
    if (file !== undefined)
      return new Response(file, {
        status,
        headers: {
          "Content-Type": fileMediaType(endpoint.operation) ?? "application/octet-stream",
          ...headers,
        },
      });
    if (text !== undefined)
      return new Response(text, { status, headers: { "Content-Type": "application/json", ...headers } });
    if (body === undefined || status === 204)
      return new Response(null, { status, ...(headers ? { headers } : {}) });
    return Response.json(body, { status, ...(headers ? { headers } : {}) });
  };

/** The one exit of every refusal. */
export const onError = (error: Error, c: Context<GateEnv>): Response => {
  const { response, code } = toProblemResponse(
    error,
    c.var.origin.requestId,
    languageOf(c.req.header("accept-language") ?? null, []),
  );
  c.set("code", code);
  return response;
};
