import { beforeAll, describe, expect, test } from "vitest";
import { type Api, api, type Fetch, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { fetchWithDelayedWrite } from "../gate/delayed-write.ts";
import {
  OTHER_IP,
  fetch,
  createPlatform,
  replaceGrants,
  HOME_IP,
  createObject,
  said,
  createSubscribedAccount,
} from "./operators-fixture.ts";

let platform: Api;
beforeAll(async () => {
  platform = await createPlatform();
});

interface World {
  readonly owner: Person;
  readonly member: Person;
  readonly product: string;
}

const CHANGES: ReadonlyArray<
  readonly [title: string, change: (world: World) => Promise<unknown>, refusal: string]
> = [
  ["a grant is taken", ({ owner, member }) => replaceGrants(owner, member.memberId, []), "404 not-found"],
  [
    "a grant is lowered",
    ({ owner, member }) =>
      replaceGrants(owner, member.memberId, [{ resourceType: "product", access: "view" }]),
    "403 access/denied",
  ],
  [
    "the member is blocked",
    async ({ owner, member }) =>
      expectStatus(await owner.api.post(`/v1/members/${member.memberId}/block`), 200),
    "401 auth/blocked",
  ],
  [
    "the key is revoked",
    async ({ owner, member }) => {
      const { body } = expectStatus(await member.api.get<{ key: { id: string } }>("/v1/me"), 200);
      expectStatus(await owner.api.del(`/v1/api-keys/${body.key.id}`), 204);
    },
    "401 auth/invalid-credential",
  ],
  [
    "an address rule leaves the caller out",
    async ({ owner, member }) =>
      expectStatus(
        await owner.api.patch(`/v1/members/${member.memberId}`, { allowedIps: [OTHER_IP] }, { ifMatch: "*" }),
        200,
      ),
    "403 ip/not-allowed",
  ],
  [
    "the account's plan loses its operators",
    async ({ owner }) =>
      expectStatus(
        await platform.put(`/v1/accounts/${owner.accountId}/plan`, {
          restrictedAccounts: false,
          memberLimit: null,
          contactUrl: null,
        }),
        200,
      ),
    "402 plan/feature-required",
  ],
];

describe("S1.7 a write that was decided before a change is not made after it", () => {
  test.each(CHANGES)("when %s in between", async (_, change, refusal) => {
    const owner = await createSubscribedAccount(platform, "vendor");
    const member = await newMember(fetch, owner, {
      roles: ["operator"],
      grants: [{ resourceType: "product", access: "edit" }],
    });
    const world = { owner, member, product: await createObject(owner, "products", { name: "Editor" }) };
    const edit = (through: Fetch, name: string) =>
      api(through, member.apiKey).patch(
        `/v1/products/${world.product}`,
        { name },
        { ifMatch: "*", ip: HOME_IP },
      );
    // Known here from now on, with the rights of this moment.
    expectStatus(
      await edit(
        fetchWithDelayedWrite(async () => {}),
        "Editor 2",
      ),
      200,
    );
    let wasHeld = false;
    const answer = await edit(
      fetchWithDelayedWrite(async () => {
        await change(world);
        wasHeld = true;
      }),
      "Editor 3",
    );
    expect([wasHeld, said(answer)]).toEqual([true, refusal]);
    expect(expectStatus(await owner.api.get(`/v1/products/${world.product}`), 200).body["name"]).toBe(
      "Editor 2",
    );
  });

  test("when nothing changed that it rests on, it is made", async () => {
    const owner = await createSubscribedAccount(platform, "vendor");
    const product = await createObject(owner, "products", { name: "Editor" });
    const through = fetchWithDelayedWrite(async () => newMember(fetch, owner, { roles: ["operator"] }));
    expectStatus(
      await api(through, owner.apiKey).patch(
        `/v1/products/${product}`,
        { name: "Editor 2" },
        { ifMatch: "*", ip: HOME_IP },
      ),
      200,
    );
  });

  test("when another edits the object in between, If-Match decides: an old version is 412", async () => {
    const owner = await createSubscribedAccount(platform, "vendor");
    const product = await createObject(owner, "products", { name: "Editor" });
    const through = fetchWithDelayedWrite(async () =>
      expectStatus(
        await owner.api.patch(`/v1/products/${product}`, { name: "First" }, { ifMatch: '"1"' }),
        200,
      ),
    );
    expect(
      said(
        await api(through, owner.apiKey).patch(
          `/v1/products/${product}`,
          { name: "Second" },
          { ifMatch: '"1"', ip: HOME_IP },
        ),
      ),
    ).toBe("412 precondition-failed");
    expect(expectStatus(await owner.api.get(`/v1/products/${product}`), 200).body["name"]).toBe("First");
  });

  test("two creations under one Idempotency-Key at the same time make one", async () => {
    const owner = await createSubscribedAccount(platform, "vendor");
    const key = newIdempotencyKey();
    const create = (through: Fetch) =>
      api(through, owner.apiKey).post<{ id: string }>(
        "/v1/products",
        { name: "Editor" },
        { idempotencyKey: key, ip: HOME_IP },
      );
    let first: unknown;
    const second = expectStatus(
      await create(
        fetchWithDelayedWrite(async () => {
          first = expectStatus(await create(fetch), 201).body;
        }),
      ),
      201,
    );
    expect(second.body).toEqual(first);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
  });
});
