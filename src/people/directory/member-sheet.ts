import type { LocalizedText } from "../../access/area-text.ts";
import type { Locale, MEMBER_STATUSES } from "../../kernel/schema/team.ts";
import type { MemberRow } from "../members/member.card.ts";
import type { Cell, Row } from "../../channels/workbook/cell.ts";
import type { Sheet } from "../../channels/workbook/part.ts";

const STATUS_TEXTS: Readonly<Record<(typeof MEMBER_STATUSES)[number], LocalizedText>> = {
  new: { en: "New", ru: "Новый" },
  active: { en: "Active", ru: "Активен" },
  blocked: { en: "Blocked", ru: "Заблокирован" },
};

const SOURCE_TEXTS: Readonly<Record<MemberRow["source"], LocalizedText>> = {
  local: { en: "Local", ru: "Локальный" },
  external: { en: "External", ru: "Внешний" },
};

interface ListedMember {
  readonly row: MemberRow;
  readonly account: { readonly name: string };
}

interface SheetContext {
  readonly language: Locale;
  readonly roleName: (key: string) => string;
}

interface SheetColumn {
  readonly heading: LocalizedText;
  /** In characters. */
  readonly width: number;
  readonly text: (listed: ListedMember, told: SheetContext) => Cell;
}

/** The columns of the user book, with what people expect beside them. */
const SHEET_COLUMNS: readonly SheetColumn[] = [
  { heading: { en: "Login", ru: "Логин" }, width: 8, text: ({ row }) => row.login },
  { heading: { en: "Username", ru: "Имя пользователя" }, width: 28, text: ({ row }) => row.username },
  { heading: { en: "Last name", ru: "Фамилия" }, width: 18, text: ({ row }) => row.lastName },
  { heading: { en: "First name", ru: "Имя" }, width: 18, text: ({ row }) => row.firstName },
  { heading: { en: "Middle name", ru: "Отчество" }, width: 18, text: ({ row }) => row.middleName },
  {
    heading: { en: "Roles", ru: "Роли" },
    width: 28,
    text: ({ row }, { roleName }) => row.roles.map(roleName).join(", "),
  },
  { heading: { en: "Dealer", ru: "Дилер" }, width: 28, text: ({ account }) => account.name },
  { heading: { en: "E-mail", ru: "E-mail" }, width: 32, text: ({ row }) => row.email },
  { heading: { en: "Phone", ru: "Телефон" }, width: 20, text: ({ row }) => row.phone },
  { heading: { en: "Mobile phone", ru: "Мобильный телефон" }, width: 20, text: ({ row }) => row.mobilePhone },
  {
    heading: { en: "Source", ru: "Источник" },
    width: 12,
    text: ({ row }, { language }) => SOURCE_TEXTS[row.source][language],
  },
  {
    heading: { en: "Status", ru: "Статус" },
    width: 14,
    text: ({ row }, { language }) => STATUS_TEXTS[row.status][language],
  },
  {
    heading: { en: "Created (UTC)", ru: "Создан (UTC)" },
    width: 20,
    text: ({ row }) => ({ at: row.createdAt }),
  },
  {
    heading: { en: "Last sign-in (UTC)", ru: "Последний вход (UTC)" },
    width: 20,
    text: ({ row }) => (row.lastLoginAt === null ? null : { at: row.lastLoginAt }),
  },
];

export const memberSheet = (language: Locale): Sheet => ({
  name: "Members",
  columns: SHEET_COLUMNS.map(({ heading, width }) => ({ heading: heading[language], width })),
});

/** A line of the sheet, in orange for a blocked member. */
export const memberSheetRow = (listed: ListedMember, context: SheetContext): Row => ({
  cells: SHEET_COLUMNS.map(({ text }) => text(listed, context)),
  isHighlighted: listed.row.status === "blocked",
});
