import { z } from "zod";
import { iso, DAY_MS } from "../../kernel/clock.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { type Endpoint, openEndpoint } from "../calls/call.ts";
import { pingDatabase } from "./health.store.ts";

const health = openEndpoint(
  {
    method: "GET",
    path: "/health",
    operationId: "checkHealth",
    tag: "Documentation",
    right: "public",
    status: 200,
    summary: "Whether the gate can work: it runs, and reaches its database.",
    answer: z.object({ status: z.literal("ok") }).meta({ id: "Health" }),
    problems: ["unavailable"],
  },
  async ({ db }) => {
    try {
      await pingDatabase(db);
    } catch (error) {
      console.error({ message: "the database cannot be reached", error: String(error) });
      throw new Problem("unavailable", { headers: { "Retry-After": "10", "Cache-Control": "no-store" } });
    }
    return { status: 200, body: { status: "ok" as const }, headers: { "Cache-Control": "no-store" } };
  },
);

const TEXT = "text/plain; charset=utf-8";

/**
 * RFC 9116. Each answer is good for 90 days, so that an address that is not kept any longer is not trusted.
 */
const security = openEndpoint(
  {
    method: "GET",
    path: "/.well-known/security.txt",
    operationId: "getSecurityContact",
    tag: "Documentation",
    right: "public",
    status: 200,
    summary: "Whom to tell of a weakness of this gate (RFC 9116).",
    answer: { file: TEXT },
  },
  async ({ env, now }) => ({
    status: 200,
    headers: { "Content-Type": TEXT, "Cache-Control": "public, max-age=3600" },
    text: [
      `Contact: ${env.SECURITY_CONTACT}`,
      `Expires: ${iso(now + 90 * DAY_MS)}`,
      "Preferred-Languages: en, ru",
      `Canonical: ${env.ISSUER.replace(/\/+$/, "")}/.well-known/security.txt`,
      "",
    ].join("\n"),
  }),
);

export const healthEndpoints: readonly Endpoint[] = [health, security];
