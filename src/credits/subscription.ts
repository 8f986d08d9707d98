import type { Subscription } from "../kernel/schema/team.ts";

/** Whether credits may be spent under it. @param now milliseconds since the epoch */
export const isSubscriptionActive = ({ status, currentPeriodEnd }: Subscription, now: number): boolean =>
  status === "active" && (currentPeriodEnd === null || currentPeriodEnd > now);
