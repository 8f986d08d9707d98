import { type Api, expectStatus } from "../../harness/client.ts";
import { newAccount, newApiKey, type Person, activateSubscription } from "../../harness/people.ts";
import type { Contract } from "./contract.ts";
import { newTheme, provisionLicense, upload } from "../access/team-fixture.ts";

/** The catalog of the platform, its files, and a team that downloads one. */
export async function catalogCalls({ fetch }: Contract, platform: Api): Promise<void> {
  const { member } = expectStatus(await platform.get<{ member: { id: string } }>("/v1/me"), 200).body;
  const apiKey = await newApiKey(fetch, { api: platform } as Person, member.id);
  const all = {
    kind: "plugin",
    licenseType: "unlimited",
    description: "d",
    priceCredits: 3,
    priceAmount: 100,
    currency: "EUR",
    costPrice: 50,
    margin: 12.5,
  };
  const id = await newTheme(platform);
  const other = await newTheme(platform, all);
  const path = `/v1/catalog/${id}`;
  expectStatus(await platform.patch(path, { name: "Borealis", margin: null }, { ifMatch: "*" }), 200);
  for (const verb of ["retire", "offer"]) expectStatus(await platform.post(`${path}/${verb}`, {}), 200);
  expectStatus(await platform.post(`${path}/offer`, {}), 409);
  for (const where of [
    "/v1/catalog?vendor=Nordlys&licenseType=unlimited&kind=plugin",
    `/v1/catalog/${other}`,
  ])
    expectStatus(await platform.get(where), 200);
  const bytes = new Uint8Array([1, 2, 3]);
  for (const name of ["a.zip", "b.zip"])
    expectStatus(await upload(apiKey, `${path}/files/${name}`, bytes, {}, fetch), 200);
  expectStatus(await upload(apiKey, `${path}/files/.a`, bytes, {}, fetch), 422);
  expectStatus(
    await upload(apiKey, `${path}/files/a.zip`, bytes, { "content-type": "text/html" }, fetch),
    415,
  );
  expectStatus(await platform.get(`${path}/files`), 200);
  expectStatus(await platform.del(`${path}/files/b.zip`), 204);

  const team = await newAccount(fetch, platform, "team");
  await activateSubscription(platform, team.accountId);
  for (const where of ["/v1/catalog", `/v1/catalog/${other}`, `/v1/themes/${id}/files`])
    expectStatus(await team.api.get(where), 200);
  const ask = () => team.api.post<{ url: string }>(`/v1/themes/${id}/downloads`, { file: "a.zip" });
  expectStatus(await ask(), 403);
  await provisionLicense(team, id);
  const answer = await fetch(new URL(expectStatus(await ask(), 200).body.url).pathname);
  if (answer.status !== 200) throw new Error(`the link was answered ${answer.status}`);
  await answer.arrayBuffer();
  if ((await fetch("/v1/downloads/none")).status !== 404) throw new Error("a link that is none was answered");
  expectStatus(await platform.del(`/v1/catalog/${other}`), 204);
}
