/**
 * The part of Node's crypto that workerd has and that this code uses; all of Node's types would let in what
 * workerd lacks.
 */
declare module "node:crypto" {
  export function createHmac(
    algorithm: string,
    key: string,
  ): { update(data: string): { digest(encoding: string): string } };
  export function createHash(algorithm: string): {
    update(data: string): { digest(encoding: string): string; digest(): Uint8Array };
  };
  export function timingSafeEqual(one: Uint8Array, other: Uint8Array): boolean;
}
