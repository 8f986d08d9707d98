import { z } from "zod";
import { iso } from "../kernel/clock.ts";
import type { OwnershipOfferRow } from "../kernel/schema/ownership.ts";

export const OfferCard = z
  .object({
    id: z.string(),
    accountId: z.string(),
    memberId: z.string().describe("The member who may accept."),
    offeredBy: z.string(),
    createdAt: z.string(),
    expiresAt: z.string(),
  })
  .meta({ id: "OwnershipOffer" });

export const offerCard = ({ createdAt, expiresAt, ...row }: OwnershipOfferRow) => ({
  ...row,
  createdAt: iso(createdAt),
  expiresAt: iso(expiresAt),
});

export const NewOwnerBody = z
  .strictObject({
    memberId: z.string().max(64).describe("An active member of the account."),
  })
  .meta({ id: "NewOwnershipOffer" });
