import type { Locale } from "../kernel/schema/team.ts";
import { LEVEL_TEXTS, typeText } from "./area-text.ts";
import type { GrantRule } from "./grant-table.ts";
import { type Right, RIGHTS } from "./right.ts";
import { RIGHTS_RU } from "./right.ru.ts";

/** What a right lets one do. */
export const describeRight = (right: Right, language: Locale): string =>
  (language === "ru" ? RIGHTS_RU : RIGHTS)[right];

const COMES_WITH: Readonly<Record<Locale, string>> = { en: "Comes with access to", ru: "Входит в доступ" };

/** What an interface shows over a right: what it is for, and which access to which resources brings it. */
export function hintOf(right: Right, table: readonly GrantRule[], language: Locale): string {
  const givingRules = table.filter(
    (rule) => rule.resourceId === "0" && [...rule.gives, ...rule.derives].includes(right),
  );
  if (givingRules.length === 0) return describeRight(right, language);
  const ways = Array.from(
    Map.groupBy(givingRules, (rule) => rule.resourceType),
    ([type, rules]) => {
      const levels = rules.map(({ access }) => LEVEL_TEXTS[access].name[language].toLowerCase());
      return `${typeText(type)[language]} (${levels.join(", ")})`;
    },
  );
  return `${describeRight(right, language)} ${COMES_WITH[language]}: ${ways.join("; ")}.`;
}
