import { z } from "zod";
import type { Idempotency } from "./idempotency.ts";
import type { ProblemCode } from "./problem.ts";

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";

/**
 * What one route takes, needs and answers. Validation, the route table, OpenAPI and the tests of all routes
 * read this, so that nothing about a route is written twice.
 */
export interface Operation<Body = unknown, Query = unknown> {
  readonly method: Method;
  /** Hono's form, e.g. `/v1/members/:id`. */
  readonly path: string;
  /** OpenAPI's name of it, a verb and a noun such as `createProduct`: generated clients call it so. */
  readonly operationId: string;
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
   * The answer with 200 when `dryRun` is in the body: what would be made. Nothing is made, and no
   * Idempotency-Key is needed.
   */
  readonly preview?: z.ZodType;
  readonly idempotency?: Idempotency;
  /** "required": answers 428 without If-Match. */
  readonly ifMatch?: "required" | "optional";
  /** Answered even while the account's plan lacks what the member's roles need. */
  readonly allowedWithoutPlan?: true;
  /**
   * The platform's members may call it while an older copy of the database waits to be accepted: it ends
   * access, or accepts.
   */
  readonly allowedWhileRestored?: true;
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
export const fileMediaType = ({ answer }: Operation): string | null =>
  answer !== undefined && "file" in answer && typeof answer.file === "string" ? answer.file : null;

/** Whether it answers a card, which has an ETag. */
export const hasCardAnswer = ({ answer }: Operation): boolean =>
  answer instanceof z.ZodObject && Object.hasOwn(answer.shape, "version");

export interface Upload {
  readonly mediaTypes: readonly string[];
  readonly maxBytes: number;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** The answer to a repeated Idempotency-Key, where `body` holds a secret that is shown once. */
  readonly replay?: unknown;
  /** The body as JSON text, where it is always the same and long. */
  readonly text?: string;
  /** A file, sent on as it is read. */
  readonly file?: ReadableStream;
  readonly headers?: Record<string, string>;
}
