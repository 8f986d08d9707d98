import { z } from "zod";
import { declareType, LEVELS } from "./declaration.ts";
import { message, type Message } from "../../kernel/messages/message.ts";

/** Why a license may be generated without waiting for a regular one. */
export const SOS_REASONS = [
  "equipment_replacement",
  "key_replacement",
  "emergency_installation",
  "emergency_upgrade",
  "payment_overdue",
  "weekend",
] as const;

/** Days that an emergency license holds: for a key with a subscription always the same. */
export const SOS_DAYS = { least: 15, most: 45, saas: 5 } as const;

/** An emergency license: one for each key. */
export const sosLicenseType = declareType({
  name: "sos_license",
  title: "SOS licenses",
  noun: "SOS license",
  rights: {
    view: "See SOS licenses.",
    generate: "Generate SOS licenses.",
  },
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: true,
  stored: {
    path: "sos-licenses",
    idPrefix: "sos",
    attributes: z.strictObject({
      serial: z.string().describe("Of the key, as it was."),
      days: z.number().int(),
      reason: z.enum(SOS_REASONS),
      expiresAt: z.string(),
    }),
    nameAttribute: "serial",
    masked: [],
    parents: { keyId: "key" },
    reference: null,
    generated: null,
    omittedRoutes: ["create", "edit", "delete"],
    uniqueKeyOf: (_, keyId) => keyId,
  },
});

/** What is wrong with that many days, or null. */
export const findSosDaysFault = (days: number, saas: boolean): Message | null => {
  if (saas) return days === SOS_DAYS.saas ? null : message("resources.sosDaysSaas", { days: SOS_DAYS.saas });
  return days >= SOS_DAYS.least && days <= SOS_DAYS.most
    ? null
    : message("resources.sosDays", { min: SOS_DAYS.least, max: SOS_DAYS.most });
};
