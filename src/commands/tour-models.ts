import { AGENCY_TOUR } from "./tour-agency.ts";
import { DEALER_TOUR } from "./tour-dealer.ts";
import { MARKETPLACE_TOUR } from "./tour-marketplace.ts";
import { PEOPLE_TOUR } from "./tour-people.ts";
import { TEAM_TOUR } from "./tour-team.ts";

/** What each access model is for, played on accounts of its own. */
export const MODEL_TOURS = [PEOPLE_TOUR, TEAM_TOUR, MARKETPLACE_TOUR, DEALER_TOUR, AGENCY_TOUR];
