import { env } from "cloudflare:workers";
import { unsubscribeToken } from "../../../src/channels/mail/one-time-token.ts";
import { api, expectStatus } from "../../harness/client.ts";
import type { Person } from "../../harness/people.ts";
import type { Contract } from "./contract.ts";

/** The end of notices: by the page, and by the mail program's one click. */
export async function mailCalls({ fetch }: Contract, member: Person): Promise<void> {
  const { token } = unsubscribeToken(env.SIGNING_KEYS, null, member.memberId);
  for (const _ of ["first", "again"])
    expectStatus(await api(fetch, null).post("/v1/unsubscribe", { token }), 204);
  expectStatus(await api(fetch, null).post("/v1/unsubscribe", { token: `${token}x` }), 404);
  expectStatus(await api(fetch, null).post("/v1/unsubscribe", {}), 422);
  const form = {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "List-Unsubscribe=One-Click",
  };
  if ((await fetch(`/v1/unsubscribe/${token}`, form)).status !== 204)
    throw new Error("one click did not unsubscribe");
  if ((await fetch("/v1/unsubscribe/none", form)).status !== 404)
    throw new Error("a link that is none was answered");
}
