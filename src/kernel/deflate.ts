import { crc32 as crc, deflateRawSync } from "node:zlib";

/** zlib's Z_SYNC_FLUSH and Z_FINISH. */
const [FLUSH, FINISH] = [2, 4];

/**
 * A part of a raw DEFLATE stream (RFC 1951); the parts one after the other are the stream. Synchronous and
 * native, because a CompressionStream of workerd takes in all that it is given, even when no reader reads.
 */
export const deflatePart = (part: Uint8Array, isLast: boolean): Uint8Array =>
  deflateRawSync(part, { finishFlush: isLast ? FINISH : FLUSH });

/** CRC-32 of further bytes. @param previous that of the bytes so far, 0 for none */
export const crc32 = (bytes: Uint8Array, previous: number): number => crc(bytes, previous);
