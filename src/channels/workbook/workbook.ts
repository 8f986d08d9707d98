import { crc32, deflatePart } from "../../kernel/deflate.ts";
import {
  ARCHIVE_MAX,
  dataDescriptor,
  centralDirectory,
  type ZipEntry,
  joinBytes,
  localHeader,
  storeEntry,
} from "./zip-archive.ts";
import { type Row, rowXml } from "./cell.ts";
import { FIXED_PARTS, type Sheet, SHEET_PATH, sheetHead, sheetTail, workbookXml } from "./part.ts";

/** Media type of a workbook. */
export const XLSX_MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/** Rows that a sheet may have. */
const ROWS_MAX = 1_048_576;

/**
 * A workbook with one sheet, written while it is read: each page of rows is asked for when the reader wants
 * it, and packed by itself, so that no more than a page is in memory, however many there are. A failure
 * breaks the stream off, and an archive without its end opens nowhere.
 * @param at milliseconds since the epoch, from 1980 on: when its parts were written
 */
export function streamWorkbook(
  sheet: Sheet,
  pages: AsyncIterable<readonly Row[]>,
  at: number,
): ReadableStream<Uint8Array> {
  const chunks = archiveChunks(sheet, pages, at);
  return new ReadableStream(
    {
      async pull(controller) {
        const { value, done } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await chunks.return();
      },
    },
    { highWaterMark: 0 },
  );
}

/** The bytes of the archive: what is fixed, the sheet page by page, and what is known only then. */
async function* archiveChunks(
  sheet: Sheet,
  pages: AsyncIterable<readonly Row[]>,
  at: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const entries: ZipEntry[] = [];
  let offset = 0;
  const store = (path: string, text: string): Uint8Array => {
    const { entry, bytes } = storeEntry(path, text, offset, at);
    entries.push(entry);
    offset += bytes.length;
    return bytes;
  };
  const fixed = FIXED_PARTS.map(([path, text]) => store(path, text));
  const packing = new SheetPacker(offset);
  const header = localHeader(packing.entry, at);
  yield joinBytes(...fixed, header, packing.next(sheetHead(sheet), 1));
  for await (const rows of pages) {
    const first = packing.rows + 1;
    yield packing.next(rows.map((row, index) => rowXml(row, first + index)).join(""), rows.length);
  }
  const tail = packing.next(sheetTail(sheet, packing.rows), 0, true);
  const { entry } = packing;
  const trailer = dataDescriptor(entry);
  entries.push(entry);
  offset += header.length + entry.compressedSize + trailer.length;
  const book = store("xl/workbook.xml", workbookXml(sheet, packing.rows));
  yield joinBytes(tail, trailer, book, centralDirectory(entries, offset, at));
}

/** The sheet as it goes by: packed, counted and summed up. */
class SheetPacker {
  rows = 0;
  readonly #offset: number;
  readonly #encoder = new TextEncoder();
  #crc = 0;
  #size = 0;
  #packed = 0;

  constructor(offset: number) {
    this.#offset = offset;
  }

  get entry(): ZipEntry {
    return {
      name: SHEET_PATH,
      method: 8,
      crc: this.#crc,
      compressedSize: this.#packed,
      size: this.#size,
      offset: this.#offset,
    };
  }

  /** @param rows how many rows are in it @throws Error when there are more than a sheet holds */
  next(xml: string, rows: number, isLast = false): Uint8Array {
    const bytes = this.#encoder.encode(xml);
    this.rows += rows;
    this.#size += bytes.length;
    if (this.#size > ARCHIVE_MAX || this.rows > ROWS_MAX) throw new Error("more than a sheet holds");
    this.#crc = crc32(bytes, this.#crc);
    const packed = deflatePart(bytes, isLast);
    this.#packed += packed.length;
    return packed;
  }
}
