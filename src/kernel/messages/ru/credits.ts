import type { CREDITS as ENGLISH } from "../en/credits.ts";
import { pluralRu } from "../plural.ts";
import type { Translation } from "../translation.ts";

export const CREDITS: Translation<typeof ENGLISH> = {
  ledgerPeriod: ({ max }) =>
    `за этот период больше ${max} ${pluralRu(max, "записи", "записей", "записей")}: запросите период короче`,
  lotsFull: ({ max }) =>
    `У аккаунта уже ${max} ${pluralRu(max, "партия", "партии", "партий")} кредитов с разными ` +
    "условиями, в которых есть остаток. Начисляйте новые, когда одна из них закончится или истечёт.",
  lotExpiry: "должно быть в будущем и позже effectiveAt",
  balanceOverflow: ({ max }) => `увеличило бы баланс сверх ${max}`,
  creditsWait: "До тех пор эти кредиты ждут начисления.",
};
