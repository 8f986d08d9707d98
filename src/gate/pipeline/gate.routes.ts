import type { Context, Handler, MiddlewareHandler } from "hono";
import type { TypeTable } from "../../access/type.ts";
import { logCall } from "../../audit/chain/call-log.queue.ts";
import type { Origin } from "../../audit/chain/event.ts";
import type { Env } from "../../env.ts";
import { now } from "../../kernel/clock.ts";
import { newId } from "../../kernel/id.ts";
import { exit } from "../../kernel/http/exit.ts";
import { fileType } from "../../kernel/http/operation.ts";
import type { ProblemCode } from "../../kernel/http/problem.ts";
import { clientAddress } from "../credentials/address.ts";
import type { Endpoint } from "../calls/call.ts";
import { pass, type Seen } from "./gate.ts";
import { withoutSecrets } from "./mask.ts";
import { GateRequest, isCallersId } from "../calls/request.ts";

export interface GateEnv {
  Bindings: Env;
  Variables: { origin: Origin; seen: Seen; code: ProblemCode | null };
}

/** First in line: names the request and notes the caller in the call log. It refuses no call. */
export const attend: MiddlewareHandler<GateEnv> = async (c, next) => {
  const requestId = newId("request", now());
  const sent = c.req.header("user-agent");
  const userAgent = sent === undefined ? null : withoutSecrets(sent).slice(0, 500);
  c.set("origin", { requestId, ip: clientAddress(c.req.raw.headers), userAgent });
  c.set("seen", { principal: null });
  c.set("code", null);
  await next();
  // Set on the answer itself: Hono's `c.header` would copy the whole answer each time.
  const { headers } = c.res;
  headers.set("Tollgate-Request-Id", requestId);
  // A caller's own id is handed back and kept in the call log; nothing else depends on it.
  const sentId = c.req.header("x-request-id") ?? "";
  const callerRequestId = isCallersId(sentId) ? sentId : null;
  if (callerRequestId !== null) headers.set("X-Request-Id", callerRequestId);
  headers.set("X-Content-Type-Options", "nosniff");
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  note(c, requestId, callerRequestId);
};

/** A signed link gives access while it is good, so the logs do not show it. */
const SIGNED = /\/(?:eyJ[\w-]+\.[\w-]+|mem_\w+)\.[\w-]+/;

function note(c: Context<GateEnv>, requestId: string, callerRequestId: string | null): void {
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
      path: withoutSecrets(c.req.path.replace(SIGNED, "/…")),
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

/** An endpoint as a Hono handler: everything that decides is in `pass`. */
export const gate =
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
    const { status, body, text, file, headers } = await pass(request, endpoint, types, c.var.seen);
    if (file !== undefined)
      return new Response(file, {
        status,
        headers: { "Content-Type": fileType(endpoint.operation) ?? "application/octet-stream", ...headers },
      });
    if (text !== undefined)
      return new Response(text, { status, headers: { "Content-Type": "application/json", ...headers } });
    if (body === undefined || status === 204)
      return new Response(null, { status, ...(headers ? { headers } : {}) });
    return Response.json(body, { status, ...(headers ? { headers } : {}) });
  };

/** The one exit of every refusal. */
export const refuse = (error: Error, c: Context<GateEnv>): Response => {
  const { response, code } = exit(error, c.var.origin.requestId);
  c.set("code", code);
  return response;
};
