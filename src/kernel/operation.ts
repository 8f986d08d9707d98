import { z } from "zod";
import type { Idempotency } from "./idempotency.ts";
import type { ProblemCode } from "./problem.ts";

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";

/**
 * What one route takes, needs and answers. Validation, the route table, OpenAPI and the tests that walk the
 * routes all read this, so nothing about a route is written twice.
 */
export interface Operation<Body = unknown, Query = unknown> {
  readonly method: Method;
  /** Hono's form, e.g. `/v1/members/:id`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  /**
   * The right that decides. "self": any active member about itself. "member": any active member. "public": no
   * credential.
   */
  readonly right: string;
  readonly body?: z.ZodType<Body>;
  /** The body is a file instead, of one of these media types and so many bytes at most. */
  readonly upload?: Upload;
  /** The body is read as the bytes that came, at most so many, because another system signed them. */
  readonly raw?: { readonly maxBytes: number };
  readonly query?: z.ZodType<Query>;
  /** What is answered: JSON, or a file of this media type. */
  readonly answer?: z.ZodType | FileAnswer;
  readonly status: 200 | 201 | 202 | 204;
  /**
   * What it answers with 200 when `dryRun` is in its body: what would be made. It makes nothing, and needs no
   * Idempotency-Key.
   */
  readonly preview?: z.ZodType;
  readonly idempotency?: Idempotency;
  /** "required": answers 428 without If-Match. */
  readonly ifMatch?: "required" | "optional";
  /** Answered even while the account's plan lacks what the member's roles need. */
  readonly withoutPlan?: true;
  /**
   * While the platform's own older copy waits, its members read, end access and accept: this is one of the
   * latter.
   */
  readonly whileRestored?: true;
  /** Its texts are in the language of the call. */
  readonly localized?: true;
  /** Problem codes beyond those that every route may answer. */
  readonly problems?: readonly ProblemCode[];
}

export interface FileAnswer {
  /** Media type. */
  readonly file: string;
}

/** The media type of the file that an operation answers; null where it answers JSON, or nothing. */
export const fileType = ({ answer }: Operation): string | null =>
  answer !== undefined && "file" in answer && typeof answer.file === "string" ? answer.file : null;

/** Whether it answers a card, which has an ETag. */
export const isCard = ({ answer }: Operation): boolean =>
  answer instanceof z.ZodObject && Object.hasOwn(answer.shape, "version");

export interface Upload {
  readonly mediaTypes: readonly string[];
  readonly maxBytes: number;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** What a repeated Idempotency-Key is answered instead, where the body shows a secret once. */
  readonly replay?: unknown;
  /** The body as JSON text, where it is always the same and long. */
  readonly text?: string;
  /** A file, sent on as it is read. */
  readonly file?: ReadableStream;
  readonly headers?: Record<string, string>;
}
