import { Stale } from "../../access/stamp.ts";
import type { TypeTable } from "../../access/type.ts";
import { declaredBody } from "../../kernel/http/body.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { batch } from "../../kernel/db.ts";
import { now } from "../../kernel/clock.ts";
import { Problem, restored } from "../../kernel/http/problem.ts";
import type { Locale } from "../../kernel/schema/team.ts";
import { touchKey } from "../api-keys/api-key.store.ts";
import { mayWhileRestored, refusal } from "../principals/admission.ts";
import { Attempt } from "./attempt.ts";
import type { Call, Endpoint, OpenCall } from "../calls/call.ts";
import { NO_KEYS } from "../credentials/claim.ts";
import { credentialOf } from "../credentials/credential.ts";
import { type Identity, identify, principals } from "./identify.ts";
import { Memory } from "../../kernel/memory.ts";
import { languageOf } from "../calls/language.ts";
import type { Principal } from "../principals/principal.ts";
import { withoutRestrictedAccounts } from "../calls/refusal.change.ts";
import { Replay } from "../calls/replay.ts";
import type { GateRequest } from "../calls/request.ts";
import { shown } from "../calls/shown.ts";
import { Met } from "../calls/turn.ts";

/** What the call log needs of every call. */
export interface Seen {
  principal: Principal | null;
}

/**
 * The way of one call: size and type, exactly one credential, principal, status, addresses, plan, then the
 * handler, which reads, decides, validates and commits. A cached grant set may be stale. An outcome that
 * rests on one that D1 has not confirmed is not final: the principal is loaded again and the handler runs
 * once more. It also runs again when another change came first, in its turn, until it is through.
 * @throws Problem
 */
export async function pass(
  request: GateRequest,
  endpoint: Endpoint,
  types: TypeTable,
  seen: Seen,
): Promise<Answer> {
  declaredBody(request.headers, request.operation.upload);
  if ("open" in endpoint) {
    await request.readBody();
    request.query();
    return endpoint.open(openCall(request, types));
  }
  const identity = await identify(request, types);
  return request.rounds.run(async () => {
    renewTime(request);
    return attempt(request, endpoint.handle, identity, seen);
  });
}

/** One run of the handler. @throws Met when it has to run again */
async function attempt(
  request: GateRequest,
  handle: (call: Attempt) => Promise<Answer>,
  identity: Identity,
  seen: Seen,
): Promise<Answer> {
  const remembered = principals.get(identity.memoryKey);
  const principal = remembered ?? (await identity.load());
  if (principal === null)
    throw new Problem("auth/invalid-credential", {
      detail: "The credential is not known here, or is no longer valid.",
    });
  principals.set(identity.memoryKey, principal);
  seen.principal = principal;
  const call = new Attempt(request, principal, remembered === undefined);
  request.accountId = principal.accountId;
  try {
    admit(call, request);
    await request.readBody();
    // A body may take long, and the key and the address rules are checked as of now.
    admit(call, request);
    const answer = await handle(call);
    // A change has read the query before its effect. A call that only reads may not ignore an unknown
    // parameter either.
    call.query();
    // A handler that asked D1 nothing must not answer from a stale set.
    if (!call.confirmed) await call.read();
    noteUse(call);
    return whole(request, answer, call.language);
  } catch (error) {
    if (error instanceof Replay) return error.answer;
    if (error instanceof Stale || (error instanceof Problem && !call.confirmed)) {
      principals.delete(identity.memoryKey);
      throw staleAt(call, remembered === undefined);
    }
    if (error instanceof Problem) await call.recordRefusal(error);
    throw error;
  }
}

/** A call that waited is checked as of now. */
const renewTime = (request: GateRequest): void => {
  if (request.rounds.round > 1) request.now = now();
};

/**
 * A grant set from the cache is loaded again. One that was stale as soon as it was loaded met a change of
 * member or account.
 */
const staleAt = ({ principal, method }: Attempt, isFresh: boolean): Met =>
  new Met(isFresh && method !== "GET" ? { accountId: principal.accountId, object: null } : null);

/** What every answer has: its language, the place of its list, the tag of what it shows. */
function whole(request: GateRequest, answer: Answer, language: Locale): Answer {
  const { localized, method } = request.operation;
  const listed = request.listed(localized ? inLanguage(answer, language) : answer);
  return method === "GET" ? shown(listed, request.headers.get("if-none-match")) : listed;
}

/** A cache that keeps the answer learns what it depends on. */
const inLanguage = (answer: Answer, language: Locale): Answer => ({
  ...answer,
  headers: { ...answer.headers, "Content-Language": language, Vary: "Accept-Language" },
});

/** Hours in which this isolate has noted the use of a key. */
const noted = new Memory<number>(5_000);

/** `lastUsedAt` is kept to the hour, after the answer: a busy key does not cost a row for each call. */
function noteUse(call: Attempt): void {
  const { credential: key } = call.principal;
  if (key.kind !== "key") return;
  const hour = Math.floor(call.now / 3_600_000);
  if (noted.get(key.id) === hour) return;
  noted.set(key.id, hour);
  call.defer(
    batch(call.db, [touchKey(call.db, key.id, call.now)]).catch((error: unknown) =>
      console.error({ message: "the use of a key is not noted", error: String(error) }),
    ),
  );
}

function admit(call: Attempt, request: GateRequest): void {
  // With a lapsed plan a member may still read their own card, sign out and leave.
  const { right, method, withoutPlan = right === "self" && method !== "POST" } = request.operation;
  const code = refusal(call.principal, call.origin, call.now, withoutPlan);
  if (code === "plan/feature-required") throw withoutRestrictedAccounts(call.principal, call.env.CONTACT_URL);
  if (code === "auth/invalid-credential")
    throw new Problem(code, {
      detail: "The API key or session behind this call has ended, or its member has not accepted yet.",
    });
  if (code === "state/restored") throw restored();
  if (code === "access/denied") throw new Problem(code, { detail: NO_KEYS });
  if (code !== null) throw new Problem(code);
  if (call.principal.restored && !mayWhileRestored(request.operation)) throw restored();
  // A call for another account must not act on the caller's own account.
  if (call.principal.astray)
    throw new Problem("not-found", { detail: "Tollgate-Account names no account that you may act on." });
}

const openCall = (request: GateRequest, types: TypeTable): OpenCall => ({
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
  caller: () => caller(request, types),
  act: (load, work) => act(request, load, work),
  untilThrough: (work) =>
    request.rounds.run(() => {
      renewTime(request);
      return work();
    }),
});

/** The caller who sent a credential where none is needed. It is checked like any other, and always loaded. */
async function caller(request: GateRequest, types: TypeTable): Promise<Principal | null> {
  if (credentialOf(request.headers).kind === "none") return null;
  const principal = await (await identify(request, types)).load();
  if (principal === null)
    throw new Problem("auth/invalid-credential", {
      detail: "The credential is not known here, or is no longer valid.",
    });
  admit(new Attempt(request, principal, true), request);
  return principal;
}

/** A member who acts without a call of their own is loaded in each run, not cached. */
const act = <T>(
  request: GateRequest,
  load: () => Promise<Principal | null>,
  work: (call: Call) => Promise<T>,
): Promise<T | null> =>
  request.rounds.run(async () => {
    renewTime(request);
    const principal = await load();
    if (principal === null) return null;
    const call = new Attempt(request, principal, true);
    try {
      return await work(call);
    } catch (error) {
      throw error instanceof Stale ? staleAt(call, true) : error;
    }
  });
