import { ARCHIVE_MAX, crc32, descriptor, directory, type Entry, localHeader, stored } from "./workbook-archive.ts";
import { type Row, rowXml } from "./workbook-cell.ts";
import { FIXED_PARTS, type Sheet, SHEET_PATH, sheetHead, sheetTail, workbookXml } from "./workbook-part.ts";

/** Media type of a workbook. */
export const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/** Rows that a sheet may have. */
const ROWS_MAX = 1_048_576;

/**
 * A workbook with one sheet, written while it is read: a page of rows is asked for when the reader wants more than what
 * is packed already, so that no more than a page is in memory, however many there are. A failure breaks the stream off, and
 * an archive without its end opens nowhere.
 * @param at milliseconds since the epoch, from 1980 on: when its parts were written
 */
export function workbook(sheet: Sheet, pages: AsyncIterable<readonly Row[]>, at: number): ReadableStream<Uint8Array> {
  const chunks = archive(sheet, pages, at);
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() { await chunks.return(undefined); },
  }, { highWaterMark: 0 });
}

/** What is known of the sheet's XML once it has gone by. */
interface Tally {
  rows: number;
  size: number;
  crc: number;
  packed: number;
}

/** The bytes of the archive: what is fixed, the sheet, and what tells of its size. */
async function* archive(sheet: Sheet, pages: AsyncIterable<readonly Row[]>, at: number): AsyncGenerator<Uint8Array, void, undefined> {
  const entries: Entry[] = [];
  let offset = 0;
  const store = (path: string, text: string): Uint8Array => {
    const { entry, bytes } = stored(path, text, offset, at);
    entries.push(entry);
    offset += bytes.length;
    return bytes;
  };
  for (const [path, text] of FIXED_PARTS) yield store(path, text);
  const tally: Tally = { rows: 0, size: 0, crc: 0, packed: 0 };
  const header = localHeader({ name: SHEET_PATH, method: 8, crc: 0, packed: 0, size: 0 }, at);
  yield header;
  for await (const chunk of deflated(sheetBytes(sheet, pages, tally))) {
    tally.packed += chunk.length;
    yield chunk;
  }
  const entry: Entry = { name: SHEET_PATH, method: 8, crc: tally.crc, packed: tally.packed, size: tally.size, offset };
  const end = descriptor(entry);
  entries.push(entry);
  offset += header.length + tally.packed + end.length;
  yield end;
  yield store("xl/workbook.xml", workbookXml(sheet, tally.rows));
  yield directory(entries, offset, at);
}

/** The XML of the sheet, a page at a time. */
async function* sheetBytes(sheet: Sheet, pages: AsyncIterable<readonly Row[]>, tally: Tally): AsyncGenerator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder();
  const written = (text: string): Uint8Array => {
    const bytes = encoder.encode(text);
    tally.crc = crc32(bytes, tally.crc);
    tally.size += bytes.length;
    if (tally.size > ARCHIVE_MAX || tally.rows > ROWS_MAX) throw new Error("more than a sheet holds");
    return bytes;
  };
  tally.rows = 1;
  yield written(sheetHead(sheet));
  for await (const rows of pages) {
    const first = tally.rows + 1;
    tally.rows += rows.length;
    yield written(rows.map((row, index) => rowXml(row, first + index)).join(""));
  }
  yield written(sheetTail(sheet, tally.rows));
}

/**
 * Packs as the reader asks for it. A compression stream may take in all that it is given before anybody reads, so the next
 * part is handed to it only while a read waits.
 */
async function* deflated(parts: AsyncGenerator<Uint8Array, void, undefined>): AsyncGenerator<Uint8Array, void, undefined> {
  const { readable, writable } = new CompressionStream("deflate-raw");
  const [reader, writer] = [readable.getReader() as ReadableStreamDefaultReader<Uint8Array>, writable.getWriter()];
  let feeding: Promise<boolean> | null = null;
  let isMore = true;
  const next = async (): Promise<ReadableStreamReadResult<Uint8Array>> => {
    const read = heard(reader.read());
    while (isMore) {
      feeding ??= heard(feed(parts, writer));
      const first = await Promise.race([read, feeding]);
      if (typeof first === "object") return first;
      [isMore, feeding] = [first, null];
    }
    return read;
  };
  try {
    for (let result = await next(); !result.done; result = await next()) yield result.value;
  } finally {
    await parts.return();
    await Promise.allSettled([writer.abort(), reader.cancel()]);
  }
}

/** Hands on one part; false when there was none left. */
async function feed(parts: AsyncGenerator<Uint8Array, void, undefined>, writer: WritableStreamDefaultWriter<Uint8Array>): Promise<boolean> {
  const { value, done } = await parts.next();
  await (done === true ? writer.close() : writer.write(value));
  return done !== true;
}

/** Whoever waits for it is told of a failure; when nobody does any more, it is no news. */
function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
