/** The part of Node's zlib that workerd has and that this code uses. */
declare module "node:zlib" {
  export function deflateRawSync(bytes: Uint8Array, options: { readonly finishFlush: number }): Uint8Array;
  export function crc32(data: Uint8Array | string, before?: number): number;
}
