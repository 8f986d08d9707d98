/** The part of Node's crypto that workerd has and that this code uses; all of Node's types would let in what workerd lacks. */
declare module "node:crypto" {
  export function createHmac(algorithm: string, key: string): { update(data: string): { digest(encoding: string): string } };
  export function createHash(algorithm: string): { update(data: string): { digest(encoding: string): string } };
}
