import { type Api, ok } from "../harness/client.ts";
import { newAccount, newMember } from "../harness/people.ts";
import type { Contract } from "./contract-world.ts";

/** Files that are written while they are read. */
export async function exportCalls({ fetch }: Contract, platform: Api): Promise<void> {
  const dealer = await newAccount(fetch, platform, "dealer");
  const client = await newMember(fetch, dealer, { roles: ["client"] });
  ok(await dealer.api.get("/v1/members/export.xlsx?status=new&sort=-login"), 200);
  ok(await dealer.api.get("/v1/members/export.xlsx?limit=10"), 422);
  ok(await client.api.get("/v1/members/export.xlsx"), 403);
  for (const who of [dealer, client]) ok(await who.api.get("/v1/rights/export.xlsx"), 200);
  ok(await dealer.api.get(`/v1/rights/export.xlsx?memberId=${client.memberId}`), 200);
  ok(await client.api.get(`/v1/rights/export.xlsx?memberId=${dealer.memberId}`), 404);
}
