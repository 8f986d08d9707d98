import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Api,
  api,
  newIdempotencyKey,
  expectStatus,
  type Problem,
  type Reply,
} from "../harness/client.ts";
import { type Edge, startEdge } from "../harness/edge.ts";
import { codeOf, lastMail, mailsTo, tokenOf } from "../harness/mailbox.ts";
import { giveCredits, newAccount, type Person, activateSubscription } from "../harness/people.ts";
import { signIn as signInByMail } from "../harness/sign-in.ts";

/**
 * The life of a member in each model, as people live it: over HTTP, by the mails that they get, without any
 * API key.
 */
let edge: Edge;
let platform: Api;
let stranger: Api;

beforeAll(async () => {
  edge = await startEdge({ isolates: 1 });
  platform = api(edge.at(0), edge.platform.apiKey);
  stranger = api(edge.at(0), null);
});
afterAll(() => edge.close());

const said = ({ status, body }: Reply<unknown>): string =>
  status < 400 ? String(status) : `${status} ${(body as Problem).code}`;
const rights = async (who: Api) =>
  expectStatus(await who.get<{ rights: string[] }>("/v1/me"), 200).body.rights;
const idOf = ({ body }: Reply<{ id?: unknown }>) => String(body.id);
const keyed = () => ({ idempotencyKey: newIdempotencyKey() });

let count = 0;
const address = (name: string) => `${name}-${(count += 1)}@people.example`;
const named = (email: string) => ({ firstName: "Nora", lastName: "Newcomer", email });

/** A code by mail, exchanged for a session. */
const signIn = async (email: string): Promise<Api> => (await signInByMail(edge.at(0), email)).api;

/** The one click of an invitation mail. */
const accept = async (email: string) =>
  stranger.post<{ memberId: string; status: string }>("/v1/invitations/accept", {
    token: tokenOf(await lastMail(edge.at(0), email, "invitation")),
  });

async function account(kind: string, more: object = {}): Promise<Person> {
  const owner = await newAccount(edge.at(0), platform, kind, more);
  await activateSubscription(platform, owner.accountId);
  return owner;
}

const statusOf = async (owner: Person, memberId: string, ask = {}) =>
  expectStatus(await owner.api.get<{ status: string }>(`/v1/members/${memberId}`, ask), 200).body.status;

describe("operators", () => {
  test("S0.1 S0.2 S0.3 S0.6 S0.7 S0.8: a link, a sign-up, no access, Modify, access", async () => {
    const owner = await newAccount(edge.at(0), platform, "vendor");
    const product = idOf(expectStatus(await owner.api.post("/v1/products", { name: "Editor" }), 201));
    const wanted = { name: "The operators page", maxUses: 1 };
    const lacking = await owner.api.post<Problem>("/v1/operator-links", wanted, keyed());
    expect([said(lacking), typeof lacking.body["contact"]]).toEqual(["402 plan/feature-required", "string"]);
    await activateSubscription(platform, owner.accountId);
    const { url } = expectStatus(
      await owner.api.post<{ url: string }>("/v1/operator-links", wanted, keyed()),
      201,
    ).body;
    const link = new URL(url).hash.slice("#token=".length);

    const email = address("operator");
    expectStatus(await stranger.post("/v1/auth/codes", { email, link }), 202);
    const code = codeOf(await lastMail(edge.at(0), email, "join"));
    const joined = expectStatus(
      await stranger.post<{ memberId: string }>("/v1/operator-links/join", {
        token: link,
        email,
        code,
        firstName: "Otto",
        lastName: "Operator",
      }),
      201,
    ).body;
    const operator = await signIn(email);
    expect(await rights(operator)).toEqual([]);
    expect([
      said(await operator.get("/v1/products")),
      said(await operator.post("/v1/products", { name: "Mine" })),
      said(await operator.get(`/v1/products/${product}`)),
    ]).toEqual(["403 access/denied", "403 access/denied", "404 not-found"]);
    const modify = (by: Api) =>
      by.put(`/v1/members/${joined.memberId}/grants`, { preset: "recommended_operator" });
    expect(said(await modify(operator))).toMatch(/^40[34] /);
    expect(said(await modify(owner.api))).toBe("200");
    expect([
      said(await operator.get(`/v1/products/${product}`)),
      said(await operator.patch(`/v1/products/${product}`, { name: "Editor 2" }, { ifMatch: "*" })),
      said(await operator.del(`/v1/products/${product}`)),
    ]).toEqual(["200", "200", "403 access/denied"]);

    const late = address("late");
    expectStatus(await stranger.post("/v1/auth/codes", { email: late, link }), 202);
    expect(await mailsTo(edge.at(0), late), "a used link sends no code").toEqual([]);
  });
});

describe("team", () => {
  test("S1.1 S1.2 S1.3 S1.4 S1.42 S2.16 S2.17 S2.18 S2.19 invitation, mail, first sign-in", async () => {
    const admin = await account("team");
    const email = address("member");
    const invite = { ...named(email), roles: ["member"] };
    expect(said(await admin.api.post("/v1/invitations", { ...invite, email: "nobody" }, keyed()))).toBe(
      "422 validation",
    );
    expect(said(await admin.api.post("/v1/invitations", { ...invite, roles: ["chief"] }, keyed()))).toBe(
      "422 validation",
    );
    const key = keyed();
    const first = expectStatus(await admin.api.post("/v1/invitations", invite, key), 201);
    expect(expectStatus(await admin.api.post("/v1/invitations", invite, key), 201).body).toEqual(first.body);
    const [mail, ...more] = await mailsTo(edge.at(0), email);
    expect(more).toEqual([]);
    expect(mail?.text).toContain("Account");
    const found = expectStatus(
      await admin.api.get<{ data: { id: string; status: string }[] }>(`/v1/members?email=${email}`),
      200,
    ).body.data;
    expect(found).toMatchObject([{ status: "new" }]);
    const memberId = found[0]?.id ?? "";

    const accepted = expectStatus(await accept(email), 200).body;
    expect(accepted).toMatchObject({ memberId, status: "new" });
    expect(said(await accept(email))).toBe("409 invitation/used");
    expect(await statusOf(admin, memberId)).toBe("new");
    const member = await signIn(email);
    expect(await statusOf(admin, memberId)).toBe("active");
    expect([said(await member.get("/v1/catalog")), said(await member.get("/v1/billing"))]).toEqual([
      "200",
      "403 access/denied",
    ]);
    const trail = expectStatus(
      await admin.api.get<{ data: { action: string; actor: { memberId: string } }[] }>("/v1/audit?limit=100"),
      200,
    ).body.data;
    for (const action of ["member.create", "invitation.send", "invitation.accept", "session.create"])
      expect(trail.filter((row) => row.action === action).length, action).toBe(1);
  });
});

describe("marketplace", () => {
  test("S2.7 S2.9 S2.11 S2.12 S2.13: the seller's customer, its admin and a colleague", async () => {
    const seller = await account("seller");
    const [email, colleague] = [address("customer-admin"), address("colleague")];
    const organization = idOf(
      expectStatus(
        await seller.api.post("/v1/organizations", { name: "Blue Customer", owner: named(email) }, keyed()),
        201,
      ),
    );
    const other = idOf(
      expectStatus(
        await seller.api.post(
          "/v1/organizations",
          { name: "Red Customer", owner: named(address("red")) },
          keyed(),
        ),
        201,
      ),
    );
    expectStatus(await accept(email), 200);
    const admin = await signIn(email);
    const { data: roles } = expectStatus(
      await admin.get<{ data: { key: string; suggested: boolean }[] }>("/v1/roles"),
      200,
    ).body;
    expect(roles.filter(({ suggested }) => suggested).map(({ key }) => key)).toEqual(["customer"]);
    const invite = (roleNames: string[], ask = {}) =>
      admin.post("/v1/invitations", { ...named(colleague), roles: roleNames }, { ...keyed(), ...ask });
    expect(said(await invite(["seller_admin"]))).toMatch(/^(403|422) /);
    expect(said(await invite(["customer"], { headers: { "tollgate-account": other } }))).toBe(
      "404 not-found",
    );
    expect(said(await invite(["customer"], { headers: { "tollgate-account": seller.accountId } }))).toBe(
      "404 not-found",
    );
    expectStatus(await invite(["customer"]), 201);
    expectStatus(await accept(colleague), 200);
    const customer = await signIn(colleague);
    expect([said(await customer.get("/v1/catalog")), said(await customer.get("/v1/members"))]).toEqual([
      "200",
      "403 access/denied",
    ]);
    const seen = expectStatus(
      await seller.api.get<{ data: { email: string; status: string }[] }>("/v1/members", {
        headers: { "tollgate-account": organization },
      }),
      200,
    ).body.data;
    expect(seen.map((row) => [row.email, row.status])).toEqual([
      [email, "active"],
      [colleague, "active"],
    ]);
    expect(
      said(
        await seller.api.post(
          "/v1/invitations",
          { ...named(address("wrong")), roles: ["seller_admin"] },
          { ...keyed(), headers: { "tollgate-account": organization } },
        ),
      ),
    ).toBe("422 validation");
  });
});

describe("dealer", () => {
  test("S3.9 S3.16 S3.23 S3.39 S3.41: a manager adds a user, and no second manager", async () => {
    const manager = await account("dealer");
    const email = address("user");
    expect(
      said(
        await manager.api.post(
          "/v1/invitations",
          { ...named(address("second")), roles: ["dealer_manager"] },
          keyed(),
        ),
      ),
    ).toBe("403 access/denied");
    expectStatus(
      await manager.api.post(
        "/v1/invitations",
        { ...named(email), roles: ["dealer_user"], objectGroupIds: ["all"] },
        keyed(),
      ),
      201,
    );
    expectStatus(await accept(email), 200);
    const user = await signIn(email);
    const card = expectStatus(await manager.api.get("/v1/members/by-login/0002"), 200).body;
    expect(card).toMatchObject({
      login: "0002",
      email,
      source: "local",
      status: "active",
      roles: ["dealer_user"],
    });
    expect(said(await user.post("/v1/objects", { name: "Shop" }, keyed()))).toBe("201");
    for (const path of ["/v1/members", "/v1/invitations"])
      expect(
        said(await user.post(path, { ...named(address("nobody")), roles: ["client"] }, keyed())),
        path,
      ).toBe("403 access/denied");
    expect(
      said(
        await manager.api.post(
          "/v1/invitations",
          { ...named(address("client")), roles: ["client"] },
          keyed(),
        ),
      ),
    ).toBe("201");
  });
});

describe("S4.5 S4.10 S4.12 S4.14 S4.20 S4.24 S4.26 agency", () => {
  test("S4.29 S4.30 S4.31 S4.40 S4.43 S4.44: a specialist from preview to removal", async () => {
    const owner = await account("agency");
    await giveCredits(platform, owner.accountId, 100);
    const tool = idOf(
      expectStatus(
        await platform.post(
          "/v1/tools",
          { key: newIdempotencyKey().slice(0, 8), name: "Finder", createCost: 10, updateCost: 3 },
          keyed(),
        ),
        201,
      ),
    );
    const task = idOf(
      expectStatus(await owner.api.post("/v1/tasks", { toolId: tool, name: "Owner's" }, keyed()), 201),
    );
    const email = address("specialist");
    const first = await owner.api.post<Problem>("/v1/members", named(email), keyed());
    expect([said(first), first.body.errors?.[0]?.pointer]).toEqual(["422 validation", "/accountType"]);
    const wanted = {
      ...named(email),
      accountType: "specialist",
      creditLimit: 25,
      notify: true,
      grants: [
        { resourceType: "tool", resourceId: tool, access: "view" },
        { resourceType: "task", resourceId: task, access: "view" },
      ],
    };
    expect(
      expectStatus(await owner.api.post("/v1/members", { ...wanted, dryRun: true }), 200).body,
    ).toMatchObject({
      email,
      roles: ["specialist"],
      creditLimit: 25,
    });
    expect(
      expectStatus(await owner.api.get<{ data: unknown[] }>(`/v1/members?email=${email}`), 200).body.data,
    ).toEqual([]);
    expect(await mailsTo(edge.at(0), email)).toEqual([]);
    const memberId = idOf(expectStatus(await owner.api.post("/v1/members", wanted, keyed()), 201));
    expectStatus(await accept(email), 200);
    const specialist = await signIn(email);
    expect(said(await specialist.get(`/v1/tasks/${task}`))).toBe("200");
    const create = () => specialist.post("/v1/tasks", { toolId: tool, name: "Mine" }, keyed());
    const mine = [idOf(expectStatus(await create(), 201)), idOf(expectStatus(await create(), 201))];
    expect(said(await create())).toBe("402 credits/member-limit-exceeded");
    expect(expectStatus(await owner.api.get(`/v1/members/${memberId}/statistics`), 200).body).toMatchObject({
      roles: ["specialist"],
      spent: 20,
      remaining: 5,
    });
    const { data: events } = expectStatus(
      await owner.api.get<{ data: { cost: number }[] }>(`/v1/members/${memberId}/events?limit=100`),
      200,
    ).body;
    expect(events.reduce((sum, { cost }) => sum + cost, 0)).toBe(20);

    const remove = (query: string) => owner.api.del(`/v1/members/${memberId}${query}`);
    expect([said(await remove("")), said(await remove("?tasks=sell"))]).toEqual([
      "409 conflict/not-removable",
      "422 validation",
    ]);
    expect(said(await remove("?tasks=transfer"))).toBe("204");
    expect([
      said(await specialist.get("/v1/tasks")),
      said(await owner.api.get(`/v1/members/${memberId}`)),
    ]).toEqual(["401 auth/invalid-credential", "404 not-found"]);
    const { data: tasks } = expectStatus(
      await owner.api.get<{ data: { id: string; ownerId: string }[] }>("/v1/tasks"),
      200,
    ).body;
    expect(tasks.map(({ id, ownerId }) => [id, ownerId]).sort()).toEqual(
      [task, ...mine].sort().map((id) => [id, owner.memberId]),
    );
    expect(expectStatus(await owner.api.get("/v1/credits"), 200).body).toMatchObject({ balance: 70 });
  });
});
