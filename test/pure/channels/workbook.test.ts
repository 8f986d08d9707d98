import fc from "fast-check";
import { inflateRawSync } from "node:zlib";
import { readXlsx } from "hucre/xlsx";
import { describe, expect, test } from "vitest";
import { streamWorkbook } from "../../../src/channels/workbook/workbook.ts";
import { CELL_MAX, cellText, type Row, rowXml, STYLE } from "../../../src/channels/workbook/cell.ts";
import { FIXED_PARTS, type Sheet } from "../../../src/channels/workbook/part.ts";
import { readBytes, openSheet } from "../../harness/sheet.ts";

const AT = Date.UTC(2026, 10, 22, 12, 30, 10);
const sheet: Sheet = {
  name: "Things",
  columns: [
    { heading: "A", width: 10 },
    { heading: "B & <C>", width: 20.5 },
  ],
};

async function* pagesOf(
  ...pages: readonly (readonly Row[])[]
): AsyncGenerator<readonly Row[], void, undefined> {
  yield* pages;
}
const written = async (rows: readonly Row[]) =>
  openSheet(await readBytes(streamWorkbook(sheet, pagesOf(rows), AT)));
const shown = async (texts: readonly string[]) =>
  (await written(texts.map((text) => ({ cells: ["x", text] })))).lines.map(({ cells }) => cells["B & <C>"]);

const HOSTILE: ReadonlyArray<readonly [text: string, shown: string]> = [
  ...[
    "=cmd|'/c calc'!A1",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    '=HYPERLINK("http://example.com")',
    "{=1}",
    "'=1",
    "<",
    "&",
    ">",
    "]]>",
    "<![CDATA[x]]>",
    "<!--",
    "&amp;",
    "&#1;",
    '"',
    "'",
    "🦊",
    "👩‍🚀",
    "Кириллица",
    "é",
    "ｗ",
    "שלום",
    "a\r\nb",
    "\n",
    "\t",
    "  in spaces  ",
    "0001",
    "1e9",
    "TRUE",
    "2026-11-22",
    "_x0041_",
    "_x000A_ _x005F_",
    "_x00",
    "__x0041_",
    "\u0085",
    "\u2028",
    "\uFFFD",
    "\u{10FFFF}",
    "]".repeat(100),
  ].map((text) => [text, text] as const),
  ["a\u0001b", "a\uFFFDb"],
  ["\u0000", "\uFFFD"],
  ["\u001F\u000B", "\uFFFD\uFFFD"],
  ["\uD800", "\uFFFD"],
  ["a\uDC00b", "a\uFFFDb"],
  ["\uDE00\uD83D", "\uFFFD\uFFFD"],
  ["\uFFFE\uFFFF", "\uFFFD\uFFFD"],
  ["x".repeat(CELL_MAX), "x".repeat(CELL_MAX)],
  ["x".repeat(40_000), `${"x".repeat(CELL_MAX - 1)}…`],
  ["🦊".repeat(20_000), `${"🦊".repeat(CELL_MAX / 2 - 0.5)}…`],
  [`x${"🦊".repeat(20_000)}`, `x${"🦊".repeat((CELL_MAX - 3) / 2)}…`],
];

describe("S3.7 a text in a workbook", () => {
  test("S3.7 comes back as it was, within XML and the length limit, and is never a formula", async () => {
    expect(await shown(HOSTILE.map(([text]) => text))).toEqual(HOSTILE.map(([, text]) => text));
  });

  test("S3.7 any text at all opens, as text", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
      fc.string({ unit: fc.constantFrom(..."_x005F041=+\t\r\n<&;]🦊") }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          text.filter((each) => each !== ""),
          { minLength: 1, maxLength: 30 },
        ),
        async (texts) => {
          expect(await shown(texts)).toEqual(texts.map(cellText));
        },
      ),
      { numRuns: 200, seed: 5 },
    );
  });

  test("S3.7 keeps its carriage returns, which XML would take for line feeds", () => {
    expect(rowXml({ cells: ["a\r\nb"] }, 2)).toContain(">a&#13;\nb<");
  });

  const QUOTED = ["=1", "+1", "-1", "@a", "\ta", "\ra", "\na", "＝1", "＋1", "－1", "＠a"];
  test("S3.7 that looks like a formula stays a text when a reader edits it", () => {
    const styleOf = (text: string, blocked = false) =>
      Number(/ s="(\d)"/.exec(rowXml({ cells: [text], isHighlighted: blocked }, 2))?.[1]);
    expect(QUOTED.map((text) => styleOf(text))).toEqual(QUOTED.map(() => STYLE.quoted));
    expect(QUOTED.map((text) => styleOf(text, true))).toEqual(QUOTED.map(() => STYLE.blockedQuoted));
    expect(["a=1", "1", "'=1", " x"].map((text) => styleOf(text))).toEqual([
      STYLE.text,
      STYLE.text,
      STYLE.text,
      STYLE.text,
    ]);
    const formats = Array.from(
      /<cellXfs.*<\/cellXfs>/
        .exec(FIXED_PARTS.find(([path]) => path === "xl/styles.xml")?.[1] ?? "")?.[0]
        .matchAll(/<xf [^>]*>/g) ?? [],
      ([format]) => format,
    );
    expect(formats.flatMap((format, index) => (format.includes('quotePrefix="1"') ? [index] : []))).toEqual([
      STYLE.quoted,
      STYLE.blockedQuoted,
    ]);
    const times: readonly number[] = [STYLE.time, STYLE.blockedTime];
    const numbers: readonly number[] = [STYLE.number, STYLE.blockedNumber];
    const idOf = (index: number) => (times.includes(index) ? 164 : numbers.includes(index) ? 0 : 49);
    expect(formats.slice(1).every((format, index) => format.includes(`numFmtId="${idOf(index + 1)}"`))).toBe(
      true,
    );
  });
});

test("K16 a time is a date cell with a format, a number a number, in an orange line too", async () => {
  const {
    sheets: [read],
  } = await readXlsx(
    await readBytes(
      streamWorkbook(
        sheet,
        pagesOf([
          { cells: [{ at: AT }, { number: -5 }] },
          { cells: [{ at: AT + 7 }, { number: 0.5 }], isHighlighted: true },
        ]),
        AT,
      ),
    ),
    { readStyles: true },
  );
  const cell = (at: string) => read?.cells?.get(at);
  expect([cell("1,0")?.value, cell("2,0")?.value]).toEqual([new Date(AT), new Date(AT + 7)]);
  expect([cell("1,1")?.value, cell("2,1")?.value]).toEqual([-5, 0.5]);
  expect([cell("1,0")?.type, cell("1,0")?.style?.numFmt, cell("2,0")?.style?.numFmt]).toEqual([
    "date",
    "yyyy-mm-dd hh:mm:ss",
    "yyyy-mm-dd hh:mm:ss",
  ]);
  expect((await written([{ cells: [{ at: AT }, null], isHighlighted: true }])).lines).toEqual([
    { cells: { A: new Date(AT).toISOString(), "B & <C>": null }, orange: true },
  ]);
});

describe("S3.7 a workbook", () => {
  test("S3.7 has bold frozen headings, a filter over all rows, and the given widths", async () => {
    const { lines, ...rest } = await written([
      { cells: ["1", null] },
      { cells: [null, "2"] },
      { cells: ["", ""] },
    ]);
    expect(rest).toEqual({
      name: "Things",
      headings: ["A", "B & <C>"],
      frozenRows: 1,
      filtered: "A1:B4",
      widths: [10, 20.5],
    });
    expect(lines.map(({ cells }) => Object.values(cells))).toEqual([
      ["1", null],
      [null, "2"],
    ]);
    expect(await written([])).toMatchObject({ lines: [], filtered: "A1:B1" });
  });

  test("S3.6 marks a blocked line in orange as a whole, its empty cells too, and no other", async () => {
    const { lines } = await written([
      { cells: ["a", null], isHighlighted: true },
      { cells: ["b", "=1"] },
      { cells: ["c", "=1"], isHighlighted: true },
    ]);
    expect(lines.map(({ orange }) => orange)).toEqual([true, false, true]);
  });

  test("says of each part its checksum, its length and when it was written", async () => {
    const bytes = Buffer.from(await readBytes(streamWorkbook(sheet, pagesOf([{ cells: ["a", "b"] }]), AT)));
    const parts = directoryOf(bytes);
    expect(parts.map(({ name }) => name)).toEqual([
      "[Content_Types].xml",
      "_rels/.rels",
      "xl/_rels/workbook.xml.rels",
      "xl/styles.xml",
      "xl/worksheets/sheet1.xml",
      "xl/workbook.xml",
    ]);
    expect(
      new Set(
        parts.map(({ time, date }) => {
          const day = `${(date >> 9) + 1980}-${(date >> 5) & 15}-${date & 31}`;
          return `${day} ${time >> 11}:${(time >> 5) & 63}:${(time & 31) * 2}`;
        }),
      ),
    ).toEqual(new Set(["2026-11-22 12:30:10"]));
    for (const { method, crc, packed, size, start } of parts) {
      const body = bytes.subarray(start, start + packed);
      const text = method === 8 ? inflateRawSync(body) : body;
      expect([text.length, crcOf(text)]).toEqual([size, crc]);
    }
  });
});

/** The bytes of a ZIP, read by the directory at its end. */
function directoryOf(bytes: Buffer) {
  const [count, at] = [bytes.readUInt16LE(bytes.length - 12), bytes.readUInt32LE(bytes.length - 6)];
  const parts = [];
  for (let index = 0, place = at; index < count; index += 1) {
    const [nameLength, header] = [bytes.readUInt16LE(place + 28), bytes.readUInt32LE(place + 42)];
    parts.push({
      name: bytes.toString("latin1", place + 46, place + 46 + nameLength),
      method: bytes.readUInt16LE(place + 10),
      time: bytes.readUInt16LE(place + 12),
      date: bytes.readUInt16LE(place + 14),
      crc: bytes.readUInt32LE(place + 16),
      packed: bytes.readUInt32LE(place + 20),
      size: bytes.readUInt32LE(place + 24),
      start: header + 30 + bytes.readUInt16LE(header + 26),
    });
    place += 46 + nameLength;
  }
  return parts;
}

/** CRC-32 bit by bit, from its definition. */
function crcOf(bytes: Uint8Array): number {
  let value = 0xffff_ffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ (0xedb8_8320 & -(value & 1));
  }
  return ~value >>> 0;
}

/** Time enough for a stream that works ahead. */
const idle = () =>
  new Promise((resolve) => {
    setTimeout(resolve, 10);
  });

describe("S3.7 a workbook is written while it is read", () => {
  /** Pages, and how many of them were asked for and let go. */
  function counted(count: number, fail = false) {
    const seen = { asked: 0, ended: false };
    async function* pages(): AsyncGenerator<readonly Row[], void, undefined> {
      try {
        for (; seen.asked < count; ) {
          seen.asked += 1;
          if (fail && seen.asked === 3) throw new Error("no more");
          yield Array.from({ length: 250 }, () => ({ cells: [crypto.randomUUID(), "=1"] }));
        }
      } finally {
        seen.ended = true;
      }
    }
    return { seen, stream: streamWorkbook(sheet, pages(), AT) };
  }
  test("each read asks for one page; nothing is asked before the first or after the last", async () => {
    const { seen, stream } = counted(40);
    await idle();
    expect(seen.asked).toBe(0);
    const reader = stream.getReader();
    for (let read = 0; read <= 10; read += 1) {
      await reader.read();
      await idle();
      // The first read is what stands before the rows.
      expect(seen.asked).toBe(read);
    }
    await reader.cancel();
    await idle();
    expect(seen).toEqual({ asked: 10, ended: true });
  });

  test("all pages arrive, for any number of pages", async () => {
    for (const count of [0, 1, 2, 25])
      expect((await openSheet(await readBytes(counted(count).stream))).lines).toHaveLength(count * 250);
  });

  test("a failure on the way is no end that could be taken for one", async () => {
    const { seen, stream } = counted(10, true);
    await expect(readBytes(stream)).rejects.toThrow("no more");
    expect(seen).toEqual({ asked: 3, ended: true });
  });
});
