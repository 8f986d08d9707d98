import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Call, endpoint } from "../../src/identity/call.ts";
import { pass } from "../../src/identity/gate.ts";
import { GateRequest } from "../../src/identity/request.ts";
import type { Answer, Operation } from "../../src/kernel/operation.ts";
import { Problem } from "../../src/kernel/problem.ts";
import { TYPE_TABLE } from "../../src/resources/registry.ts";
import { ok } from "../harness/client.ts";
import { newAccount, newMember, type Person } from "../harness/people.ts";
import { fetch, foundPlatform, ORIGIN } from "./identity-world.ts";

let owner: Person;
beforeAll(async () => { owner = await newAccount(fetch, await foundPlatform(), "vendor"); });

describe("an attempt that rests on what is remembered", () => {
  const operation: Operation = { method: "GET", path: "/x", tag: "x", summary: "X.", right: "self", status: 200 };
  /** A call of the gate itself with a handler of our own. */
  function run(credential: string, handle: (call: Call) => Promise<Answer>): Promise<Answer> {
    const request = new Request(`${ORIGIN}/x`, { headers: { authorization: `Bearer ${credential}` } });
    const origin = { requestId: "req_1", ip: null, userAgent: null };
    const asked = new GateRequest({ request, env, operation, origin, params: {}, defer: () => undefined });
    return pass(asked, endpoint(operation, handle), TYPE_TABLE, { principal: null });
  }
  const bump = (memberId: string) => env.DB.prepare("UPDATE member SET version = version + 1 WHERE id = ?").bind(memberId).run();
  const warm = async (): Promise<Person> => {
    const member = await newMember(fetch, owner, { roles: ["owner"] });
    ok(await member.api.get("/v1/me"), 200);
    return member;
  };

  test("S1.7: is made once more with rights that are loaded anew when its stamp no longer holds, and then given up", async () => {
    const member = await warm();
    const versions: number[] = [];
    const always = run(member.apiKey, async (call) => {
      versions.push(call.principal.stamp.memberVersion);
      await bump(member.memberId);
      await call.read();
      return { status: 200 };
    });
    await expect(always).rejects.toMatchObject({ code: "stale", extra: { headers: { "Retry-After": "1" } } });
    expect(versions.map((version) => version - (versions[0] ?? 0))).toEqual([0, 1]);
  });

  test("S1.7: does not refuse, and does not answer, before D1 has said that its stamp holds", async () => {
    const member = await warm();
    const runs: string[] = [];
    await bump(member.memberId);
    expect(await run(member.apiKey, async () => ({ status: runs.push("answered") }))).toEqual({ status: 2 });
    await bump(member.memberId);
    await expect(run(member.apiKey, async () => { runs.push("refused"); throw new Problem("not-found"); })).rejects.toMatchObject({ code: "not-found" });
    expect(runs).toEqual(["answered", "answered", "refused", "refused"]);
  });

  test("S1.7: writes nothing when its stamp no longer holds", async () => {
    const member = await warm();
    await bump(member.memberId);
    const rows = () => env.DB.prepare("SELECT count(*) AS n FROM resource").first<number>("n");
    const before = (await rows()) ?? 0;
    ok(await member.api.post("/v1/products", { name: "once" }), 201);
    expect(await rows()).toBe(before + 1);
  });
});
