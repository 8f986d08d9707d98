import { z } from "zod";
import { ROLE_TEXTS } from "../../access/role-text.ts";
import { foldForSearch } from "../../kernel/text/search-fold.ts";
import { listQuery } from "../../kernel/http/page.ts";
import { LOCALES, type Locale } from "../../kernel/schema/team.ts";

/** What the user book shows of a member, and is searched and sorted by. */
export const COLUMNS = [
  "login",
  "username",
  "roles",
  "dealer",
  "email",
  "phone",
  "mobilePhone",
  "source",
  "status",
  "lastLoginAt",
] as const;
export type Column = (typeof COLUMNS)[number];

/** Nothing typed into a field searches nothing. */
const searched = (says: string) =>
  z
    .string()
    .max(100, { abort: true })
    .refine((value) => !/\p{Cc}|\p{Cs}/u.test(value), "must not hold control characters")
    .optional()
    .describe(says);
const within = (what: string) => searched(`A part of ${what}, in any case.`);

const filters = {
  login: within("the login"),
  username: within("the username"),
  roles: within("the key of a role, or of its name in English or Russian"),
  dealer: within("the name of the account"),
  email: within("the e-mail address"),
  phone: within("the phone number"),
  mobilePhone: within("the mobile phone number"),
  source: searched("local or external, or a part of it."),
  status: searched("new, active or blocked, or a part of it; disabled is blocked."),
  lastLoginAt: within("the time of the last sign-in, such as 2026-11-22"),
} satisfies Record<Column, z.ZodType>;

/** What the list and its export are asked with. */
export const bookFilters = {
  ...filters,
  sort: z
    .enum(COLUMNS.flatMap((column) => [column, `-${column}` as const]))
    .optional()
    .describe(
      "A column, with - in front from the last to the first. By default, the oldest member comes first.",
    ),
};

export const BookParameters = z.strictObject({ ...listQuery, ...bookFilters });

export type Asked = z.infer<z.ZodObject<typeof bookFilters>>;

/** A search as the database makes it. */
export interface BookQuery {
  /** Whose members are listed. */
  readonly accountIds: readonly string[];
  /** What each of these columns must contain, as it is compared. */
  readonly filters: Readonly<Partial<Record<Column, string>>>;
  /** Roles of the model one of whose names contains what is searched in `roles`. */
  readonly rolesNamed: readonly string[];
  readonly sort: { readonly column: Column; readonly last: boolean } | null;
  /** Names of the model's roles, as `roles` is sorted by. */
  readonly roleNames: Readonly<Record<string, string>>;
}

/** @param model whose roles the members have @param language in which roles are sorted by their names */
export function bookQuery(
  asked: Asked,
  accountIds: readonly string[],
  model: string,
  language: Locale,
): BookQuery {
  const wanted = Object.fromEntries(
    COLUMNS.flatMap((column) => (asked[column] ? [[column, foldForSearch(asked[column])]] : [])),
  ) as BookQuery["filters"];
  const roles = Object.entries(ROLE_TEXTS[model] ?? {});
  const isNamed = (names: Readonly<Record<Locale, string>>) =>
    LOCALES.some((locale) => foldForSearch(names[locale]).includes(wanted.roles ?? ""));
  return {
    accountIds,
    filters: wanted.status === "disabled" ? { ...wanted, status: "blocked" } : wanted,
    rolesNamed: roles.filter(([, { name }]) => isNamed(name)).map(([key]) => key),
    sort:
      asked.sort === undefined
        ? null
        : { column: asked.sort.replace("-", "") as Column, last: asked.sort.startsWith("-") },
    roleNames: Object.fromEntries(roles.map(([key, { name }]) => [key, foldForSearch(name[language])])),
  };
}

/** A cursor goes on in the same list only. */
export const listOf = ({ filters: wanted, sort, roleNames }: BookQuery): string =>
  JSON.stringify([
    Object.entries(wanted).sort(),
    sort,
    sort?.column === "roles" ? Object.entries(roleNames) : null,
  ]);
