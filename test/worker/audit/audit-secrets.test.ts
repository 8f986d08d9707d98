import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { platformSql } from "../../../src/commands/platform.ts";
import { type Api, api, type Fetch, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newAccount, newMemberWithoutKey, type Person, activateSubscription } from "../../harness/people.ts";

const fetch: Fetch = (path, init) => {
  const headers = new Headers(init?.headers);
  headers.set("cf-connecting-ip", "203.0.113.7");
  return (exports as unknown as { default: Fetcher }).default.fetch(`http://127.0.0.1:8787${path}`, {
    ...init,
    headers,
  } as never) as unknown as Promise<Response>;
};

let platform: Api;
let owner: Person;

interface List {
  readonly complete: boolean;
  readonly data: { readonly action: string; readonly changes: { readonly after: Record<string, unknown> } }[];
}
const trail = async (query = "") =>
  expectStatus(await owner.api.get<List>(`/v1/audit?limit=100${query}`), 200).body;

/** Everything that the hashes of the account's chain cover, in clear. */
async function bodies(): Promise<string> {
  await trail();
  const { results } = await env.DB.prepare("SELECT body FROM audit_event WHERE account_id = ?")
    .bind(owner.accountId)
    .all<{ body: string }>();
  return results.map((row) => row.body).join("\n");
}

beforeAll(async () => {
  const { sql, apiKey } = platformSql({
    email: "platform@example.com",
    name: "Platform",
    firstName: "Pia",
    lastName: "Platt",
    now: Date.now(),
  });
  for (const statement of sql) await env.DB.prepare(statement).run();
  platform = api(fetch, apiKey);
  owner = await newAccount(fetch, platform, "vendor");
  await activateSubscription(platform, owner.accountId);
});

describe("S1.38 what could name a person or open a door is sealed as a digest", () => {
  const change = { idempotencyKey: newIdempotencyKey(), ifMatch: "*" };

  test("the addresses a member may come from", async () => {
    expectStatus(
      await owner.api.post(
        "/v1/members",
        {
          firstName: "A",
          lastName: "B",
          email: "address@example.com",
          roles: ["operator"],
          allowedIps: ["198.51.100.77"],
        },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    );
    expect(await bodies()).not.toContain("198.51.100.77");
    expect((await trail("&action=member.create")).data[0]?.changes.after["allowedIps"]).toEqual([
      expect.stringContaining("198.51.100.77"),
    ]);
  });

  test("whom a plan names as its contact", async () => {
    const plan = {
      restrictedAccounts: true,
      memberLimit: null,
      contactUrl: "mailto:carol.contact@example.com",
    };
    expectStatus(await platform.put(`/v1/accounts/${owner.accountId}/plan`, plan, change), 200);
    expect(await bodies()).not.toContain("carol.contact");
    expect(JSON.stringify((await trail()).data)).toContain("carol.contact");
  });

  test("the value of a data object", async () => {
    const product = expectStatus(
      await owner.api.post<{ id: string }>(
        "/v1/products",
        { name: "Editor" },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body;
    const object = expectStatus(
      await owner.api.post<{ id: string }>(
        "/v1/data-objects",
        { name: "token", stringValue: "hunter2-created", productId: product.id },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body;
    expectStatus(
      await owner.api.patch(
        `/v1/data-objects/${object.id}`,
        { stringValue: "hunter2-edited" },
        { ifMatch: "*" },
      ),
      200,
    );
    expectStatus(await owner.api.del(`/v1/data-objects/${object.id}`, { ifMatch: "*" }), 204);
    const sealed = await bodies();
    expect(sealed).toContain("data_object.delete");
    expect(sealed).not.toContain("hunter2");
  });

  test("the name of an API key, made and revoked, and where it may be used", async () => {
    const { memberId } = await newMemberWithoutKey(owner, { roles: ["operator"] });
    const fields = { name: "Dora's laptop", allowedIps: ["198.51.100.88"] };
    const key = expectStatus(
      await owner.api.post<{ id: string }>(`/v1/members/${memberId}/api-keys`, fields, {
        idempotencyKey: newIdempotencyKey(),
      }),
      201,
    ).body;
    const revoked = await owner.api.del(`/v1/api-keys/${key.id}`, { ifMatch: "*" });
    expect(revoked.status).toBeLessThan(300);
    const sealed = await bodies();
    expect(sealed).toContain("api_key.revoke");
    for (const clear of ["Dora", "198.51.100.88"]) expect(sealed).not.toContain(clear);
    expect((await trail("&action=api_key.revoke")).data[0]).toMatchObject({
      changes: { before: { name: "Dora's laptop" } },
    });
  });
});

test("S1.38 a log says whether all of it is there: no longer after its chain was cut by hand", async () => {
  const complete = async () => [
    (await trail()).complete,
    expectStatus(await owner.api.get<List>("/v1/object-log"), 200).body.complete,
  ];
  expect(await complete()).toEqual([true, true]);
  expectStatus(
    await owner.api.post(
      "/v1/products",
      { name: "Waits for the readers" },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  );
  expect(await complete()).toEqual([true, true]);
  await env.DB.prepare(
    `DELETE FROM audit_event
     WHERE account_id = ?1 AND seq = (SELECT max(seq) FROM audit_event WHERE account_id = ?1)`,
  )
    .bind(owner.accountId)
    .run();
  expect(await complete()).toEqual([false, false]);
  expectStatus(
    await owner.api.post(
      "/v1/products",
      { name: "Cannot be sealed" },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  );
  expect(await complete()).toEqual([false, false]);
});
