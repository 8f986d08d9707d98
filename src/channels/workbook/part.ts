import { headingXml, columnLetter, escapeXml } from "./cell.ts";

/** The parts of a workbook with one sheet (ECMA-376 part 1). */

export interface Column {
  readonly heading: string;
  /** In characters. */
  readonly width: number;
}

export interface Sheet {
  /** At most 31 characters, none of \ / ? * [ ] : or '. */
  readonly name: string;
  readonly columns: readonly Column[];
}

export const SHEET_PATH = "xl/worksheets/sheet1.xml";

const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml";
const RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";

const relation = (id: number, type: string, target: string): string =>
  `<Relationship Id="rId${id}" Type="${RELATIONS}/${type}" Target="${target}"/>`;
const relations = (...all: readonly string[]): string =>
  `${XML_DECLARATION}<Relationships xmlns="${PACKAGE}/relationships">${all.join("")}</Relationships>`;

const CONTENT_TYPES =
  `${XML_DECLARATION}<Types xmlns="${PACKAGE}/content-types">` +
  '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
  '<Default Extension="xml" ContentType="application/xml"/>' +
  `<Override PartName="/xl/workbook.xml" ContentType="${TYPES}.sheet.main+xml"/>` +
  `<Override PartName="/${SHEET_PATH}" ContentType="${TYPES}.worksheet+xml"/>` +
  `<Override PartName="/xl/styles.xml" ContentType="${TYPES}.styles+xml"/></Types>`;

const FONT = '<sz val="11"/><name val="Calibri"/><family val="2"/>';
/**
 * Number formats: text, so that a login keeps its zeros when it is edited; a number as it is; a time to the
 * second.
 */
const FORMAT = { text: 49, number: 0, time: 164 } as const;
const cellFormat = (
  font: number,
  fill: number,
  quotePrefix = false,
  numberFormat: keyof typeof FORMAT = "text",
): string =>
  `<xf numFmtId="${FORMAT[numberFormat]}" fontId="${font}" fillId="${fill}" borderId="0" xfId="0"` +
  ' applyNumberFormat="1"' +
  (font > 0 ? ' applyFont="1"' : "") +
  (fill > 0 ? ' applyFill="1"' : "") +
  (quotePrefix ? ' quotePrefix="1"/>' : "/>");

/** In the order of `STYLE`. */
const STYLES =
  `${XML_DECLARATION}<styleSheet xmlns="${MAIN}"><numFmts count="1">` +
  `<numFmt numFmtId="${FORMAT.time}" formatCode="yyyy-mm-dd hh:mm:ss"/></numFmts>` +
  `<fonts count="2"><font>${FONT}</font><font><b/>${FONT}</font></fonts>` +
  '<fills count="3"><fill><patternFill patternType="none"/></fill>' +
  '<fill><patternFill patternType="gray125"/></fill>' +
  '<fill><patternFill patternType="solid"><fgColor rgb="FFFFA500"/><bgColor indexed="64"/></patternFill>' +
  "</fill></fills>" +
  '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>' +
  '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>' +
  '<cellXfs count="10"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>' +
  `${cellFormat(1, 0)}${cellFormat(0, 0)}${cellFormat(0, 0, true)}` +
  `${cellFormat(0, 2)}${cellFormat(0, 2, true)}` +
  `${cellFormat(0, 0, false, "time")}${cellFormat(0, 2, false, "time")}` +
  `${cellFormat(0, 0, false, "number")}${cellFormat(0, 2, false, "number")}</cellXfs>` +
  '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>';

/** What does not depend on the rows, by its path. */
export const FIXED_PARTS: readonly (readonly [path: string, text: string])[] = [
  ["[Content_Types].xml", CONTENT_TYPES],
  ["_rels/.rels", relations(relation(1, "officeDocument", "xl/workbook.xml"))],
  [
    "xl/_rels/workbook.xml.rels",
    relations(relation(1, "worksheet", "worksheets/sheet1.xml"), relation(2, "styles", "styles.xml")),
  ],
  ["xl/styles.xml", STYLES],
];

const lastColumnOf = ({ columns }: Sheet): string => columnLetter(columns.length - 1);

const columnXml = ({ width }: Sheet["columns"][number], index: number): string =>
  `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`;

/** The sheet up to its rows. The row of headings stays in sight. */
export const sheetHead = (sheet: Sheet): string =>
  `${XML_DECLARATION}<worksheet xmlns="${MAIN}"><sheetViews><sheetView tabSelected="1" workbookViewId="0">` +
  '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' +
  '<selection pane="bottomLeft" activeCell="A2" sqref="A2"/></sheetView></sheetViews>' +
  `<sheetFormatPr defaultRowHeight="15"/><cols>${sheet.columns.map(columnXml).join("")}</cols>` +
  `<sheetData>${headingXml(sheet.columns.map(({ heading }) => heading))}`;

/** What stands after them. @param rows how many there are, with the headings */
export const sheetTail = (sheet: Sheet, rows: number): string =>
  `</sheetData><autoFilter ref="A1:${lastColumnOf(sheet)}${rows}"/></worksheet>`;

/** Spreadsheets find an auto filter by this hidden name too. */
export const workbookXml = (sheet: Sheet, rows: number): string =>
  `${XML_DECLARATION}<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}">` +
  "<bookViews><workbookView/></bookViews>" +
  `<sheets><sheet name="${escapeXml(sheet.name)}" sheetId="1" r:id="rId1"/></sheets><definedNames>` +
  '<definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">' +
  `'${escapeXml(sheet.name)}'!$A$1:$${lastColumnOf(sheet)}$${rows}</definedName></definedNames></workbook>`;
