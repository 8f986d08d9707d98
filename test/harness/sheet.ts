import { readXlsx } from "hucre/xlsx";

/** A line of a workbook as an independent reader sees it. */
export interface SheetLine {
  /** By heading; null for an empty cell. */
  readonly cells: Readonly<Record<string, string | null>>;
  /** Every cell of the line is filled with orange, empty ones too. */
  readonly orange: boolean;
}

export interface OpenedSheet {
  readonly name: string;
  readonly headings: readonly string[];
  readonly lines: readonly SheetLine[];
  readonly frozenRows: number;
  readonly filtered: string | undefined;
  readonly widths: readonly (number | undefined)[];
}

/**
 * @throws Error when a cell is anything but text, a number or a time with a format, or a line is coloured in
 * part
 */
export async function openSheet(bytes: Uint8Array): Promise<OpenedSheet> {
  const {
    sheets: [sheet, ...more],
  } = await readXlsx(bytes, { readStyles: true });
  if (sheet === undefined || more.length > 0) throw new Error("a workbook has one sheet here");
  const [head = [], ...rest] = sheet.rows;
  const headings = head.map(String);
  const cellAt = (row: number, column: number) => sheet.cells?.get(`${row},${column}`);
  if (headings.some((_, column) => cellAt(0, column)?.style?.font?.bold !== true))
    throw new Error("the headings are not bold");
  const lines = rest.map((values, index) => {
    const fills = headings.map((_, column) => {
      const cell = cellAt(index + 1, column);
      if (
        cell !== undefined &&
        (cell.formula !== undefined || !["string", "empty", "number", "date"].includes(cell.type))
      )
        throw new Error(`${index + 2}: ${cell.type} ${cell.formula}`);
      const fill = cell?.style?.fill;
      return fill?.type === "pattern" && fill.pattern === "solid" ? String(fill.fgColor?.rgb) : "none";
    });
    if (new Set(fills).size > 1) throw new Error(`line ${index + 2} is filled with ${fills.join()}`);
    const cells = Object.fromEntries(headings.map((heading, column) => [heading, textOf(values[column])]));
    return { cells, orange: fills[0] === "FFA500" };
  });
  return {
    name: sheet.name,
    headings,
    lines,
    frozenRows: sheet.freezePane?.rows ?? 0,
    filtered: sheet.autoFilter?.range,
    widths: headings.map((_, column) => sheet.columns?.[column]?.width),
  };
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") throw new Error(`${typeof value} in a cell`);
  return value;
}

/** All that a stream gives. */
export const readBytes = async (stream: ReadableStream<Uint8Array>): Promise<Uint8Array> =>
  new Uint8Array(await new Response(stream).arrayBuffer());
