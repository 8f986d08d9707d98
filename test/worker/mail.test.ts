import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { type Api, newKey, ok } from "../harness/client.ts";
import { lastMail, mailsTo, tokenOf } from "../harness/mailbox.ts";
import type { Person } from "../harness/people.ts";
import { fetch, foundPlatform, subscribed } from "./operators-world.ts";

let platform: Api;
let owner: Person;
beforeAll(async () => {
  platform = await foundPlatform();
  owner = await subscribed(platform, "team");
});

test("S4.9: one mail for each Idempotency-Key, there as soon as the answer is", async () => {
  const command = { idempotencyKey: newKey() };
  const person = { email: "Ann@Example.com", firstName: "Ann", lastName: "Arbor", roles: ["member"], notify: true };
  for (const _ of ["first", "again"]) ok(await owner.api.post("/v1/members", person, command), 201);
  const mails = await mailsTo(fetch, "ann@example.com");
  expect(mails.map(({ template }) => template)).toEqual(["invitation"]);
  expect(tokenOf(await lastMail(fetch, "ann@example.com", "invitation"))).toMatch(/^[\w-]{43}$/);
  expect(await env.DB.prepare("SELECT count(*) AS n FROM mail_outbox WHERE sent_at IS NOT NULL").first("n")).toBe(1);
});
