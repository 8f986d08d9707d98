import { sha256Hex } from "../../kernel/digest.ts";
import { canonicalJson } from "../../kernel/canonical-json.ts";
import type { AuditEvent } from "./event.ts";
import { toStorableJson, toStorableText } from "./storable-text.ts";

/**
 * Members that say who a person is, or are free text that may, or that may hold a secret, wherever they stand
 * in an event.
 */
export const PERSONAL_FIELDS: ReadonlySet<string> = new Set([
  "login",
  "email",
  "ip",
  "userAgent",
  "username",
  "firstName",
  "lastName",
  "middleName",
  "phone",
  "mobilePhone",
  "notes",
  "comments",
  "friendlyName",
  "allowedIps",
  "contactUrl",
  "stringValue",
]);

/**
 * Members that are personal only in what changed on resources of this type: a product's name is not the name
 * of a person.
 */
export const PERSONAL_FIELDS_BY_TYPE: Readonly<Record<string, ReadonlySet<string>>> = {
  customer: new Set(["name", "company", "address"]),
  member: new Set(["name", "position", "office", "department", "city", "country", "externalId", "result"]),
  invitation: new Set(["name", "externalId"]),
  api_key: new Set(["name"]),
  hook: new Set(["name", "position", "department", "externalId", "value"]),
  billing: new Set(["name", "company", "address"]),
  account: new Set(["address"]),
  organization: new Set(["address"]),
};

/** JSON pointer into the body -> [salt, value]; null once the person was erased. */
export type PersonalValues = Record<string, [salt: string, value: unknown] | null>;

/** An event as it is sealed: `body` is canonical JSON with a digest in the place of every personal value. */
export interface ProtectedEvent {
  readonly body: string;
  readonly personal: PersonalValues;
}

/**
 * Nesting that is followed. What lies deeper is protected as one value, so that no nesting can stop the
 * sealing.
 */
const DEPTH_MAX = 32;

interface FoundValue {
  readonly path: string;
  readonly value: unknown;
  readonly replace: (digest: string) => void;
}

/**
 * Takes a person out of what the hash covers; all text becomes such as D1 gives back.
 * @param newSalt gives 128 random bits as text, new at each call
 */
export function protectPersonalValues(event: AuditEvent, newSalt: () => string): ProtectedEvent {
  const found: FoundValue[] = [];
  const names = PERSONAL_FIELDS_BY_TYPE[event.resource.type];
  const isPersonal = (name: string) => PERSONAL_FIELDS.has(name) || (names?.has(name) ?? false);
  const { accountId: _account, ...rest } = event;
  const body = copyProtected(rest, "", 0, isPersonal, found);
  const personal: PersonalValues = {};
  for (const { path, value, replace } of found) {
    const salt = newSalt();
    personal[path] = [salt, value];
    replace(digestOf(salt, value));
  }
  return { body: canonicalJson(body), personal };
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const isDigest = (value: unknown): boolean => typeof value === "string" && DIGEST.test(value);

/**
 * Places of a sealed body where a digest stands. What is nested deeper than it was ever sealed holds none.
 */
export function digestPaths(body: unknown, path: string = "", depth: number = 0): string[] {
  if (isDigest(body)) return [path];
  if (body === null || typeof body !== "object" || depth > DEPTH_MAX + 1) return [];
  return Object.entries(body).flatMap(([name, value]) =>
    digestPaths(value, `${path}/${escapeStep(name)}`, depth + 1),
  );
}

const digestOf = (salt: string, value: unknown): string =>
  `sha256:${sha256Hex(canonicalJson([salt, value]))}`;

function copyProtected(
  value: unknown,
  path: string,
  depth: number,
  isPersonal: (name: string) => boolean,
  found: FoundValue[],
): unknown {
  if (value === null || typeof value !== "object") return toStorableJson(value);
  const target: Record<string, unknown> | unknown[] = Array.isArray(value) ? [] : {};
  for (const [rawName, field] of Object.entries(value)) {
    const name = toStorableText(rawName);
    // Two names that become one: the first stays, as nothing could say which of them a digest is of.
    if (Object.hasOwn(target, name)) continue;
    const place = `${path}/${escapeStep(name)}`;
    const put = (item: unknown) =>
      void Object.defineProperty(target, name, {
        value: item,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    const tooDeep = depth >= DEPTH_MAX && field !== null && typeof field === "object";
    put(null);
    if (tooDeep) found.push({ path: place, value: JSON.stringify(field), replace: put });
    // What looks like a digest is protected as well, so that each digest of a body is one of a personal
    // value.
    else if (isDigest(field) || (field !== null && field !== undefined && isPersonal(name)))
      found.push({ path: place, value: toStorableJson(field), replace: put });
    else put(copyProtected(field, place, depth + 1, isPersonal, found));
  }
  return target;
}

/**
 * Whether each personal value that is still there is the one whose digest was sealed. An erased one has
 * nothing to compare.
 */
export function isPersonalIntact(body: unknown, personal: PersonalValues): boolean {
  for (const [path, kept] of Object.entries(personal)) {
    if (kept !== null && (!Array.isArray(kept) || valueAt(body, path) !== digestOf(kept[0], kept[1])))
      return false;
  }
  return true;
}

/** The body with its personal values back in their places; erased ones are null. */
export function revealPersonalValues(body: unknown, personal: PersonalValues): unknown {
  for (const [path, kept] of Object.entries(personal)) {
    const steps = stepsOf(path);
    const parent = steps.slice(0, -1).reduce(ownField, body);
    const name = steps.at(-1);
    if (name === undefined || ownField(parent, name) === undefined) continue;
    (parent as Record<string, unknown>)[name] = kept === null ? null : kept[1];
  }
  return body;
}

const valueAt = (body: unknown, path: string): unknown => stepsOf(path).reduce(ownField, body);

/** Own members only, so that no path leads out of the body. */
const ownField = (value: unknown, name: string): unknown =>
  value !== null && typeof value === "object" && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

/** RFC 6901. */
const escapeStep = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");
const stepsOf = (path: string): string[] =>
  path
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
