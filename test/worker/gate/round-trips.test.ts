import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { principalCache } from "../../../src/gate/pipeline/identity.ts";
import { sha256Hex } from "../../../src/kernel/digest.ts";
import { type Api, api, newKey, ok } from "../../harness/client.ts";
import { codeOf, lastMail } from "../../harness/mailbox.ts";
import { giveCredits, newAccount, type Person, subscribe } from "../../harness/people.ts";
import { anywhere } from "../../harness/sign-in.ts";
import { fetch } from "../access/operators-world.ts";
import { invited } from "../people/invitations-world.ts";
import { type Agency, newAgency, newTask, updateTask } from "../resources/charge-world.ts";
import { counter } from "./round-trips.ts";

const { fetch: counted, take } = counter();

let agency: Agency;
let team: Person;
let owner: Api;
let taskId = "";
beforeAll(async () => {
  agency = await newAgency(1_000);
  team = await newAccount(fetch, agency.platform, "team");
  await subscribe(agency.platform, team.accountId);
  owner = agency.owner.api.via(counted);
  taskId = ok(await newTask(owner, agency.toolId), 201).body.id;
});
beforeEach(() => void take());

/** The calls of an unknown person. */
const anybody = api(counted, null);

describe("round trips to D1, with a principal in the cache", () => {
  test("a read asks once: the stamp and the object", async () => {
    ok(await owner.get(`/v1/tasks/${taskId}`), 200);
    expect(take()).toBe("batch 1");
    ok(await owner.get("/v1/tasks"), 200);
    expect(take()).toBe("batch 1");
  });

  test("a change reads and writes", async () => {
    ok(await owner.patch(`/v1/tasks/${taskId}`, { name: newKey() }, { ifMatch: "*" }), 200);
    expect(take()).toBe("batch 2");
  });

  test("a change that costs credits looks, accepts and applies; a repeat only looks", async () => {
    ok(await newTask(owner, agency.toolId), 201);
    expect(take()).toBe("batch 3");
    const key = newKey();
    ok(await updateTask(owner, taskId, key), 200);
    expect(take()).toBe("batch 3");
    ok(await updateTask(owner, taskId, key), 200);
    expect(take()).toBe("batch 1");
  });

  test("a license that is provisioned, too", async () => {
    const { platform } = agency;
    const offer = { name: "Aurora", vendor: "Nordlys", priceAmount: 100, costPrice: 50, priceCredits: 5 };
    const themeId = ok(await platform.post<{ id: string }>("/v1/catalog", offer), 201).body.id;
    await giveCredits(platform, team.accountId, 10);
    const who = team.api.via(counted);
    ok(await who.get("/v1/me"), 200);
    take();
    ok(await who.post("/v1/licenses", { themeId }, { idempotencyKey: newKey() }), 201);
    expect(take()).toBe("batch 3");
  });
});

describe("round trips of an acceptance", () => {
  test("one for the invitation with member, account and inviter, and one write", async () => {
    for (const more of [{}, { signIn: true }]) {
      const { token } = await invited(team, { roles: ["member"] });
      ok(await anybody.post("/v1/invitations/accept", { token, ...more }), 200);
      expect(take()).toBe("raw 1, batch 1");
    }
  });

  test("by a code: four for the code, two for memberships and invitations, and one write", async () => {
    const { member } = await invited(team, { roles: ["member"] });
    const { email } = member;
    ok(await api(fetch, null).post("/v1/auth/codes", { email }, { ip: anywhere() }), 202);
    const code = codeOf(await lastMail(fetch, email, "sign_in"));
    const wanted = { email, code, accountId: team.accountId };
    ok(await anybody.post("/v1/auth/sessions", wanted, { ip: anywhere() }), 201);
    expect(take()).toBe("raw 4, batch 2");
  });
});

describe("work of the gate", () => {
  const cacheKey = (): string => `key ${sha256Hex(agency.owner.apiKey)} `;

  test("a call is admitted once, and again after a body that it waited for", async () => {
    ok(await owner.get(`/v1/tasks/${taskId}`), 200);
    const principal = principalCache.get(cacheKey()) ?? expect.fail();
    let admissions = 0;
    const watched = new Proxy(principal, {
      get: (target, name) => {
        if (name === "addressRules") admissions += 1;
        return Reflect.get(target, name) as unknown;
      },
    });
    principalCache.set(cacheKey(), watched);
    ok(await owner.get(`/v1/tasks/${taskId}`), 200);
    expect(admissions).toBe(1);
    ok(await owner.patch(`/v1/tasks/${taskId}`, { name: newKey() }, { ifMatch: "*" }), 200);
    expect(admissions).toBe(3);
    principalCache.set(cacheKey(), principal);
  });

  test("a read decides once, and a change decides its right and view once each", async () => {
    ok(await owner.get(`/v1/tasks/${taskId}`), 200);
    const principal = principalCache.get(cacheKey()) ?? expect.fail();
    const decided: string[] = [];
    const extents = new Map(principal.grantSet.extents);
    extents.get = (right) => {
      decided.push(right);
      return principal.grantSet.extents.get(right);
    };
    const grantSet = { ...principal.grantSet, extents };
    principalCache.set(cacheKey(), { ...principal, grantSet, unrestrictedGrantSet: grantSet });
    ok(await owner.get(`/v1/tasks/${taskId}`), 200);
    expect(decided.splice(0)).toEqual(["task.view"]);
    ok(await owner.del(`/v1/tasks/${taskId}`), 204);
    expect(decided.splice(0)).toEqual(["task.delete", "task.view"]);
    taskId = ok(await newTask(agency.owner.api, agency.toolId), 201).body.id;
    principalCache.set(cacheKey(), principal);
  });

  test("a principal from the cache is not put there again", async () => {
    ok(await owner.get(`/v1/tasks/${taskId}`), 200);
    const set = vi.spyOn(principalCache, "set");
    ok(await owner.get(`/v1/tasks/${taskId}`), 200);
    expect(set).not.toHaveBeenCalled();
    set.mockRestore();
  });
});
