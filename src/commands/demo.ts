import { loadAgency } from "./demo-agency.ts";
import { loadDealer } from "./demo-dealer.ts";
import { loadMarketplace } from "./demo-marketplace.ts";
import { loadTeam } from "./demo-team.ts";
import { loadVendor } from "./demo-vendor.ts";
import type { Login } from "./local-state.ts";
import type { DemoContext } from "./demo-setup.ts";

/** An account of each access model to play with, made over HTTP by the platform's owner. */
export async function loadDemo(stage: DemoContext): Promise<readonly Login[]> {
  const logins: Login[] = [];
  for (const part of [loadVendor, loadTeam, loadMarketplace, loadDealer, loadAgency])
    logins.push(...(await part(stage)));
  return logins;
}
