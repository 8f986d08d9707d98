import type { RequestFault } from "./problem.ts";
import { message } from "../messages/message.ts";

/** A text, or a sign of JSON's grammar. The text between them holds no names. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

interface NestingLevel {
  /** Names so far; null in a list. */
  readonly names: Set<string> | null;
  /** The member or the place that is being read. */
  at: string | number;
}

/** Faults that are reported at most. */
const FAULTS_MAX = 50;

/**
 * Members that two readers of one text would read differently: sent twice in one object, or called
 * `__proto__`.
 * @param text well-formed JSON
 */
export function findAmbiguousFields(text: string): RequestFault[] {
  const levels: NestingLevel[] = [];
  const faults: RequestFault[] = [];
  let name: string | null = null;
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === "{") levels.push({ names: new Set(), at: "" });
    else if (token === "[") levels.push({ names: null, at: 0 });
    else if (token === "}" || token === "]") levels.pop();
    else if (token === "," && typeof level?.at === "number") level.at += 1;
    else if (token === ":" && level?.names && name !== null) {
      level.at = name;
      const detail = level.names.has(name)
        ? message("validation.sentTwice")
        : name === "__proto__"
          ? message("validation.unknownField")
          : null;
      if (detail !== null)
        faults.push({ pointer: toJsonPointer(levels.map(({ at }) => String(at))), detail });
      level.names.add(name);
    }
    if (faults.length >= FAULTS_MAX) return faults;
    name = token.startsWith('"') ? (JSON.parse(token) as string) : null;
  }
  return faults;
}

/** RFC 6901. */
export const toJsonPointer = (path: readonly string[]): string =>
  path.map((part) => `/${part.slice(0, 100).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
