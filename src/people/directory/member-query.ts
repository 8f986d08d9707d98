import { z } from "zod";
import { ROLE_TEXTS } from "../../access/role-text.ts";
import { foldForSearch } from "../../kernel/text/search-fold.ts";
import { listQuery } from "../../kernel/http/page.ts";
import { LOCALES, type Locale } from "../../kernel/schema/team.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

/** What the user book shows of a member, and is searched and sorted by. */
export const MEMBER_COLUMNS = [
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
export type MemberColumn = (typeof MEMBER_COLUMNS)[number];

/** Nothing typed into a field searches nothing. */
const searchText = (description: string) =>
  z
    .string()
    .max(100, { abort: true })
    .refine((value) => !/\p{Cc}|\p{Cs}/u.test(value), ruleText("validation.controlCharacters"))
    .optional()
    .describe(description);
const partOf = (what: string) => searchText(`A part of ${what}, in any case.`);

const columnFilters = {
  login: partOf("the login"),
  username: partOf("the username"),
  roles: partOf("the key of a role, or of its name in English or Russian"),
  dealer: partOf("the name of the account"),
  email: partOf("the e-mail address"),
  phone: partOf("the phone number"),
  mobilePhone: partOf("the mobile phone number"),
  source: searchText("local or external, or a part of it."),
  status: searchText("new, active or blocked, or a part of it; disabled is blocked."),
  lastLoginAt: partOf("the time of the last sign-in, such as 2026-11-22"),
} satisfies Record<MemberColumn, z.ZodType>;

/** What the list and its export are asked with. */
export const memberFilters = {
  ...columnFilters,
  sort: z
    .enum(MEMBER_COLUMNS.flatMap((column) => [column, `-${column}` as const]))
    .optional()
    .describe(
      "A column, with - in front from the last to the first. By default, the oldest member comes first.",
    ),
};

export const MemberListQuery = z.strictObject({ ...listQuery, ...memberFilters });

export type MemberSearch = z.infer<z.ZodObject<typeof memberFilters>>;

/** A search as the database makes it. */
export interface MemberQuery {
  /** Whose members are listed. */
  readonly accountIds: readonly string[];
  /** What each of these columns must contain, as it is compared. */
  readonly filters: Readonly<Partial<Record<MemberColumn, string>>>;
  /** Roles of the model one of whose names contains what is searched in `roles`. */
  readonly matchingRoles: readonly string[];
  readonly sort: { readonly column: MemberColumn; readonly last: boolean } | null;
  /** Names of the model's roles, as `roles` is sorted by. */
  readonly roleNames: Readonly<Record<string, string>>;
}

/** @param model whose roles the members have @param language in which roles are sorted by their names */
export function toMemberQuery(
  search: MemberSearch,
  accountIds: readonly string[],
  model: string,
  language: Locale,
): MemberQuery {
  const foldedFilters = Object.fromEntries(
    MEMBER_COLUMNS.flatMap((column) => (search[column] ? [[column, foldForSearch(search[column])]] : [])),
  ) as MemberQuery["filters"];
  const roles = Object.entries(ROLE_TEXTS[model] ?? {});
  const matchesName = (names: Readonly<Record<Locale, string>>) =>
    LOCALES.some((locale) => foldForSearch(names[locale]).includes(foldedFilters.roles ?? ""));
  return {
    accountIds,
    filters: foldedFilters.status === "disabled" ? { ...foldedFilters, status: "blocked" } : foldedFilters,
    matchingRoles: roles.filter(([, { name }]) => matchesName(name)).map(([key]) => key),
    sort:
      search.sort === undefined
        ? null
        : { column: search.sort.replace("-", "") as MemberColumn, last: search.sort.startsWith("-") },
    roleNames: Object.fromEntries(roles.map(([key, { name }]) => [key, foldForSearch(name[language])])),
  };
}

/** A cursor goes on in the same list only. */
export const listIdentity = ({ filters, sort, roleNames }: MemberQuery): string =>
  JSON.stringify([
    Object.entries(filters).sort(),
    sort,
    sort?.column === "roles" ? Object.entries(roleNames) : null,
  ]);
