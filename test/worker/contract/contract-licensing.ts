import { type Api, newKey, ok } from "../../harness/client.ts";
import { giveCredits, newAccount, subscribe } from "../../harness/people.ts";
import type { Contract } from "./contract-world.ts";
import { newTheme } from "../access/team-world.ts";

const keyed = () => ({ idempotencyKey: newKey() });

/** Everything that is paid for. */
export async function licensing(contract: Contract, platform: Api): Promise<void> {
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
    ok(await team.api.post(`/v1/${path}`, { themeId }, keyed()), 402);
  await subscribe(platform, team.accountId);
  await giveCredits(platform, team.accountId, 10);
  const command = keyed();
  const [first, again] = [
    await team.api.post<{ id: string }>("/v1/licenses", { themeId }, command),
    await team.api.post<{ id: string }>("/v1/licenses", { themeId }, command),
  ];
  const path = `/v1/licenses/${ok(first, 201).body.id}`;
  ok(again, 201);
  ok(await team.api.post("/v1/licenses/purchase", { themeId }), 400);
  const purchase = keyed();
  for (const _ of ["first", "again"])
    ok(await team.api.post("/v1/licenses/purchase", { themeId }, purchase), 201);
  for (const verb of ["settle", "cancel"]) {
    const { invoiceId } = ok(
      await team.api.post<{ invoiceId: string }>("/v1/licenses/purchase", { themeId }, keyed()),
      201,
    ).body;
    for (const status of [200, 409])
      ok(await platform.post(`/v1/accounts/${team.accountId}/invoices/${invoiceId}/${verb}`), status);
  }
  ok(await team.api.put(`${path}/domain`, { domain: "shop.example.com" }), 200);
  ok(await team.api.put(`${path}/domain`, { domain: "no domain" }), 422);
  ok(await team.api.get(path), 200);
  ok(
    await team.api.get(
      `/v1/licenses?themeId=${themeId}&status=active&domain=shop.example.com&method=provisioned`,
    ),
    200,
  );
  ok(await team.api.del(path), 204);
  ok(await team.api.put(`${path}/domain`, { domain: null }), 409);
}

async function tasks({ fetch }: Contract, platform: Api): Promise<void> {
  const tool = ok(
    await platform.post<{ id: string }>(
      "/v1/tools",
      { key: "contract", name: "Contract", createCost: 2, updateCost: 1 },
      keyed(),
    ),
    201,
  ).body.id;
  ok(await platform.get("/v1/tools?key=contract"), 200);
  ok(await platform.get(`/v1/tools/${tool}`), 200);
  ok(await platform.post("/v1/tools", { key: "contract", name: "Twice" }, keyed()), 409);
  ok(await platform.patch(`/v1/tools/${tool}`, { description: "d" }, { ifMatch: "*" }), 200);
  for (const verb of ["retire", "offer"]) ok(await platform.post(`/v1/tools/${tool}/${verb}`, {}), 200);
  const agency = await newAccount(fetch, platform, "agency");
  await subscribe(platform, agency.accountId);
  await giveCredits(platform, agency.accountId, 3);
  const create = keyed();
  const task = ok(
    await agency.api.post<{ id: string }>("/v1/tasks", { toolId: tool, name: "T" }, create),
    201,
  ).body.id;
  ok(await agency.api.post("/v1/tasks", { toolId: tool, name: "T" }, create), 201);
  const update = keyed();
  for (const _ of ["first", "again"])
    ok(await agency.api.post(`/v1/tasks/${task}/update`, undefined, update), 200);
  const refused = keyed();
  for (const _ of ["first", "again"]) ok(await agency.api.post(`/v1/tasks/${task}/update`, {}, refused), 402);
  ok(await agency.api.get(`/v1/tasks?toolId=${tool}`), 200);
  ok(await agency.api.get(`/v1/tasks/${task}`), 200);
  ok(await agency.api.patch(`/v1/tasks/${task}`, { input: "x" }, { ifMatch: '"2"' }), 200);
  ok(await agency.api.del(`/v1/tasks/${task}`), 204);
  ok(await platform.del(`/v1/tools/${tool}`), 204);
}
