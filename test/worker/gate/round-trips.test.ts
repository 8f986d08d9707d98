import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { principalCache } from "../../../src/gate/pipeline/identity.ts";
import { sha256Hex } from "../../../src/kernel/digest.ts";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { codeOf, lastMail } from "../../harness/mailbox.ts";
import { giveCredits, type Person } from "../../harness/people.ts";
import { nextClientIp } from "../../harness/sign-in.ts";
import { createSubscribedAccount, fetch } from "../access/operators-fixture.ts";
import { createInvitation } from "../people/invitations-fixture.ts";
import { type Agency, createAgency, createTask, updateTask } from "../resources/charge-fixture.ts";
import { counter } from "./round-trips.ts";

const { fetch: counted, take } = counter();

let agency: Agency;
let team: Person;
let owner: Api;
let taskId = "";
beforeAll(async () => {
  agency = await createAgency(1_000);
  team = await createSubscribedAccount(agency.platform, "team");
  owner = agency.owner.api.via(counted);
  taskId = expectStatus(await createTask(owner, agency.toolId), 201).body.id;
});
beforeEach(() => void take());

/** The calls of an unknown person. */
const anybody = api(counted, null);

describe("round trips to D1, with a principal in the cache", () => {
  test("a read asks once: the stamp and the object", async () => {
    expectStatus(await owner.get(`/v1/tasks/${taskId}`), 200);
    expect(take()).toBe("batch 1");
    expectStatus(await owner.get("/v1/tasks"), 200);
    expect(take()).toBe("batch 1");
  });

  test("a change reads and writes", async () => {
    expectStatus(
      await owner.patch(`/v1/tasks/${taskId}`, { name: newIdempotencyKey() }, { ifMatch: "*" }),
      200,
    );
    expect(take()).toBe("batch 2");
  });

  test("a change that costs credits looks, accepts and applies; a repeat only looks", async () => {
    expectStatus(await createTask(owner, agency.toolId), 201);
    expect(take()).toBe("batch 3");
    const key = newIdempotencyKey();
    expectStatus(await updateTask(owner, taskId, key), 200);
    expect(take()).toBe("batch 3");
    expectStatus(await updateTask(owner, taskId, key), 200);
    expect(take()).toBe("batch 1");
  });

  test("a license that is provisioned, too", async () => {
    const { platform } = agency;
    const offer = { name: "Aurora", vendor: "Nordlys", priceAmount: 100, costPrice: 50, priceCredits: 5 };
    const themeId = expectStatus(await platform.post<{ id: string }>("/v1/catalog", offer), 201).body.id;
    await giveCredits(platform, team.accountId, 10);
    const who = team.api.via(counted);
    expectStatus(await who.get("/v1/me"), 200);
    take();
    expectStatus(await who.post("/v1/licenses", { themeId }, { idempotencyKey: newIdempotencyKey() }), 201);
    expect(take()).toBe("batch 3");
  });
});

describe("round trips of an acceptance", () => {
  test("one for the invitation with member, account and inviter, and one write", async () => {
    for (const more of [{}, { signIn: true }]) {
      const { token } = await createInvitation(team, { roles: ["member"] });
      expectStatus(await anybody.post("/v1/invitations/accept", { token, ...more }), 200);
      expect(take()).toBe("raw 1, batch 1");
    }
  });

  test("by a code: four for the code, two for memberships and invitations, and one write", async () => {
    const { member } = await createInvitation(team, { roles: ["member"] });
    const { email } = member;
    expectStatus(await api(fetch, null).post("/v1/auth/codes", { email }, { ip: nextClientIp() }), 202);
    const code = codeOf(await lastMail(fetch, email, "sign_in"));
    const wanted = { email, code, accountId: team.accountId };
    expectStatus(await anybody.post("/v1/auth/sessions", wanted, { ip: nextClientIp() }), 201);
    expect(take()).toBe("raw 4, batch 2");
  });
});

describe("work of the gate", () => {
  const cacheKey = (): string => `key ${sha256Hex(agency.owner.apiKey)} `;

  test("a call is admitted once, and again after a body that it waited for", async () => {
    expectStatus(await owner.get(`/v1/tasks/${taskId}`), 200);
    const principal = principalCache.get(cacheKey()) ?? expect.fail();
    let admissions = 0;
    const watched = new Proxy(principal, {
      get: (target, name) => {
        if (name === "addressRules") admissions += 1;
        return Reflect.get(target, name) as unknown;
      },
    });
    principalCache.set(cacheKey(), watched);
    expectStatus(await owner.get(`/v1/tasks/${taskId}`), 200);
    expect(admissions).toBe(1);
    expectStatus(
      await owner.patch(`/v1/tasks/${taskId}`, { name: newIdempotencyKey() }, { ifMatch: "*" }),
      200,
    );
    expect(admissions).toBe(3);
    principalCache.set(cacheKey(), principal);
  });

  test("a read decides once, and a change decides its right and view once each", async () => {
    expectStatus(await owner.get(`/v1/tasks/${taskId}`), 200);
    const principal = principalCache.get(cacheKey()) ?? expect.fail();
    const decided: string[] = [];
    const extents = new Map(principal.grantSet.extents);
    extents.get = (right) => {
      decided.push(right);
      return principal.grantSet.extents.get(right);
    };
    const grantSet = { ...principal.grantSet, extents };
    principalCache.set(cacheKey(), { ...principal, grantSet, unrestrictedGrantSet: grantSet });
    expectStatus(await owner.get(`/v1/tasks/${taskId}`), 200);
    expect(decided.splice(0)).toEqual(["task.view"]);
    expectStatus(await owner.del(`/v1/tasks/${taskId}`), 204);
    expect(decided.splice(0)).toEqual(["task.delete", "task.view"]);
    taskId = expectStatus(await createTask(agency.owner.api, agency.toolId), 201).body.id;
    principalCache.set(cacheKey(), principal);
  });

  test("a principal from the cache is not put there again", async () => {
    expectStatus(await owner.get(`/v1/tasks/${taskId}`), 200);
    const set = vi.spyOn(principalCache, "set");
    expectStatus(await owner.get(`/v1/tasks/${taskId}`), 200);
    expect(set).not.toHaveBeenCalled();
    set.mockRestore();
  });
});
