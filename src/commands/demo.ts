import { agency } from "./demo-agency.ts";
import { dealer } from "./demo-dealer.ts";
import { marketplace } from "./demo-marketplace.ts";
import { team } from "./demo-team.ts";
import { vendor } from "./demo-vendor.ts";
import type { Login } from "./local.ts";
import type { Stage } from "./stage.ts";

/** An account of each access model to play with, made over HTTP by the platform's owner. */
export async function loadDemo(stage: Stage): Promise<readonly Login[]> {
  const logins: Login[] = [];
  for (const part of [vendor, team, marketplace, dealer, agency]) logins.push(...(await part(stage)));
  return logins;
}
