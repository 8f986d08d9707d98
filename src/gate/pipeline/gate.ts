import { StaleStamp } from "../../access/stamp.ts";
import type { TypeTable } from "../../access/resource-type.ts";
import { checkBodyHeaders } from "../../kernel/http/body.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { batch } from "../../kernel/db.ts";
import { now } from "../../kernel/clock.ts";
import { Problem, restoredProblem } from "../../kernel/http/problem.ts";
import type { Locale } from "../../kernel/schema/team.ts";
import { touchKey } from "../api-keys/api-key.store.ts";
import { isAllowedWhileRestored, checkAdmission } from "../principals/admission.ts";
import { CallContext } from "./call-context.ts";
import type { Call, Endpoint, OpenCall } from "../calls/call.ts";
import { KEYLESS_DETAIL } from "../credentials/claim.ts";
import { credentialOf } from "../credentials/credential.ts";
import { type Identity, identify, principalCache } from "./identity.ts";
import { LruCache } from "../../kernel/lru-cache.ts";
import { languageOf } from "../calls/language.ts";
import type { Principal } from "../principals/principal.ts";
import { planFeatureMissing } from "../calls/required-authority.ts";
import { Replay } from "../calls/replay.ts";
import type { GateRequest } from "../calls/gate-request.ts";
import { withCardEtag } from "../calls/card-etag.ts";
import { WriteConflict } from "../calls/turn.ts";
import { message } from "../../kernel/messages/message.ts";

/** What the call log needs of every call. */
export interface CallLogContext {
  principal: Principal | null;
}

/**
 * The way of one call: size and type, exactly one credential, principal, status, addresses, plan, then the
 * handler, which reads, decides, validates and commits. A cached grant set may be stale. An outcome that
 * rests on one that D1 has not confirmed is not final: the principal is loaded again and the handler runs
 * once more. It also runs again when another change came first, in its turn, until it is through.
 * @throws Problem
 */
export async function handleRequest(
  request: GateRequest,
  endpoint: Endpoint,
  types: TypeTable,
  seen: CallLogContext,
): Promise<Answer> {
  checkBodyHeaders(request.headers, request.operation.upload);
  if ("open" in endpoint) {
    await request.readBody();
    request.query();
    const call = toOpenCall(request, types);
    const answer = await endpoint.open(call);
    return request.operation.localized ? withLanguageHeaders(answer, call.language) : answer;
  }
  const identity = await identify(request, types);
  return request.retryLoop.run(async () => {
    refreshTime(request);
    return runOnce(request, endpoint.handle, identity, seen);
  });
}

/** One run of the handler. @throws WriteConflict when it has to run again */
async function runOnce(
  request: GateRequest,
  handle: (call: CallContext) => Promise<Answer>,
  identity: Identity,
  seen: CallLogContext,
): Promise<Answer> {
  const remembered = principalCache.get(identity.cacheKey);
  const principal = remembered ?? (await identity.load());
  if (principal === null)
    throw new Problem("auth/invalid-credential", {
      detail: message("request.credentialUnknown"),
    });
  if (remembered === undefined) principalCache.set(identity.cacheKey, principal);
  seen.principal = principal;
  const call = new CallContext(request, principal, remembered === undefined);
  request.accountId = principal.accountId;
  try {
    requireAdmission(call, request);
    if (request.isBodyDue) {
      await request.readBody();
      // A body may take long, and the key and the address rules are checked as of now.
      requireAdmission(call, request);
    }
    const answer = await handle(call);
    // A change has read the query before its effect. A call that only reads may not ignore an unknown
    // parameter either.
    call.query();
    // A handler that asked D1 nothing must not answer from a stale set.
    if (!call.isConfirmed) await call.read();
    recordKeyUse(call);
    return completeAnswer(request, answer, call.language);
  } catch (error) {
    if (error instanceof Replay) return error.answer;
    if (error instanceof StaleStamp || (error instanceof Problem && !call.isConfirmed)) {
      principalCache.delete(identity.cacheKey);
      throw toWriteConflict(call, remembered === undefined);
    }
    if (error instanceof Problem) await call.recordProblem(error);
    throw error;
  }
}

/** A call that waited is checked as of now. */
const refreshTime = (request: GateRequest): void => {
  if (request.retryLoop.runNumber > 1) request.now = now();
};

/**
 * A grant set from the cache is loaded again. One that was stale as soon as it was loaded met a change of
 * member or account.
 */
const toWriteConflict = ({ principal, method }: CallContext, isFresh: boolean): WriteConflict =>
  new WriteConflict(isFresh && method !== "GET" ? { accountId: principal.accountId, object: null } : null);

/** What every answer has: its language, the place of its list, the tag of what it shows. */
function completeAnswer(request: GateRequest, answer: Answer, language: Locale): Answer {
  const { localized, method } = request.operation;
  const listed = request.bindPage(localized ? withLanguageHeaders(answer, language) : answer);
  return method === "GET" ? withCardEtag(listed, request.headers.get("if-none-match")) : listed;
}

/** A cache that keeps the answer learns what it depends on. */
const withLanguageHeaders = (answer: Answer, language: Locale): Answer => ({
  ...answer,
  headers: { ...answer.headers, "Content-Language": language, Vary: "Accept-Language" },
});

/** Hours in which this isolate has noted the use of a key. */
const notedHours = new LruCache<number>(5_000);

/** `lastUsedAt` is kept to the hour, after the answer: a busy key does not cost a row for each call. */
function recordKeyUse(call: CallContext): void {
  const { credential: key } = call.principal;
  if (key.kind !== "key") return;
  const hour = Math.floor(call.now / 3_600_000);
  if (notedHours.get(key.id) === hour) return;
  notedHours.set(key.id, hour);
  call.defer(
    batch(call.db, [touchKey(call.db, key.id, call.now)]).catch((error: unknown) =>
      console.error({ message: "the use of a key is not noted", error: String(error) }),
    ),
  );
}

function requireAdmission(call: CallContext, request: GateRequest): void {
  // With a lapsed plan a member may still read their own card, sign out and leave.
  const { right, method, allowedWithoutPlan = right === "self" && method !== "POST" } = request.operation;
  const code = checkAdmission(call.principal, call.origin, call.now, allowedWithoutPlan);
  if (code === "plan/feature-required") throw planFeatureMissing(call.principal, call.env.CONTACT_URL);
  if (code === "auth/invalid-credential")
    throw new Problem(code, {
      detail: message("request.credentialEnded"),
    });
  if (code === "state/restored") throw restoredProblem();
  if (code === "access/denied") throw new Problem(code, { detail: KEYLESS_DETAIL });
  if (code !== null) throw new Problem(code);
  if (call.principal.isRestored && !isAllowedWhileRestored(request.operation)) throw restoredProblem();
  // A call for another account must not act on the caller's own account.
  if (call.principal.targetNotFound)
    throw new Problem("not-found", { detail: message("request.accountNotFound") });
}

const toOpenCall = (request: GateRequest, types: TypeTable): OpenCall => ({
  env: request.env,
  db: request.db,
  get now() {
    return request.now;
  },
  origin: request.origin,
  params: request.params,
  headers: request.headers,
  raw: request.raw,
  language: languageOf(request.headers.get("accept-language"), []),
  query: () => request.query(),
  body: async () => {
    request.query();
    return request.validBody();
  },
  defer: request.defer,
  findCaller: () => findCaller(request, types),
  runAsMember: (load, work) => runAsMember(request, load, work),
  retryOnConflict: (work) =>
    request.retryLoop.run(() => {
      refreshTime(request);
      return work();
    }),
});

/** The caller who sent a credential where none is needed. It is checked like any other, and always loaded. */
async function findCaller(request: GateRequest, types: TypeTable): Promise<Principal | null> {
  if (credentialOf(request.headers).kind === "none") return null;
  const principal = await (await identify(request, types)).load();
  if (principal === null)
    throw new Problem("auth/invalid-credential", {
      detail: message("request.credentialUnknown"),
    });
  requireAdmission(new CallContext(request, principal, true), request);
  return principal;
}

/** A member who acts without a call of their own is loaded in each run, not cached. */
const runAsMember = <T>(
  request: GateRequest,
  load: () => Promise<Principal | null>,
  work: (call: Call) => Promise<T>,
): Promise<T | null> =>
  request.retryLoop.run(async () => {
    refreshTime(request);
    const principal = await load();
    if (principal === null) return null;
    const call = new CallContext(request, principal, true);
    try {
      return await work(call);
    } catch (error) {
      throw error instanceof StaleStamp ? toWriteConflict(call, true) : error;
    }
  });
