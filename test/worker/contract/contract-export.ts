import { type Api, expectStatus } from "../../harness/client.ts";
import { newAccount, newMember, type Person } from "../../harness/people.ts";
import type { Contract } from "./contract.ts";

/** Files that are written while they are read. */
export async function exportCalls({ fetch }: Contract, platform: Api): Promise<void> {
  const dealer = await newAccount(fetch, platform, "dealer");
  const client = await newMember(fetch, dealer, { roles: ["client"] });
  const download = async (who: Person, path: string) => {
    const answer = await fetch(path, { headers: { authorization: `Bearer ${who.apiKey}` } });
    if (answer.status !== 200 || (await answer.arrayBuffer()).byteLength < 1_000)
      throw new Error(`${path}: ${answer.status}`);
  };
  await download(dealer, "/v1/members/export.xlsx?status=new&sort=-login");
  expectStatus(await dealer.api.get("/v1/members/export.xlsx?limit=10"), 422);
  expectStatus(await client.api.get("/v1/members/export.xlsx"), 403);
  for (const who of [dealer, client]) await download(who, "/v1/rights/export.xlsx");
  await download(dealer, "/v1/credits/ledger/export");
  await download(dealer, `/v1/rights/export.xlsx?memberId=${client.memberId}`);
  expectStatus(await client.api.get(`/v1/rights/export.xlsx?memberId=${dealer.memberId}`), 404);
}
