import { validate } from "../../kernel/http/body.ts";
import { type RequestFault, Problem } from "../../kernel/http/problem.ts";
import { type Action, type From, type Mapping, WANTED, type Wanted } from "./mapping.ts";
import { valueAt } from "./pointer.ts";

const TYPE_MAX = 200;

/** Where in the body each value was found. */
type Places = Readonly<Record<string, string>>;

/** What a body means by a mapping. */
export type Reading = { readonly eventType: string | null } & (
  | { readonly kind: "ignored" }
  | { readonly kind: "failed"; readonly rule: number | null; readonly errors: readonly RequestFault[] }
  | { readonly kind: "wanted"; readonly rule: number; readonly wanted: Wanted; readonly places: Places }
);

/** @param headerType the event's type as a header says it, for mappings that look there */
export function read({ typeAt, rules }: Mapping, payload: unknown, headerType: string | null): Reading {
  const type = typeAt === null ? headerType : valueAt(payload, typeAt);
  if (typeof type !== "string" || type.length === 0 || type.length > TYPE_MAX) {
    const detail = `must be the type of the event, of 1 to ${TYPE_MAX} characters`;
    const fault = typeAt === null ? { header: "X-GitHub-Event", detail } : { pointer: typeAt, detail };
    return { kind: "failed", eventType: null, rule: null, errors: [fault] };
  }
  const rule = rules.findIndex(
    ({ when }) =>
      when.type === type && when.equals.every(({ pointer, value }) => valueAt(payload, pointer) === value),
  );
  const action = rules[rule]?.then;
  return action === undefined
    ? { kind: "ignored", eventType: type }
    : { eventType: type, rule, ...filled(action, payload) };
}

type Filled =
  | { readonly kind: "failed"; readonly errors: readonly RequestFault[] }
  | { readonly kind: "wanted"; readonly wanted: Wanted; readonly places: Places };

/** The action with its values in it. A fault has the place in the body, never the value at that place. */
function filled(action: Action, payload: unknown): Filled {
  const sources = new Map(
    Object.entries(action).filter((entry): entry is [string, From] => isFrom(entry[0], entry[1])),
  );
  const values = Object.fromEntries(
    [...sources].map(([name, source]) => [name, sourceValue(payload, name, source)]),
  );
  const missing = [...sources]
    .filter(([name]) => values[name] === undefined)
    .map(([, source]) => ({ pointer: source.pointer ?? "", detail: "is not there" }));
  if (missing.length > 0) return { kind: "failed", errors: missing };
  const places = Object.fromEntries(
    [...sources].flatMap(([name, { pointer }]) => (pointer === undefined ? [] : [[name, pointer]])),
  );
  try {
    return {
      kind: "wanted",
      places,
      wanted: validate<Wanted>(WANTED[action.action] as never, { ...action, ...values }, "body"),
    };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { kind: "failed", errors: (error.extra.errors ?? []).map((fault) => atSource(fault, sources)) };
  }
}

/** The fault of a value, with the pointer to where the value came from. */
function atSource(fault: RequestFault, sources: ReadonlyMap<string, From>): RequestFault {
  if (!("pointer" in fault)) return fault;
  return { ...fault, pointer: sources.get(fault.pointer.split("/")[1] ?? "")?.pointer ?? fault.pointer };
}

function sourceValue(payload: unknown, name: string, { pointer, value: fixed, as }: From): unknown {
  if (pointer === undefined) return fixed;
  const value = valueAt(payload, pointer);
  if (as !== undefined) return value === undefined ? undefined : { as, value };
  // Shops number their customers: a number is as good an id as a text.
  return name === "externalId" && Number.isSafeInteger(value) ? String(value) : value;
}

/**
 * The members of an action that say where a value comes from. A plan is one value, and so are grants and
 * roles.
 */
const isFrom = (name: string, value: unknown): boolean =>
  FROM.has(name) && typeof value === "object" && value !== null;

const FROM: ReadonlySet<string> = new Set([
  "email",
  "firstName",
  "lastName",
  "externalId",
  "accountId",
  "amount",
  "status",
  "tier",
  "currentPeriodEnd",
  "at",
]);
