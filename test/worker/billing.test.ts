import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Api, ok, type Problem } from "../harness/client.ts";
import { newMember, type Person } from "../harness/people.ts";
import { CARD, INVOICE, keyed } from "./marketplace-world.ts";
import { fetch, foundPlatform, grants, made, said, subscribed } from "./operators-world.ts";
import { newTheme } from "./team-world.ts";

interface Billing { readonly tier: string | null; readonly card: object | null; readonly address: object | null; readonly billedTo: string; readonly version: number }

let platform: Api;
let owner: Person;
let operator: Person;
beforeAll(async () => { platform = await foundPlatform(); });
beforeEach(async () => {
  owner = await subscribed(platform, "vendor");
  operator = await newMember(fetch, owner, { roles: ["operator"] });
});

const give = (...list: Parameters<typeof grants>[2]) => grants(owner, operator.memberId, list);
const ANY = { ifMatch: "*" };
const NO = "403 access/denied";
const SHOWN = { brand: CARD.brand, last4: CARD.last4, expiry: CARD.expiry };
/** Every table of the database as one text. */
async function everything(): Promise<string> {
  const { results: tables } = await env.DB.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_%' ESCAPE '\\'").all<{ name: string }>();
  const rows = await Promise.all(tables.map(({ name }) => env.DB.prepare(`SELECT * FROM "${name}"`).all()));
  return JSON.stringify(rows.map(({ results }) => results));
}

describe("billing", () => {
  it("S0.26 a billing grant opens billing and invoices, and nothing else", async () => {
    for (const path of ["billing", "invoices"]) expect(said(await operator.api.get(`/v1/${path}`))).toBe(NO);
    await give({ resourceType: "billing", access: "view" });
    for (const path of ["billing", "invoices"]) ok(await operator.api.get(`/v1/${path}`), 200);
    for (const path of ["products", "customers", "analytics", "members", "audit"]) expect(said(await operator.api.get(`/v1/${path}`)), path).toBe(NO);
    expect(said(await operator.api.post("/v1/invoices", INVOICE, keyed()))).toBe(NO);
    expect(said(await operator.api.get("/v1/invoices/ivc_none"))).toBe("404 not-found");
  });

  it("S0.27 view sees what is stored, edit changes tier and card; a card is told by brand, last four digits and expiry", async () => {
    await give({ resourceType: "billing", access: "view" });
    expect(said(await operator.api.patch("/v1/billing", { tier: "gold" }, ANY))).toBe(NO);
    for (const access of ["edit", "owner"]) {
      await give({ resourceType: "billing", access });
      const { body } = ok(await operator.api.patch<Billing>("/v1/billing", { tier: access, card: CARD }, ANY), 200);
      expect(body).toMatchObject({ tier: access, card: SHOWN, billedTo: owner.memberId });
      expect(ok(await owner.api.get<Billing>("/v1/billing"), 200).body).toEqual(body);
    }
    expect(JSON.stringify(ok(await owner.api.get("/v1/audit?limit=100"), 200).body)).not.toContain(CARD.token);
    expect((await everything()).split(CARD.token).length - 1).toBe(1);
    ok(await operator.api.patch("/v1/billing", { card: null }, ANY), 200);
    expect(await everything()).not.toContain(CARD.token);
  });

  it("S1.12 a team's admin manages billing and sees invoices; a member and a viewer see neither", async () => {
    const admin = await subscribed(platform, "team");
    ok(await admin.api.patch("/v1/billing", { address: { company: "Acme", city: "Berlin", country: "DE" } }, ANY), 200);
    for (const path of ["billing", "invoices"]) ok(await admin.api.get(`/v1/${path}`), 200);
    expect(said(await admin.api.post("/v1/invoices", INVOICE, keyed()))).toBe(NO);
    for (const role of ["member", "viewer"]) {
      const { api } = await newMember(fetch, admin, { roles: [role] });
      for (const answer of [await api.get("/v1/billing"), await api.get("/v1/invoices"), await api.patch("/v1/billing", {}, ANY)]) expect(said(answer), role).toBe(NO);
    }
  });

  it("a card number is refused wherever it stands, is not repeated, and is nowhere in the database afterwards", async () => {
    const number = "4111 1111 1111 1111";
    const plain = number.replaceAll(" ", "");
    const bodies: object[] = [
      { tier: number }, { address: { street: number } }, { address: { taxId: plain } }, { address: { postalCode: plain } }, { card: { ...CARD, token: `pm_${plain}` } }, { card: { ...CARD, token: plain } },
      { card: { ...CARD, last4: plain } }, { card: { ...CARD, number: plain } }, { card: Number(plain) }, { card: plain }, { number: plain }, { [plain]: 1 }, { tier: "gold", address: { name: `No ${plain}` } },
    ];
    for (const body of bodies) {
      const answer = await owner.api.patch<Problem>("/v1/billing", body, ANY);
      expect(said(answer), JSON.stringify(body)).toBe("422 validation");
      if (!(plain in body)) expect(JSON.stringify(answer.body)).not.toMatch(/4111/);
    }
    expect(await everything()).not.toMatch(/4111 ?1111/);
    expect(ok(await owner.api.get<Billing>("/v1/billing"), 200).body).toMatchObject({ card: null, version: 0 });
  });

  it("asks for If-Match from the first change on, and of two at once one wins", async () => {
    expect(said(await owner.api.patch("/v1/billing", { tier: "a" }))).toBe("428 precondition-required");
    expect(ok(await owner.api.get("/v1/billing"), 200).headers.get("etag")).toBe('"0"');
    const answers = await Promise.all(["a", "b"].map((tier) => owner.api.patch("/v1/billing", { tier }, { ifMatch: '"0"' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect(said(await owner.api.patch("/v1/billing", { tier: "c" }, { ifMatch: '"0"' }))).toBe("412 precondition-failed");
    ok(await owner.api.patch("/v1/billing", { tier: "c" }, { ifMatch: '"1"' }), 200);
  });

  it("each account has its own", async () => {
    const other = await subscribed(platform, "vendor");
    ok(await owner.api.patch("/v1/billing", { tier: "gold", card: CARD }, ANY), 200);
    expect(ok(await other.api.get<Billing>("/v1/billing"), 200).body).toMatchObject({ tier: "test", card: null, billedTo: other.memberId });
  });
});

describe("invoices of an account", () => {
  interface Invoice { readonly id: string; readonly status: string; readonly version: number }
  let debtor: Person;
  let themeId: string;
  beforeEach(async () => {
    debtor = await subscribed(platform, "team");
    themeId = await newTheme(platform, { priceAmount: 100 });
  });
  const of = (path: string) => `/v1/accounts/${debtor.accountId}/invoices/${path}`;
  const bought = async () => ok(await debtor.api.post<{ invoiceId: string }>("/v1/licenses/purchase", { themeId }, keyed()), 201).body.invoiceId;

  it("are settled or canceled by the platform, once, in both trails", async () => {
    for (const [verb, status] of [["settle", "paid"], ["cancel", "canceled"]] as const) {
      const id = await bought();
      expect(said(await platform.post(of(`${id}/${verb}`), undefined, { ifMatch: '"7"' }))).toBe("412 precondition-failed");
      expect(ok(await platform.post<Invoice>(of(`${id}/${verb}`)), 200).body).toMatchObject({ id, status, version: 2 });
      expect(ok(await debtor.api.get<Invoice>(`/v1/invoices/${id}`), 200).body.status).toBe(status);
      for (const again of ["settle", "cancel"]) expect(said(await platform.post(of(`${id}/${again}`), {}))).toBe("409 conflict/state");
      for (const who of [debtor.api, platform]) {
        const { data } = ok(await who.get<{ data: { resource: { id: string }; changes: object }[] }>("/v1/audit?action=invoice.edit&limit=100"), 200).body;
        expect(data.filter(({ resource }) => resource.id === id).map(({ changes }) => changes)).toMatchObject([{ before: { status: "open" }, after: { status } }]);
      }
    }
  });

  it("are so once under one key, and of two at once one wins", async () => {
    const [id, other, command] = [await bought(), await bought(), keyed()];
    for (const _ of ["first", "again"]) expect(ok(await platform.post<Invoice>(of(`${id}/settle`), {}, command), 200).body.status).toBe("paid");
    const answers = await Promise.all(["settle", "cancel"].map((verb) => platform.post(of(`${other}/${verb}`), {})));
    expect(answers.map(said).sort()).toEqual(["200", "409 conflict/state"]);
  });

  it("are there for the platform only, and under their own account", async () => {
    const id = await bought();
    const other = await subscribed(platform, "team");
    for (const who of [debtor, owner, operator]) for (const verb of ["settle", "cancel"]) expect(said(await who.api.post(of(`${id}/${verb}`)))).toBe(NO);
    for (const path of [`/v1/accounts/${other.accountId}/invoices/${id}`, of("ivc_none"), `/v1/accounts/acc_none/invoices/${id}`]) expect(said(await platform.post(`${path}/settle`))).toBe("404 not-found");
  });
});

describe("analytics", () => {
  const counts = async (who: Person) => ok(await who.api.get<{ data: { type: string; status: string; count: number }[] }>("/v1/analytics"), 200).body.data;

  it("S0.24 an analytics grant gives counts, and nothing else", async () => {
    for (const name of ["Editor", "Renderer"]) await made(owner, "products", { name });
    expect(said(await operator.api.get("/v1/analytics"))).toBe(NO);
    await give({ resourceType: "analytics", access: "view" });
    expect(await counts(operator)).toEqual([{ type: "product", status: "active", count: 2 }]);
    for (const path of ["products", "customers", "billing", "invoices", "access-tokens", "audit", "members"]) expect(said(await operator.api.get(`/v1/${path}`)), path).toBe(NO);
    expect(await counts(await subscribed(platform, "vendor"))).toEqual([]);
  });

  it("S0.25 whatever the level, analytics can only be read", async () => {
    const rights = async () => ok(await operator.api.get<{ rights: string[] }>("/v1/me"), 200).body.rights;
    for (const access of ["view", "edit", "owner"]) {
      await give({ resourceType: "analytics", access });
      expect(await rights()).toEqual(["analytics.view"]);
      const answers = [await operator.api.post("/v1/analytics", {}), await operator.api.patch("/v1/analytics", {}), await operator.api.put("/v1/analytics", {}), await operator.api.del("/v1/analytics")];
      expect(answers.map(said)).toEqual(Array.from({ length: 4 }, () => "405 method-not-allowed"));
    }
  });
});
