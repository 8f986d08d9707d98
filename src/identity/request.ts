import { now } from "../kernel/clock.ts";
import type { Origin } from "../audit/event.ts";
import type { Env } from "../env.ts";
import { readJson, readRaw, type SentFile, sentFile, validate } from "../kernel/body.ts";
import { type Db, openDb } from "../kernel/db.ts";
import { fingerprint, idempotencyKey } from "../kernel/idempotency.ts";
import type { Operation } from "../kernel/operation.ts";
import { Problem } from "../kernel/problem.ts";

/** One HTTP request as the gate read it, once, whatever the number of attempts. */
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
  readonly #request: Request;
  #json: unknown = undefined;
  #query: { readonly value: unknown } | null = null;
  #reading: Promise<void> | null = null;
  #kept: Promise<unknown> | null = null;
  /** The body as it came, where the operation asks for that. */
  raw: Uint8Array = new Uint8Array();

  constructor(input: {
    request: Request; env: Env; operation: Operation; origin: Origin; params: Record<string, string>;
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
  }

  /**
   * Reads the body before any handler runs. A body can be read once, so a second attempt is told what the first was.
   * @throws Problem too-large, media-type, malformed
   */
  readBody(): Promise<void> {
    this.#reading ??= this.#read();
    return this.#reading;
  }

  async #read(): Promise<void> {
    const { body, raw } = this.operation;
    if (raw !== undefined) this.raw = await readRaw(this.#request, raw.maxBytes);
    else if (body !== undefined) this.#json = await readJson(this.#request);
    else return;
    this.now = now();
  }

  /** Validated once, however often it is asked. @throws Problem validation */
  query(): unknown {
    this.#query ??= { value: this.#validQuery() };
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
      throw new Problem("validation", { errors: faulty.slice(0, 50).map((pointer) => ({ pointer, detail: schema === undefined ? "is not known here" : "is sent twice" })) });
    }
    return schema === undefined ? {} : validate(schema, Object.fromEntries(searchParams), "query");
  }

  /** @throws Problem validation */
  validBody(): unknown {
    return this.operation.body === undefined ? undefined : validate(this.operation.body, this.#json, "body");
  }

  /** The file comes in once: a second attempt is told what became of it in the first. @throws Problem media-type, validation */
  upload<T>(keep: (file: SentFile) => Promise<T>): Promise<T> {
    this.#kept ??= this.#keep(keep);
    return this.#kept as Promise<T>;
  }

  async #keep(keep: (file: SentFile) => Promise<unknown>): Promise<unknown> {
    const { upload } = this.operation;
    if (upload === undefined) throw new Error(`${this.operation.path} takes no file`);
    const kept = await keep(sentFile(this.#request, upload));
    this.now = now();
    return kept;
  }

  named(member: string): string | null {
    const json = this.#json;
    const value: unknown = typeof json === "object" && json !== null && Object.hasOwn(json, member) ? Reflect.get(json, member) : null;
    return typeof value === "string" ? value : null;
  }

  /** @throws Problem malformed; idempotency/missing where the operation needs a key */
  idempotencyKey(): string | null {
    const { idempotency } = this.operation;
    if (idempotency === undefined) return null;
    const key = idempotencyKey(this.headers.get("idempotency-key"));
    if (key === null && idempotency !== "optional" && !this.isPreview) throw new Problem("idempotency/missing");
    return key;
  }

  /** What makes nothing makes nothing twice. */
  get isPreview(): boolean {
    const json = this.#json;
    return this.operation.preview !== undefined && typeof json === "object" && json !== null && "dryRun" in json && json.dryRun === true;
  }

  /** The account that the call names to act on; a member's own when it names none. */
  get targetId(): string | null {
    return this.headers.get("tollgate-account");
  }

  fingerprint(): string {
    const { pathname, search } = new URL(this.#request.url);
    return fingerprint(this.operation.method, `${this.targetId ?? ""}${pathname}${search}`, this.#json);
  }

  /** @throws Problem precondition-required, precondition-failed */
  ifMatch(version: number): void {
    const header = this.headers.get("if-match");
    if (header === null) {
      if (this.operation.ifMatch === "required") throw new Problem("precondition-required");
      return;
    }
    const tags = header.split(",").map((tag) => tag.trim());
    if (!tags.every((tag) => TAG.test(tag))) throw new Problem("malformed", { detail: "If-Match must be the ETag of the card, in its quotes, or *." });
    // A proxy that compresses the answer marks its tag as weak; the version behind it is the same.
    if (!tags.some((tag) => tag === "*" || tag.replace(/^W\//, "") === etag(version))) throw new Problem("precondition-failed");
  }
}

const TAG = /^(?:\*|(?:W\/)?"[\x21\x23-\x7e]*")$/;

/** The strong entity tag of a row (RFC 9110 section 8.8.3). */
export const etag = (version: number): string => `"${version}"`;
