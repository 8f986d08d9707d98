import { callerAs } from "./demo-people.ts";
import { expectCall, type Caller, checkThat, rowsOf, textAt } from "./gate-client.ts";
import type { Login } from "./local-state.ts";
import {
  setUpAccount,
  addDemoMember,
  createObject,
  createDemoAccount,
  newPersonFactory,
  type DemoContext,
} from "./demo-setup.ts";

/** Ulf licenses the key of an object that is in his group, and gets one SOS license, not two. */
async function licenseKey(dana: Caller, ulf: Caller, userId: string, run: string): Promise<void> {
  const group = await createObject(dana, "/v1/object-groups", { name: "Harbour" });
  const objectId = await createObject(dana, "/v1/objects", { name: "Lighthouse hotel", city: "Kiel" });
  const keyId = await createObject(dana, "/v1/keys", { objectId, serial: `TOUR-${run}` });
  await expectCall(dana, {
    method: "PUT",
    path: `/v1/members/${userId}/object-groups`,
    body: { groupIds: [group] },
    expect: 200,
  });
  await expectCall(ulf, { method: "GET", path: `/v1/objects/${objectId}`, expect: 404 });
  await expectCall(dana, {
    method: "POST",
    path: `/v1/object-groups/${group}/objects`,
    body: { objectId },
    expect: 200,
  });
  await expectCall(ulf, { method: "GET", path: `/v1/objects/${objectId}`, expect: 200 });
  await expectCall(ulf, {
    method: "POST",
    path: `/v1/keys/${keyId}/licenses`,
    headers: { "idempotency-key": "license" },
    body: { days: 20 },
    expect: 201,
  });
  const report = await expectCall(ulf, { method: "GET", path: "/v1/reports/expiring-licenses", expect: 200 });
  checkThat(JSON.stringify(report.body).includes(keyId), "the key is in the report of licenses that expire");
  const sos = (key: string) => ({
    method: "POST",
    path: "/v1/sos-licenses",
    headers: { "idempotency-key": key },
    body: { keyId, days: 15, reason: "weekend" },
  });
  await expectCall(ulf, { ...sos("sos-1"), expect: 201 });
  await expectCall(ulf, { ...sos("sos-2"), expect: 409, code: "conflict/sos-blocked" });
}

/** Dana looks into her sub-dealer's account; Ulf may not. */
async function viewSubdealer(
  { platform, now }: DemoContext,
  manager: Login,
  dana: Caller,
  ulf: Caller,
): Promise<void> {
  const person = newPersonFactory("dealer", now);
  const below = await createDemoAccount(platform, "Finn Fjord", {
    kind: "subdealer",
    name: `Tour sub-dealer ${now.toString(36)}`,
    parentId: manager.accountId,
    owner: person("Finn", "Fjord"),
  });
  const there = { "tollgate-account": below.accountId };
  await expectCall(dana, { method: "GET", path: "/v1/objects", headers: there, expect: 200 });
  await expectCall(ulf, {
    method: "GET",
    path: "/v1/objects",
    headers: there,
    expect: 404,
    code: "not-found",
  });
  await expectCall(callerAs(platform, below), {
    method: "GET",
    path: `/v1/dealers/${below.accountId}`,
    expect: 200,
  });
  const dealers = rowsOf<{ id: string }>(
    await expectCall(dana, { method: "GET", path: "/v1/dealers", expect: 200 }),
  );
  checkThat(
    dealers.some(({ id }) => id === below.accountId),
    "the manager sees the sub-dealer",
  );
  checkThat(
    textAt(await expectCall(dana, { method: "GET", path: "/v1/me", expect: 200 }), "account.id") ===
      manager.accountId,
    "without the header, a call acts at home",
  );
}

/** Dealer: object groups, licenses, one SOS license for each key, and a look at a sub-dealer. */
export const DEALER_TOUR = {
  title:
    "A dealer: Ulf sees the objects of his group, Finn the sub-dealer generates licenses, " +
    "Dana sees what Finn's account holds",
  async play(stage: DemoContext): Promise<void> {
    const { platform, now } = stage;
    const run = now.toString(36);
    const person = newPersonFactory("dealer", now);
    const manager = await createDemoAccount(platform, "Dana Manager", {
      kind: "dealer",
      name: `Tour dealer ${run}`,
      owner: person("Dana", "Manager"),
    });
    await setUpAccount(platform, manager.accountId, { restrictedAccounts: false, credits: 0, now });
    const dana = callerAs(platform, manager);
    const user = await addDemoMember(platform, manager, "Ulf User", {
      ...person("Ulf", "User"),
      roles: ["dealer_user"],
    });
    const ulf = callerAs(platform, user);

    await licenseKey(dana, ulf, user.memberId, run);
    await viewSubdealer(stage, manager, dana, ulf);
  },
};
