import { pluralEn } from "../plural.ts";

export const CREDITS = {
  ledgerPeriod: ({ max }: { max: number }) =>
    `the period has more than ${max} ${pluralEn(max, "entry", "entries")}: ask for a shorter one`,
  lotsFull: ({ max }: { max: number }) =>
    `The account has ${max} ${pluralEn(max, "lot", "lots")} of different terms that still ` +
    "hold credits: give more when one of them is empty or has expired.",
  lotExpiry: "must be in the future, and after effectiveAt",
  balanceOverflow: ({ max }: { max: number }) => `would take the balance past ${max}`,
  creditsWait: "These credits wait until then.",
};
