import { sign as githubSign } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";
import {
  type Api,
  type Fetch,
  newIdempotencyKey,
  expectStatus,
  type Problem,
  type Reply,
  toReply,
} from "./client.ts";

export type Scheme = "standard" | "stripe" | "github";

export interface Hook {
  readonly id: string;
  readonly scheme: Scheme;
  readonly secret: string;
}

export const SECRETS: Readonly<Record<Scheme, string>> = {
  standard: `whsec_${btoa("0123456789abcdef0123456789abcdef")}`,
  stripe: "whsec_0123456789abcdef0123456789",
  github: "It's a Secret to Everybody".replaceAll(" ", "-"),
};

/** What a shop tells of a new customer, by the schemes' own customs. */
export const JOIN_MAPPING = {
  typeAt: "/type",
  rules: [
    {
      when: { type: "customer.created" },
      then: {
        action: "invite",
        email: { pointer: "/data/email" },
        firstName: { pointer: "/data/name" },
        lastName: { value: "Guest" },
        externalId: { pointer: "/data/id" },
        roles: ["member"],
      },
    },
    {
      when: { type: "customer.deleted" },
      then: { action: "block", email: { pointer: "/data/email" }, externalId: { pointer: "/data/id" } },
    },
  ],
};

/** The half of it that any model has. */
export const LEAVE_MAPPING = { ...JOIN_MAPPING, rules: JOIN_MAPPING.rules.slice(1) };

/** A hook of that member, with a secret that the sender has. */
export async function newHook(
  who: Api,
  scheme: Scheme = "standard",
  mapping: object = JOIN_MAPPING,
): Promise<Hook> {
  const secret = SECRETS[scheme];
  const { id } = expectStatus(
    await who.post<{ id: string }>(
      "/v1/hooks",
      { name: "Shop", scheme, secret, mapping },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  ).body;
  return { id, scheme, secret };
}

let count = 0;
export const newMessageId = (): string => `msg_${Date.now()}_${(count += 1)}`;

export interface PostOptions {
  /** The message's name. */
  readonly id?: string;
  /** Milliseconds by which the sender's clock is off. */
  readonly skew?: number;
  readonly secret?: string;
  readonly headers?: Record<string, string>;
  readonly type?: string;
}

/** The headers of a message, as an independent library signs it. */
export async function signMessage(
  { scheme, secret: own }: Hook,
  body: string,
  { id = newMessageId(), skew = 0, secret = own, type = "" }: PostOptions = {},
): Promise<Record<string, string>> {
  const at = new Date(Date.now() + skew);
  if (scheme === "standard") {
    return {
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Webhook(secret).sign(id, at, body),
    };
  }
  if (scheme === "github")
    return {
      "x-github-delivery": id,
      "x-github-event": type,
      "x-hub-signature-256": await githubSign(secret, body),
    };
  const timestamp = Math.floor(at.getTime() / 1000);
  return {
    "stripe-signature": await new Stripe("none").webhooks.generateTestHeaderStringAsync({
      payload: body,
      secret,
      timestamp,
    }),
  };
}

export interface Received extends Problem {
  readonly id: string;
  readonly outcome: string;
  readonly duplicate: boolean;
  readonly memberId: string | null;
  readonly accountId: string | null;
  readonly rule: number | null;
}

export const postRaw = async (
  fetch: Fetch,
  hookId: string,
  body: BodyInit,
  headers: Record<string, string>,
): Promise<Reply<Received>> =>
  toReply(
    await fetch(`/v1/hooks/${hookId}`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
    }),
  );

/** Signs and posts. With Stripe's scheme the message's name is in the body. */
export async function postSigned(
  fetch: Fetch,
  hook: Hook,
  payload: object,
  options: PostOptions = {},
): Promise<Reply<Received>> {
  const body = JSON.stringify(
    hook.scheme === "stripe" ? { id: options.id ?? newMessageId(), ...payload } : payload,
  );
  return postRaw(fetch, hook.id, body, { ...(await signMessage(hook, body, options)), ...options.headers });
}

/** `invited`, `401 auth/invalid-credential`. */
export const outcomeOf = ({ status, body }: Reply<Received>): string =>
  status < 400
    ? `${body.outcome}${body.code === null ? "" : ` ${body.code}`}${body.duplicate ? " again" : ""}`
    : `${status} ${body.code}`;

export const customerEvent = (
  email: string,
  id: string = newIdempotencyKey(),
  type = "customer.created",
) => ({
  type,
  data: { email, name: "Gast", id },
});
