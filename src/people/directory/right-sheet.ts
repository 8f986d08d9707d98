import type { z } from "zod";
import { LEVEL_TEXTS, type LocalizedText, typeText } from "../../access/area-text.ts";
import type { GrantRule } from "../../access/grant-table.ts";
import { describeRight, hintOf } from "../../access/right-hint.ts";
import type { Preset } from "../../access/preset.ts";
import { RIGHT_NAMES, resourceTypeOf } from "../../access/right.ts";
import { ACCESS_LEVELS, type AccessLevel, type Locale } from "../../kernel/schema/team.ts";
import type { EffectiveRights } from "../rights/effective-rights.ts";
import type { Row } from "../../channels/workbook/cell.ts";
import type { Sheet } from "../../channels/workbook/part.ts";

type EffectiveRight = z.infer<typeof EffectiveRights>["rights"][number];

interface SheetContext {
  readonly language: Locale;
  readonly roleName: (key: string) => string;
}

const SHEET_COLUMNS: readonly (readonly [heading: LocalizedText, width: number])[] = [
  [{ en: "Right", ru: "Право" }, 30],
  [{ en: "Category", ru: "Раздел" }, 24],
  [{ en: "Description", ru: "Описание" }, 56],
  [{ en: "Hint", ru: "Подсказка" }, 72],
  [{ en: "Granted", ru: "Выдано" }, 10],
  [{ en: "Where it holds", ru: "Где действует" }, 44],
  [{ en: "What it comes from", ru: "Откуда" }, 44],
];

const YES: LocalizedText = { en: "yes", ru: "да" };
const NO: LocalizedText = { en: "no", ru: "нет" };

export const rightSheet = (language: Locale): Sheet => ({
  name: "Rights",
  columns: SHEET_COLUMNS.map(([heading, width]) => ({ heading: heading[language], width })),
});

/**
 * Every right of the model, and whether, where and why a member has it.
 * @param blocked the member is: every line is in orange then
 */
export function rightSheetRows(
  preset: Preset,
  table: readonly GrantRule[],
  reasons: readonly EffectiveRight[],
  blocked: boolean,
  context: SheetContext,
): Row[] {
  const { language } = context;
  const held = Map.groupBy(reasons, ({ right }) => right);
  return RIGHT_NAMES.filter((right) => preset.rights.has(right)).map((right) => {
    const reasonsOfRight = held.get(right) ?? [];
    return {
      isHighlighted: blocked,
      cells: [
        right,
        typeText(resourceTypeOf(right))[language],
        describeRight(right, language),
        hintOf(right, table, language),
        (reasonsOfRight.length === 0 ? NO : YES)[language],
        joinDistinct(reasonsOfRight.map(({ where }) => extentText(where, language))),
        joinDistinct(reasonsOfRight.map(({ source }) => sourceText(source, context))),
      ],
    };
  });
}

const joinDistinct = (texts: readonly string[]): string => [...new Set(texts)].join("; ");

const EXTENT_TEXTS: Readonly<
  Record<"all" | "own" | "active" | "nowhere" | "id" | "root" | "inside", LocalizedText>
> = {
  all: { en: "everywhere", ru: "везде" },
  own: { en: "own objects", ru: "собственные объекты" },
  active: { en: "active objects", ru: "действующие объекты" },
  nowhere: { en: "nothing yet", ru: "пока ничего" },
  id: { en: "only", ru: "только" },
  root: { en: "all under", ru: "всё внутри" },
  inside: { en: "own and granted objects under", ru: "собственные и доступные объекты внутри" },
};

function extentText({ kind, ids = [], under = [] }: EffectiveRight["where"], language: Locale): string {
  const text = (name: keyof typeof EXTENT_TEXTS) => EXTENT_TEXTS[name][language];
  switch (kind) {
    case "id":
      return `${text("id")} ${ids.join(", ")}`;
    case "root":
      return `${text("root")} ${under.join(", ")}`;
    case "inside":
      return under.length === 0
        ? text("nowhere")
        : `${text("inside")} ${under.join(", ")}${ids.length === 0 ? "" : ` (${ids.join(", ")})`}`;
    default:
      return text(kind);
  }
}

const SOURCE_TEXTS: Readonly<Record<"ownership" | "role" | "right" | "grant" | "derived", LocalizedText>> = {
  ownership: { en: "ownership of the account", ru: "владение аккаунтом" },
  role: { en: "role", ru: "роль" },
  right: { en: "given to the user directly", ru: "выдано пользователю напрямую" },
  grant: { en: "access to", ru: "доступ:" },
  derived: { en: "follows from access to", ru: "следует из доступа:" },
};

/** What `source` of an effective right says, in words. An unknown source is shown as it is. */
function sourceText(source: string, { language, roleName }: SheetContext): string {
  const text = (name: keyof typeof SOURCE_TEXTS) => SOURCE_TEXTS[name][language];
  if (source === "ownership") return text(source);
  const [, role, kind, type = "", access = "", id = ""] =
    /^(?:role:(\S+))? ?(?:(right|grant|derived)(?::(\w+):(\w+):(\S+))?)?$/.exec(source) ?? [];
  const parts = [...(role === undefined ? [] : [`${text("role")} “${roleName(role)}”`])];
  if (kind === "right") parts.push(text("right"));
  if (kind === "grant" || kind === "derived") {
    const level = isLevel(access) ? LEVEL_TEXTS[access].name[language].toLowerCase() : access;
    parts.push(`${text(kind)} ${typeText(type)[language]} (${level})${id === "0" ? "" : ` ${id}`}`);
  }
  return parts.join(", ") || source;
}

const isLevel = (text: string): text is AccessLevel => (ACCESS_LEVELS as readonly string[]).includes(text);
