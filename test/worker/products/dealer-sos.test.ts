import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newAccount, type Person } from "../../harness/people.ts";
import { postOnce, createDealerKey } from "./dealer-fixture.ts";
import { fetchWithDelayedWrite } from "../gate/delayed-write.ts";
import { fetch, createPlatform, HOME_IP, listIds, createObject, said } from "../access/operators-fixture.ts";

const REASONS = [
  "equipment_replacement",
  "key_replacement",
  "emergency_installation",
  "emergency_upgrade",
  "payment_overdue",
  "weekend",
];

let platform: Api;
beforeAll(async () => {
  platform = await createPlatform();
});

/** A dealer with an object. */
async function dealer(): Promise<{ manager: Person; newKey: (more?: object) => Promise<string> }> {
  const manager = await newAccount(fetch, platform, "dealer");
  const objectId = await createObject(manager, "objects", { name: "Shop" });
  return { manager, newKey: (more) => createDealerKey(manager, objectId, more) };
}

const ask = async ({ api }: Person, body: object): Promise<string> =>
  said(await postOnce(api, "sos-licenses", body));
const events = async (accountId: string, action: string, outcome = "success") =>
  env.DB.prepare(
    `SELECT (SELECT COUNT(*) FROM audit_event WHERE account_id = ?1 AND action = ?2 AND outcome = ?3) +
       (SELECT COUNT(*) FROM audit_outbox
        WHERE account_id = ?1 AND event ->> 'action' = ?2 AND event ->> 'outcome' = ?3) AS n`,
  )
    .bind(accountId, action, outcome)
    .first("n");

describe("S3.49 SOS licenses", () => {
  it("S3.49 are for 15 to 45 days, or exactly 5 with a subscription, and have a reason", async () => {
    const { manager, newKey: keyOf } = await dealer();
    const plain = await keyOf();
    const saas = await keyOf({ saas: true });
    const answers = async (keyId: string, list: readonly unknown[]) =>
      Promise.all(list.map((days) => ask(manager, { keyId, days, reason: "weekend" })));
    expect(new Set(await answers(plain, [-1, 0, 5, 14, 46, 15.5, "20", null]))).toEqual(
      new Set(["422 validation"]),
    );
    expect(new Set(await answers(saas, [4, 6, 15, 45]))).toEqual(new Set(["422 validation"]));
    for (const reason of [undefined, null, "", "holiday", 1])
      expect(await ask(manager, { keyId: plain, days: 20, reason })).toBe("422 validation");
    expect(said(await platform.get(`/v1/accounts/${manager.accountId}/sos-block`))).toBe("404 not-found");
    for (const days of [15, 45])
      expect(await ask(manager, { keyId: await keyOf(), days, reason: "weekend" })).toBe("201");
    for (const reason of REASONS)
      expect(await ask(manager, { keyId: await keyOf(), days: 30, reason })).toBe("201");
    const { body } = expectStatus(
      await postOnce(manager.api, "sos-licenses", { keyId: saas, days: 5, reason: "payment_overdue" }),
      201,
    );
    expect(Date.parse(String(body["expiresAt"])) - Date.parse(String(body["createdAt"]))).toBe(
      5 * 86_400_000,
    );
    expect([body["keyId"], body["reason"], body["days"]]).toEqual([saas, "payment_overdue", 5]);
  });

  it("S3.49 a second one for a key blocks them for the dealer until the platform clears it", async () => {
    const { manager, newKey: keyOf } = await dealer();
    const bystander = await dealer();
    const [used, fresh] = [await keyOf(), await keyOf()];
    const path = `/v1/accounts/${manager.accountId}/sos-block`;
    const repeated = { idempotencyKey: newIdempotencyKey() };
    for (const _ of ["first", "again"])
      expectStatus(
        await manager.api.post("/v1/sos-licenses", { keyId: used, days: 20, reason: "weekend" }, repeated),
        201,
      );
    expect(said(await platform.get(path))).toBe("404 not-found");
    expect(await ask(manager, { keyId: used, days: 20, reason: "weekend" })).toBe("409 conflict/sos-blocked");
    expect(await ask(manager, { keyId: fresh, days: 20, reason: "weekend" })).toBe(
      "409 conflict/sos-blocked",
    );
    expect(
      await ask(bystander.manager, { keyId: await bystander.newKey(), days: 20, reason: "weekend" }),
    ).toBe("201");
    expect(expectStatus(await platform.get(path), 200).body).toMatchObject({
      accountId: manager.accountId,
      keyId: used,
      memberId: manager.memberId,
    });
    for (const call of [manager.api.get(path), manager.api.del(path)])
      expect(said(await call)).toBe("403 access/denied");
    // Regular licenses go on.
    expectStatus(await postOnce(manager.api, `keys/${fresh}/licenses`, { days: 30 }), 201);
    expectStatus(await platform.del(path), 204);
    expect(said(await platform.del(path))).toBe("404 not-found");
    expect(await ask(manager, { keyId: fresh, days: 20, reason: "weekend" })).toBe("201");
    expect(await ask(manager, { keyId: used, days: 20, reason: "weekend" })).toBe("409 conflict/sos-blocked");
    const platformId =
      (await env.DB.prepare("SELECT id FROM account WHERE kind = 'platform'").first<string>("id")) ?? "";
    expect([
      await events(manager.accountId, "sos_license.block"),
      await events(manager.accountId, "sos_license.clear"),
      await events(platformId, "sos_license.clear"),
    ]).toEqual([2, 1, 1]);
    for (const id of ["acc_01ARZ3NDEKTSV4RRFFQ69G5FAV", platformId, "x"])
      expect(said(await platform.get(`/v1/accounts/${id}/sos-block`))).toBe("404 not-found");
  });

  it("S3.49 of fifty at once for one key exactly one is made, and the dealer is blocked once", async () => {
    const { manager, newKey: keyOf } = await dealer();
    const keyId = await keyOf();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => ask(manager, { keyId, days: 20, reason: "weekend" })),
    );
    expect(
      Object.fromEntries(
        Map.groupBy(answers, String)
          .entries()
          .map(([answer, all]) => [answer, all.length]),
      ),
    ).toEqual({ "201": 1, "409 conflict/sos-blocked": 49 });
    expect((await listIds(manager.api, `sos-licenses?keyId=${keyId}`)).length).toBe(1);
    expect(await events(manager.accountId, "sos_license.block")).toBe(1);
    expect(await events(manager.accountId, "sos_license.generate")).toBe(1);
    // Equal refusals of one member within minutes are gathered in one row.
    expect(await events(manager.accountId, "sos_license.generate", "failed")).toBe(1);
  });

  it("S3.49 a licensed key keeps serial and kind: no second license under another name", async () => {
    const { manager, newKey: keyOf } = await dealer();
    const change = async (id: string, body: object) =>
      said(await manager.api.patch(`/v1/keys/${id}`, body, { ifMatch: "*" }));
    const [sos, licensed] = [await keyOf({ serial: "HW-1" }), await keyOf({ serial: "HW-2", saas: true })];
    for (const id of [sos, licensed])
      expect([await change(id, { saas: true }), await change(id, { saas: false })]).toEqual(["200", "200"]);
    expect(await ask(manager, { keyId: sos, days: 45, reason: "weekend" })).toBe("201");
    expectStatus(await postOnce(manager.api, `keys/${licensed}/licenses`, { days: 30 }), 201);
    for (const id of [sos, licensed])
      for (const body of [{ serial: "HW-9" }, { saas: true }, { product: "x", serial: "hw-1" }])
        expect(await change(id, body)).toBe("409 conflict/state");
    expect([
      await change(sos, { serial: "HW-1", saas: false, product: "Video" }),
      await change(await keyOf(), { serial: "HW-3" }),
    ]).toEqual(["200", "200"]);
  });

  it("S3.49 a license that was decided before the block is not made after it", async () => {
    const { manager, newKey: keyOf } = await dealer();
    const [used, other] = [await keyOf(), await keyOf()];
    expect(await ask(manager, { keyId: used, days: 20, reason: "weekend" })).toBe("201");
    let wasHeld = false;
    const held = fetchWithDelayedWrite(async () => {
      wasHeld = true;
      expect(await ask(manager, { keyId: used, days: 20, reason: "weekend" })).toBe(
        "409 conflict/sos-blocked",
      );
    });
    expectStatus(
      await manager.api.via(fetchWithDelayedWrite(async () => {})).get("/v1/sos-licenses", { ip: HOME_IP }),
      200,
    );
    const answer = await manager.api
      .via(held)
      .post(
        "/v1/sos-licenses",
        { keyId: other, days: 20, reason: "weekend" },
        { idempotencyKey: newIdempotencyKey(), ip: HOME_IP },
      );
    expect([wasHeld, said(answer)]).toEqual([true, "409 conflict/sos-blocked"]);
    expect(await listIds(manager.api, `sos-licenses?keyId=${other}`)).toEqual([]);
  });
});
