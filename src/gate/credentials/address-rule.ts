import {
  type CidrBlock,
  canonicalBlock,
  canonicalIp,
  containsIp,
  coversPublic,
  parseIp,
  parseBlock,
} from "../../kernel/cidr.ts";
import { message, type Message } from "../../kernel/messages/message.ts";

/** At most this many rules on each of account, member and key. */
export const ADDRESS_RULES_MAX = 50;

/** The caller's address as the platform reports it. Headers that a caller can write are not read. */
export const clientAddress = (headers: Headers): string | null =>
  canonicalIp(headers.get("cf-connecting-ip") ?? "");

/** Stored rules, parsed once for many calls. Null when one cannot be read: then no address is allowed. */
export function compileAddressRules(stored: unknown): readonly CidrBlock[] | null {
  if (!Array.isArray(stored)) return null;
  const blocks = stored.map((rule) => (typeof rule === "string" ? parseBlock(rule) : null));
  return blocks.every((block) => block !== null) ? blocks : null;
}

/**
 * Every list must allow the address; an empty list allows every address. An unknown address passes only where
 * there is no list.
 */
export function admitsAddress(lists: ReadonlyArray<readonly CidrBlock[] | null>, ip: string | null): boolean {
  if (lists.every((list) => list?.length === 0)) return true;
  const address = ip === null ? null : parseIp(ip);
  return lists.every(
    (list) =>
      list !== null &&
      (list.length === 0 || (address !== null && list.some((block) => containsIp(block, address)))),
  );
}

const ADMITS_ALL_DETAIL = message("validation.everyAddress");

export type RuleFault = { readonly index: number; readonly detail: Message };

/**
 * Rules as a caller sends them, in canonical form and without doubles.
 * @param allowAny whether rules that let in every public address, alone or together, may be stored
 */
export function normalizeRules(
  rules: readonly string[],
  allowAny: boolean,
): { readonly rules: string[] } | { readonly fault: RuleFault } {
  const canonicalRules = new Set<string>();
  const blocks: CidrBlock[] = [];
  for (const [index, rule] of rules.entries()) {
    const block = parseBlock(rule);
    if (block === null) return { fault: { index, detail: message("validation.ipAddress") } };
    blocks.push(block);
    if (!allowAny && coversPublic(blocks, block.address.kind()))
      return { fault: { index, detail: ADMITS_ALL_DETAIL } };
    canonicalRules.add(canonicalBlock(block));
  }
  return { rules: [...canonicalRules] };
}
