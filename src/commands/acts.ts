import { AGENCY } from "./act-agency.ts";
import { DEALER } from "./act-dealer.ts";
import { MARKETPLACE } from "./act-marketplace.ts";
import { PEOPLE } from "./act-people.ts";
import { TEAM } from "./act-team.ts";

/** What each access model is for, played on accounts of its own. */
export const ACTS = [PEOPLE, TEAM, MARKETPLACE, DEALER, AGENCY];
