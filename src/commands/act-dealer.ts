import { as } from "./cast.ts";
import { ask, type Caller, check, rowsOf, textAt } from "./client.ts";
import type { Login } from "./local.ts";
import { equip, joined, make, opened, peopleOf, type Stage } from "./stage.ts";

/** Ulf licenses the key of an object that is in his group, and gets one SOS license, not two. */
async function licenseKey(dana: Caller, ulf: Caller, userId: string, run: string): Promise<void> {
  const group = await make(dana, "/v1/object-groups", { name: "Harbour" });
  const objectId = await make(dana, "/v1/objects", { name: "Lighthouse hotel", city: "Kiel" });
  const keyId = await make(dana, "/v1/keys", { objectId, serial: `TOUR-${run}` });
  await ask(dana, {
    method: "PUT",
    path: `/v1/members/${userId}/object-groups`,
    body: { groupIds: [group] },
    expect: 200,
  });
  await ask(ulf, { method: "GET", path: `/v1/objects/${objectId}`, expect: 404 });
  await ask(dana, {
    method: "POST",
    path: `/v1/object-groups/${group}/objects`,
    body: { objectId },
    expect: 200,
  });
  await ask(ulf, { method: "GET", path: `/v1/objects/${objectId}`, expect: 200 });
  await ask(ulf, {
    method: "POST",
    path: `/v1/keys/${keyId}/licenses`,
    headers: { "idempotency-key": "license" },
    body: { days: 20 },
    expect: 201,
  });
  const report = await ask(ulf, { method: "GET", path: "/v1/reports/expiring-licenses", expect: 200 });
  check(JSON.stringify(report.body).includes(keyId), "the key is in the report of licenses that expire");
  const sos = (key: string) => ({
    method: "POST",
    path: "/v1/sos-licenses",
    headers: { "idempotency-key": key },
    body: { keyId, days: 15, reason: "weekend" },
  });
  await ask(ulf, { ...sos("sos-1"), expect: 201 });
  await ask(ulf, { ...sos("sos-2"), expect: 409, code: "conflict/sos-blocked" });
}

/** Dana looks into her sub-dealer's account; Ulf may not. */
async function lookBelow({ platform, now }: Stage, manager: Login, dana: Caller, ulf: Caller): Promise<void> {
  const person = peopleOf("dealer", now);
  const below = await opened(platform, "Finn Fjord", {
    kind: "subdealer",
    name: `Tour sub-dealer ${now.toString(36)}`,
    parentId: manager.accountId,
    owner: person("Finn", "Fjord"),
  });
  const there = { "tollgate-account": below.accountId };
  await ask(dana, { method: "GET", path: "/v1/objects", headers: there, expect: 200 });
  await ask(ulf, { method: "GET", path: "/v1/objects", headers: there, expect: 404, code: "not-found" });
  await ask(as(platform, below), { method: "GET", path: `/v1/dealers/${below.accountId}`, expect: 200 });
  const dealers = rowsOf<{ id: string }>(
    await ask(dana, { method: "GET", path: "/v1/dealers", expect: 200 }),
  );
  check(
    dealers.some(({ id }) => id === below.accountId),
    "the manager sees the sub-dealer",
  );
  check(
    textAt(await ask(dana, { method: "GET", path: "/v1/me", expect: 200 }), "account.id") ===
      manager.accountId,
    "without the header, a call acts at home",
  );
}

/** Dealer: object groups, licenses, one SOS license for each key, and a look at a sub-dealer. */
export const DEALER = {
  title:
    "A dealer: Ulf sees the objects of his group, Finn the sub-dealer generates licenses, " +
    "Dana sees what Finn's account holds",
  async play(stage: Stage): Promise<void> {
    const { platform, now } = stage;
    const run = now.toString(36);
    const person = peopleOf("dealer", now);
    const manager = await opened(platform, "Dana Manager", {
      kind: "dealer",
      name: `Tour dealer ${run}`,
      owner: person("Dana", "Manager"),
    });
    await equip(platform, manager.accountId, { restrictedAccounts: false, credits: 0, now });
    const dana = as(platform, manager);
    const user = await joined(platform, manager, "Ulf User", {
      ...person("Ulf", "User"),
      roles: ["dealer_user"],
    });
    const ulf = as(platform, user);

    await licenseKey(dana, ulf, user.memberId, run);
    await lookBelow(stage, manager, dana, ulf);
  },
};
