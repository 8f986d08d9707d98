import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { giveCredits, newAccount, activateSubscription } from "../../harness/people.ts";
import type { Contract } from "./contract.ts";
import { newTheme } from "../access/team-fixture.ts";

const idempotent = () => ({ idempotencyKey: newIdempotencyKey() });

/** Everything that is paid for. */
export async function licensingCalls(contract: Contract, platform: Api): Promise<void> {
  await licenses(contract, platform);
  await tasks(contract, platform);
}

async function licenses({ fetch }: Contract, platform: Api): Promise<void> {
  const team = await newAccount(fetch, platform, "team");
  const themeId = await newTheme(platform, {
    priceCredits: 4,
    priceAmount: 100,
    licenseType: "subscription",
  });
  for (const path of ["licenses", "licenses/purchase"])
    expectStatus(await team.api.post(`/v1/${path}`, { themeId }, idempotent()), 402);
  await activateSubscription(platform, team.accountId);
  await giveCredits(platform, team.accountId, 10);
  const command = idempotent();
  const [first, again] = [
    await team.api.post<{ id: string }>("/v1/licenses", { themeId }, command),
    await team.api.post<{ id: string }>("/v1/licenses", { themeId }, command),
  ];
  const path = `/v1/licenses/${expectStatus(first, 201).body.id}`;
  expectStatus(again, 201);
  expectStatus(await team.api.post("/v1/licenses/purchase", { themeId }), 400);
  const purchase = idempotent();
  for (const _ of ["first", "again"])
    expectStatus(await team.api.post("/v1/licenses/purchase", { themeId }, purchase), 201);
  for (const verb of ["settle", "cancel"]) {
    const { invoiceId } = expectStatus(
      await team.api.post<{ invoiceId: string }>("/v1/licenses/purchase", { themeId }, idempotent()),
      201,
    ).body;
    for (const status of [200, 409])
      expectStatus(
        await platform.post(`/v1/accounts/${team.accountId}/invoices/${invoiceId}/${verb}`),
        status,
      );
  }
  expectStatus(await team.api.put(`${path}/domain`, { domain: "shop.example.com" }), 200);
  expectStatus(await team.api.put(`${path}/domain`, { domain: "no domain" }), 422);
  expectStatus(await team.api.get(path), 200);
  expectStatus(
    await team.api.get(
      `/v1/licenses?themeId=${themeId}&status=active&domain=shop.example.com&method=provisioned`,
    ),
    200,
  );
  expectStatus(await team.api.del(path), 204);
  expectStatus(await team.api.put(`${path}/domain`, { domain: null }), 409);
}

async function tasks({ fetch }: Contract, platform: Api): Promise<void> {
  const tool = expectStatus(
    await platform.post<{ id: string }>(
      "/v1/tools",
      { key: "contract", name: "Contract", createCost: 2, updateCost: 1 },
      idempotent(),
    ),
    201,
  ).body.id;
  expectStatus(await platform.get("/v1/tools?key=contract"), 200);
  expectStatus(await platform.get(`/v1/tools/${tool}`), 200);
  expectStatus(await platform.post("/v1/tools", { key: "contract", name: "Twice" }, idempotent()), 409);
  expectStatus(await platform.patch(`/v1/tools/${tool}`, { description: "d" }, { ifMatch: "*" }), 200);
  for (const verb of ["retire", "offer"])
    expectStatus(await platform.post(`/v1/tools/${tool}/${verb}`, {}), 200);
  const agency = await newAccount(fetch, platform, "agency");
  await activateSubscription(platform, agency.accountId);
  await giveCredits(platform, agency.accountId, 3);
  const create = idempotent();
  const task = expectStatus(
    await agency.api.post<{ id: string }>("/v1/tasks", { toolId: tool, name: "T" }, create),
    201,
  ).body.id;
  expectStatus(await agency.api.post("/v1/tasks", { toolId: tool, name: "T" }, create), 201);
  const update = idempotent();
  for (const _ of ["first", "again"])
    expectStatus(await agency.api.post(`/v1/tasks/${task}/update`, undefined, update), 200);
  const refused = idempotent();
  for (const _ of ["first", "again"])
    expectStatus(await agency.api.post(`/v1/tasks/${task}/update`, {}, refused), 402);
  expectStatus(await agency.api.get(`/v1/tasks?toolId=${tool}`), 200);
  expectStatus(await agency.api.get(`/v1/tasks/${task}`), 200);
  expectStatus(await agency.api.patch(`/v1/tasks/${task}`, { input: "x" }, { ifMatch: '"2"' }), 200);
  expectStatus(await agency.api.del(`/v1/tasks/${task}`), 204);
  expectStatus(await platform.del(`/v1/tools/${tool}`), 204);
}
