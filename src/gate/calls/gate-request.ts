import { z } from "zod";
import { now } from "../../kernel/clock.ts";
import type { Origin } from "../../audit/chain/event.ts";
import type { Env } from "../../env.ts";
import { readJson, readRaw, type UploadedFile, receiveUpload } from "../../kernel/http/body.ts";
import { validate } from "../../kernel/http/validate.ts";
import { type Db, openDb } from "../../kernel/db.ts";
import { fingerprint, legacyFingerprint, parseIdempotencyKey } from "../../kernel/http/idempotency.ts";
import type { Answer, Operation } from "../../kernel/http/operation.ts";
import { bindCursor, unbindCursor } from "../../kernel/http/page.ts";
import { type RequestFault, Problem } from "../../kernel/http/problem.ts";
import { versionTag } from "./card-etag.ts";
import { RetryLoop } from "./retry-loop.ts";
import { message } from "../../kernel/messages/message.ts";

/** One HTTP request as the gate read it, once for all attempts. */
export class GateRequest {
  readonly env: Env;
  readonly db: Db;
  readonly operation: Operation;
  readonly origin: Origin;
  readonly params: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch; after the body has come in, which may take its time. */
  now: number = now();
  readonly defer: (work: Promise<unknown>) => void;
  readonly headers: Headers;
  readonly retryLoop: RetryLoop;
  /** The account that the caller acts on, once it is known. */
  accountId = "";
  /** What one run leaves to the next. */
  readonly runState = new Map<string, number>();
  readonly #request: Request;
  #json: unknown = undefined;
  #faults: readonly RequestFault[] = [];
  #query: { readonly value: unknown } | null = null;
  #reading: Promise<void> | null = null;
  #isRead = false;
  #upload: Promise<unknown> | null = null;
  /** The body as it came, where the operation asks for that. */
  raw: Uint8Array = new Uint8Array();

  constructor(input: {
    request: Request;
    env: Env;
    operation: Operation;
    origin: Origin;
    params: Record<string, string>;
    defer: (work: Promise<unknown>) => void;
  }) {
    this.#request = input.request;
    this.headers = input.request.headers;
    this.env = input.env;
    this.db = openDb(input.env.DB);
    this.operation = input.operation;
    this.origin = input.origin;
    this.params = input.params;
    this.defer = input.defer;
    this.retryLoop = new RetryLoop(input.env, input.defer);
  }

  /** Whether a body has yet to come in. An operation that takes a file reads its body later. */
  get isBodyDue(): boolean {
    return !this.#isRead && this.operation.upload === undefined && this.#request.body !== null;
  }

  /**
   * Reads the body before any handler runs. A body can be read once, so a second attempt gets what the
   * first got.
   * @throws Problem too-large, media-type, malformed
   */
  readBody(): Promise<void> {
    this.#reading ??= this.#read();
    return this.#reading;
  }

  async #read(): Promise<void> {
    const { raw } = this.operation;
    if (!this.isBodyDue) return;
    if (raw !== undefined) this.raw = await readRaw(this.#request, raw.maxBytes);
    else ({ value: this.#json, faults: this.#faults } = await readJson(this.#request));
    this.#isRead = true;
    this.now = now();
  }

  /**
   * Validated once for all calls of it.
   * @throws Problem validation
   */
  query(): unknown {
    this.#query ??= { value: this.#validQuery() };
    // A body that no handler reads is refused at the same place as an unknown parameter.
    if (this.operation.body === undefined && this.#json !== undefined) validate(NO_BODY, this.#json, "body");
    return this.#query.value;
  }

  #validQuery(): unknown {
    const { url } = this.#request;
    const { query: schema } = this.operation;
    const asked = url.indexOf("?");
    if (asked < 0 && schema === undefined) return {};
    const searchParams = new URLSearchParams(asked < 0 ? "" : url.slice(asked));
    const names = [...searchParams.keys()];
    const faulty = names.filter((name, index) => schema === undefined || names.indexOf(name) !== index);
    if (faulty.length > 0) {
      const detail =
        schema === undefined ? message("validation.unknownField") : message("validation.sentTwice");
      throw new Problem("validation", {
        errors: faulty.slice(0, 50).map((parameter) => ({ parameter, detail })),
      });
    }
    if (schema === undefined) return {};
    const sent = Object.fromEntries(searchParams);
    if (sent["cursor"] === undefined || !hasCursor(this.operation)) return validate(schema, sent, "query");
    return validate(
      schema,
      { ...sent, cursor: unbindCursor(sent["cursor"], this.#listName(searchParams)) },
      "query",
    );
  }

  /** The name of a list for its cursors: account, path and filters. The size of a page is no part of it. */
  #listName(searchParams: URLSearchParams): string {
    const filters = [...searchParams]
      .filter(([name]) => name !== "cursor" && name !== "limit")
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return JSON.stringify([this.accountId, new URL(this.#request.url).pathname, filters]);
  }

  /** A page of a list. Its cursor works in that list only. */
  bindPage(answer: Answer): Answer {
    if (!hasCursor(this.operation) || !hasNext(answer.body)) return answer;
    const name = this.#listName(new URL(this.#request.url).searchParams);
    return { ...answer, body: { ...answer.body, nextCursor: bindCursor(answer.body.nextCursor, name) } };
  }

  /** @throws Problem validation */
  validBody(): unknown {
    if (this.#faults.length > 0) throw new Problem("validation", { errors: this.#faults.slice(0, 50) });
    return this.operation.body === undefined ? undefined : validate(this.operation.body, this.#json, "body");
  }

  /**
   * The file comes in once. A second attempt gets the result of the first.
   * @throws Problem media-type, validation
   */
  upload<T>(keep: (file: UploadedFile) => Promise<T>): Promise<T> {
    this.#upload ??= this.#storeUpload(keep);
    return this.#upload as Promise<T>;
  }

  async #storeUpload(keep: (file: UploadedFile) => Promise<unknown>): Promise<unknown> {
    const { upload } = this.operation;
    if (upload === undefined) throw new Error(`${this.operation.path} takes no file`);
    const kept = await keep(receiveUpload(this.#request, upload));
    this.now = now();
    return kept;
  }

  peekField(field: string): string | null {
    const json = this.#json;
    const value: unknown =
      typeof json === "object" && json !== null && Object.hasOwn(json, field)
        ? Reflect.get(json, field)
        : null;
    return typeof value === "string" ? value : null;
  }

  /** @throws Problem malformed; idempotency/missing where the operation needs a key */
  idempotencyKey(): string | null {
    const { idempotency } = this.operation;
    if (idempotency === undefined) return null;
    const key = parseIdempotencyKey(this.headers.get("idempotency-key"));
    if (key === null && idempotency !== "optional" && !this.isPreview)
      throw new Problem("idempotency/missing");
    return key;
  }

  /** A preview makes nothing, so it needs no Idempotency-Key. */
  get isPreview(): boolean {
    const json = this.#json;
    return (
      this.operation.preview !== undefined &&
      typeof json === "object" &&
      json !== null &&
      "dryRun" in json &&
      json.dryRun === true
    );
  }

  /** The account that the call names to act on; a member's own when it names none. */
  get targetId(): string | null {
    return this.headers.get("tollgate-account");
  }

  fingerprint(): string {
    return fingerprint(this.operation.method, this.#commandPath, this.#json);
  }

  isSameCommand(remembered: string): boolean {
    return (
      remembered === this.fingerprint() ||
      remembered === legacyFingerprint(this.operation.method, this.#commandPath, this.#json)
    );
  }

  get #commandPath(): string {
    const { pathname, search } = new URL(this.#request.url);
    return `${this.targetId ?? ""}${pathname}${search}`;
  }

  /** @throws Problem precondition-required, precondition-failed */
  ifMatch(version: number): void {
    const header = this.headers.get("if-match");
    if (header === null) {
      if (this.operation.ifMatch === "required") throw new Problem("precondition-required");
      return;
    }
    const tags = header.split(",").map((tag) => tag.trim());
    if (!tags.every((tag) => ETAG.test(tag)))
      throw new Problem("malformed", {
        detail: message("request.ifMatch"),
      });
    // A proxy that compresses the answer marks its tag as weak; the version behind it is the same.
    if (!tags.some((tag) => tag === "*" || versionTag(tag) === versionEtag(version)))
      throw new Problem("precondition-failed");
  }
}

/** An id of the caller's own that is kept and handed back (X-Request-Id). */
export const isCallerRequestId = (id: string): boolean => /^[\x21-\x7e]{1,128}$/.test(id);

const ETAG = /^(?:\*|(?:W\/)?"[\x21\x23-\x7e]*")$/;

const NO_BODY = z.strictObject({});

const hasCursor = ({ query }: Operation): boolean =>
  query instanceof z.ZodObject && Object.hasOwn(query.shape, "cursor");

const hasNext = (body: unknown): body is { readonly nextCursor: string } =>
  typeof body === "object" && body !== null && "nextCursor" in body && typeof body.nextCursor === "string";

/** The strong entity tag of a row (RFC 9110 section 8.8.3). */
export const versionEtag = (version: number): string => `"${version}"`;
