import { z } from "zod";
import type { Upload } from "./operation.ts";
import { hasLink } from "../text/link-text.ts";
import { findAmbiguousFields } from "./ambiguous-field.ts";
import { type RequestFault, invalidHeader, Problem } from "./problem.ts";
import { message } from "../messages/message.ts";
import { ruleText } from "../messages/rule-text.ts";

/** Bytes of a request body at most. */
export const BODY_LIMIT = 65_536;

/** A body as it was read. Its faults are reported after the caller's rights were checked. */
export interface JsonBody {
  readonly value: unknown;
  readonly faults: readonly RequestFault[];
}

/**
 * The JSON value of a request; undefined when it has no body.
 * @throws Problem too-large, media-type, malformed
 */
export async function readJson(request: Request): Promise<JsonBody> {
  const bytes = await readRaw(request, BODY_LIMIT);
  if (bytes.length === 0) return { value: undefined, faults: [] };
  if (mediaType(request.headers) !== "application/json") throw new Problem("media-type");
  const value = parseJson(bytes);
  return { value, faults: findAmbiguousFields(new TextDecoder().decode(bytes)) };
}

/** @throws Problem malformed */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    throw new Problem("malformed");
  }
}

/** A body as it came; none is no bytes. @throws Problem too-large */
export async function readRaw(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  // The declared length was checked before, and the platform holds the body to it. So this is one native
  // read.
  const declared = Number(request.headers.get("content-length") ?? Infinity);
  return declared <= maxBytes
    ? new Uint8Array(await request.arrayBuffer())
    : readBytes(request.body, maxBytes);
}

/**
 * What the headers alone say of a body, before the credential is read.
 * @throws Problem too-large, media-type
 */
export function checkBodyHeaders(headers: Headers, upload?: Upload): void {
  const { maxBytes, mediaTypes } = upload ?? JSON_ONLY;
  if (Number(headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(upload);
  const type = mediaType(headers);
  if (type !== null && !mediaTypes.includes(type)) throw wrongMediaType(upload);
}

const JSON_ONLY: Upload = { maxBytes: BODY_LIMIT, mediaTypes: ["application/json"] };

const tooLarge = (upload?: Upload): Problem =>
  new Problem(
    "too-large",
    upload === undefined ? {} : { detail: message("request.maxBytes", { max: upload.maxBytes }) },
  );
const wrongMediaType = (upload?: Upload): Problem =>
  new Problem(
    "media-type",
    upload === undefined ? {} : { detail: message("request.mediaTypes", { types: upload.mediaTypes }) },
  );

/** A file on its way in. Its length is the declared one; the store that keeps it checks that. */
export interface UploadedFile {
  readonly body: ReadableStream<Uint8Array>;
  readonly size: number;
  readonly contentType: string;
}

/**
 * @throws Problem media-type; validation without a length, which a store of files needs to know beforehand
 */
export function receiveUpload(request: Request, upload: Upload): UploadedFile {
  const contentType = mediaType(request.headers);
  if (contentType === null) throw wrongMediaType(upload);
  const size = Number(request.headers.get("content-length") ?? 0);
  if (request.body === null || !Number.isSafeInteger(size) || size < 1)
    throw invalidHeader("Content-Length", message("request.fileLength", { max: upload.maxBytes }));
  return { body: request.body, size, contentType };
}

const mediaType = (headers: Headers): string | null =>
  headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? null;

/** The length is counted as it arrives: a header may lie, and a chunked body has none. */
async function readBytes(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxBytes) throw new Problem("too-large");
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** A patch without the members that were not sent. */
export const omitUndefined = <T extends object>(patch: T) =>
  Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };

/**
 * Characters that turn the text around it, control characters, and halves of a character. Characters that
 * join or part mails inside a word, and emoji, stay.
 */
const CONTROL = /[\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]/u;
/** A visible character: neither a space nor a filler. */
const VISIBLE = /[^\p{Default_Ignorable_Code_Point}\p{Z}\p{C}\u2800]/u;

/** The same where lines may break, and tabs stand between columns. */
const CONTROL_IN_NOTE = /[^\P{Cc}\n\t]|[\p{Cs}\u202A-\u202E\u2066-\u2069]/u;

/**
 * One line of text that a person wrote: trimmed, something to see, no control characters, no lone surrogates.
 * What is too long is not looked into.
 */
export const singleLineText = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max, { abort: true })
    .refine((value) => !CONTROL.test(value), ruleText("validation.controlCharacters"))
    .refine((value) => value === "" || VISIBLE.test(value), ruleText("validation.invisible"));

/**
 * A name that can be shown in a mail. It holds no link, so that no writer of a name leads readers to a page
 * of their choice.
 */
export const displayName = (max: number) =>
  singleLineText(max).refine((value) => !hasLink(value), ruleText("validation.link"));

const freeText = (max: number, control: RegExp) =>
  z
    .string()
    .overwrite((value) => value.replaceAll(/\r\n?/g, "\n"))
    .trim()
    .max(max, { abort: true })
    .refine((value) => !control.test(value), ruleText("validation.controlCharacters"))
    .refine((value) => value === "" || VISIBLE.test(value), ruleText("validation.invisible"));

/** An empty text is stored as null. */
const nullIfEmpty = (schema: z.ZodString) =>
  schema
    .nullable()
    .transform((value) => (value === "" ? null : value))
    .pipe(z.string().nullable());

/** One line of text that may be left out; an empty one is null. */
export const optionalText = (max: number) => nullIfEmpty(freeText(max, CONTROL));

/** Text of several lines, such as a comment, that may be left out; an empty one is null. */
export const optionalMultilineText = (max: number) => nullIfEmpty(freeText(max, CONTROL_IN_NOTE));

/** Text of several lines, or none. */
export const multilineText = (max: number) => freeText(max, CONTROL_IN_NOTE);

/** A name that may be left out; an empty one is null. */
export const optionalName = (max: number) =>
  nullIfEmpty(freeText(max, CONTROL).refine((value) => !hasLink(value), ruleText("validation.link")));

/** A time as it is stored: in UTC. It may be sent with any offset. */
export const instant = z.iso
  .datetime({
    offset: true,
    error: ruleText("validation.time"),
  })
  .transform((value) => (value.endsWith("Z") ? value : new Date(value).toISOString()))
  .pipe(z.iso.datetime({ error: ruleText("validation.timeRange") }));

/** An amount in the smallest unit of its currency, such as cents. */
export const money = z
  .number()
  .int()
  .min(0)
  .max(1_000_000_000_000)
  .describe("In the smallest unit of the currency.");

/** The quantity of a purchase. */
export const quantity = z.number().int().min(1).max(1_000_000);

const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));

/** ISO 4217. */
export const currency = z
  .string()
  .regex(/^[A-Z]{3}$/, ruleText("validation.currencyCode"))
  .refine((code) => CURRENCIES.has(code), ruleText("validation.currencyUnused"));

/** The body of a command that needs nothing beside its path. */
export const NO_FIELDS = z.strictObject({}).meta({ id: "NoFields" });
