import { crc32 } from "../../kernel/deflate.ts";

/** The parts of a ZIP archive (APPNOTE 6.3, without ZIP64) that a spreadsheet is put together from. */

/** What the directory at the end says of an entry. */
export interface ZipEntry {
  readonly name: string;
  /** 0: stored, its sizes in front. 8: deflated as it goes, its sizes behind it. */
  readonly method: 0 | 8;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  /** Where its header stands, in bytes from the beginning. */
  readonly offset: number;
}

/** Beyond this many bytes an archive would need ZIP64. */
export const ARCHIVE_MAX = 0xffff_ffff;

const DEFLATED = 8;
const VERSION_NEEDED = 20;
const DATA_DESCRIPTOR_FLAG = 0x0008;

/** Little-endian numbers: each is its bytes and its value. */
function pack(...fields: readonly (readonly [bytes: 2 | 4, value: number])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

export function joinBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const encoder = new TextEncoder();

/** Date and time as MS-DOS wrote them, in UTC. @param at milliseconds since the epoch, from 1980 on */
function dosTime(at: number): readonly [time: number, date: number] {
  const date = new Date(at);
  return [
    (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1),
    ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate(),
  ];
}

/** What a local header and the directory tell alike. */
function sharedHeaderFields(
  { method, crc, compressedSize, size, name }: Omit<ZipEntry, "offset">,
  at: number,
): (readonly [2 | 4, number])[] {
  const [time, date] = dosTime(at);
  return [
    [2, VERSION_NEEDED],
    [2, method === DEFLATED ? DATA_DESCRIPTOR_FLAG : 0],
    [2, method],
    [2, time],
    [2, date],
    [4, crc],
    [4, compressedSize],
    [4, size],
    [2, name.length],
    [2, 0],
  ];
}

/** The header of an entry. Names are ASCII. */
export const localHeader = (entry: Omit<ZipEntry, "offset">, at: number): Uint8Array =>
  joinBytes(pack([4, 0x0403_4b50], ...sharedHeaderFields(entry, at)), encoder.encode(entry.name));

/** What stands behind a deflated entry. */
export const dataDescriptor = ({ crc, compressedSize, size }: ZipEntry): Uint8Array =>
  pack([4, 0x0807_4b50], [4, crc], [4, compressedSize], [4, size]);

/** An entry that is stored as it is, with its header. */
export function storeEntry(
  name: string,
  text: string,
  offset: number,
  at: number,
): { readonly entry: ZipEntry; readonly bytes: Uint8Array } {
  const body = encoder.encode(text);
  const entry: ZipEntry = {
    name,
    method: 0,
    crc: crc32(body, 0),
    compressedSize: body.length,
    size: body.length,
    offset,
  };
  return { entry, bytes: joinBytes(localHeader(entry, at), body) };
}

/** What ends an archive. @param offset where it stands */
export function centralDirectory(entries: readonly ZipEntry[], offset: number, at: number): Uint8Array {
  const records = entries.map((entry) =>
    joinBytes(
      pack(
        [4, 0x0201_4b50],
        [2, VERSION_NEEDED],
        ...sharedHeaderFields(entry, at),
        [2, 0],
        [2, 0],
        [2, 0],
        [4, 0],
        [4, entry.offset],
      ),
      encoder.encode(entry.name),
    ),
  );
  const all = joinBytes(...records);
  return joinBytes(
    all,
    pack(
      [4, 0x0605_4b50],
      [2, 0],
      [2, 0],
      [2, entries.length],
      [2, entries.length],
      [4, all.length],
      [4, offset],
      [2, 0],
    ),
  );
}
