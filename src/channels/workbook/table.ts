import type { Cell, Row } from "./cell.ts";
import type { Sheet } from "./part.ts";
import { streamWorkbook, XLSX_MEDIA_TYPE } from "./workbook.ts";

/** One row, by its columns. */
export type TableRow = Readonly<Record<string, string | number | null | undefined>>;

/** What a table is downloaded as. */
export const TABLE_FORMATS = ["csv", "xlsx"] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

/** Columns that hold times as ISO 8601 says them. */
const isTime = (column: string): boolean => /^at$|At$/.test(column);

function cellOf(column: string, value: string | number | null | undefined): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") return { number: value };
  return isTime(column) ? { at: Date.parse(value) } : value;
}

const sheetOf = (name: string, columns: readonly string[]): Sheet => ({
  name,
  columns: columns.map((column) =>
    isTime(column) ? { heading: `${column} (UTC)`, width: 20 } : { heading: column, width: 28 },
  ),
});

const PAGE_ROWS = 500;

async function* pagesOf(
  columns: readonly string[],
  rows: readonly TableRow[],
): AsyncGenerator<Row[], void, undefined> {
  const lineOf = (row: TableRow): Row => ({ cells: columns.map((column) => cellOf(column, row[column])) });
  for (let from = 0; from < rows.length; from += PAGE_ROWS)
    yield rows.slice(from, from + PAGE_ROWS).map(lineOf);
}

/**
 * What is answered: a file for spreadsheets. @param name of the file and the sheet @param at when it was
 * written
 */
export function tableFile(
  format: TableFormat,
  name: string,
  columns: readonly string[],
  rows: readonly TableRow[],
  at: number,
) {
  const headers = {
    "Content-Disposition": `attachment; filename="${name}.${format}"`,
    "Cache-Control": "no-store",
  };
  switch (format) {
    case "csv":
      return {
        text: toCsv(columns, rows),
        headers: { ...headers, "Content-Type": "text/csv; charset=utf-8" },
      };
    case "xlsx": {
      const file = streamWorkbook(sheetOf(name.slice(0, 31), columns), pagesOf(columns, rows), at);
      return { file, headers: { ...headers, "Content-Type": XLSX_MEDIA_TYPE } };
    }
  }
}

/**
 * Where a spreadsheet would begin a formula: at the beginning of a cell, and wherever a program that splits
 * at another character than the comma, or minds no quotes, would see a beginning. In full width, too.
 */
const FORMULA = /(?<=^|[;,|\t\r\n"])(?= *[=+\-@＝＋－＠])|^(?=[\t\r])/g;

/**
 * RFC 4180, with a byte order mark so that spreadsheets read UTF-8. An apostrophe says of a formula that it
 * is a text (OWASP, CSV injection).
 */
export function toCsv(columns: readonly string[], rows: readonly TableRow[]): string {
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ""))];
  return `\uFEFF${lines.map((cells) => `${cells.map(csvCell).join(",")}\r\n`).join("")}`;
}

function csvCell(value: string | number): string {
  const text = typeof value === "string" ? value.replaceAll(FORMULA, "'") : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
