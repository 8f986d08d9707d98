const RUSSIAN = new Intl.PluralRules("ru");

/** The form of an English noun behind a number. */
export const pluralEn = (count: number, one: string, other: string): string => (count === 1 ? one : other);

/** The form of a Russian noun behind a number: 1 день, 2 дня, 5 дней. */
export function pluralRu(count: number, one: string, few: string, many: string): string {
  const form = RUSSIAN.select(count);
  return form === "one" ? one : form === "few" ? few : many;
}
