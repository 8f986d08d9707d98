import { validate } from "../../kernel/http/validate.ts";
import { type RequestFault, Problem } from "../../kernel/http/problem.ts";
import {
  type MappedAction,
  type ValueSource,
  type Mapping,
  RESOLVED_ACTIONS,
  type ResolvedAction,
} from "./mapping.ts";
import { valueAtPointer } from "./json-pointer.ts";
import { message } from "../../kernel/messages/message.ts";

const TYPE_MAX = 200;

/** Where in the body each value was found. */
type SourcePointers = Readonly<Record<string, string>>;

/** What a body means by a mapping. */
export type ParsedMessage = { readonly eventType: string | null } & (
  | { readonly kind: "ignored" }
  | { readonly kind: "failed"; readonly rule: number | null; readonly errors: readonly RequestFault[] }
  | {
      readonly kind: "wanted";
      readonly rule: number;
      readonly action: ResolvedAction;
      readonly places: SourcePointers;
    }
);

/** @param headerType the event's type as a header says it, for mappings that look there */
export function parseByMapping(
  { typeAt, rules }: Mapping,
  payload: unknown,
  headerType: string | null,
): ParsedMessage {
  const type = typeAt === null ? headerType : valueAtPointer(payload, typeAt);
  if (typeof type !== "string" || type.length === 0 || type.length > TYPE_MAX) {
    const detail = message("webhooks.eventType", { max: TYPE_MAX });
    const fault = typeAt === null ? { header: "X-GitHub-Event", detail } : { pointer: typeAt, detail };
    return { kind: "failed", eventType: null, rule: null, errors: [fault] };
  }
  const rule = rules.findIndex(
    ({ when }) =>
      when.type === type &&
      when.equals.every(({ pointer, value }) => valueAtPointer(payload, pointer) === value),
  );
  const action = rules[rule]?.then;
  return action === undefined
    ? { kind: "ignored", eventType: type }
    : { eventType: type, rule, ...resolveAction(action, payload) };
}

type ResolvedValues =
  | { readonly kind: "failed"; readonly errors: readonly RequestFault[] }
  | { readonly kind: "wanted"; readonly action: ResolvedAction; readonly places: SourcePointers };

/** The action with its values in it. A fault has the place in the body, never the value at that place. */
function resolveAction(action: MappedAction, payload: unknown): ResolvedValues {
  const sources = new Map(
    Object.entries(action).filter((entry): entry is [string, ValueSource] =>
      isValueSource(entry[0], entry[1]),
    ),
  );
  const values = Object.fromEntries(
    [...sources].map(([name, source]) => [name, sourceValue(payload, name, source)]),
  );
  const missing = [...sources]
    .filter(([name]) => values[name] === undefined)
    .map(([, source]) => ({ pointer: source.pointer ?? "", detail: message("webhooks.notThere") }));
  if (missing.length > 0) return { kind: "failed", errors: missing };
  const pointers = Object.fromEntries(
    [...sources].flatMap(([name, { pointer }]) => (pointer === undefined ? [] : [[name, pointer]])),
  );
  try {
    return {
      kind: "wanted",
      places: pointers,
      action: validate<ResolvedAction>(
        RESOLVED_ACTIONS[action.action] as never,
        { ...action, ...values },
        "body",
      ),
    };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return {
      kind: "failed",
      errors: (error.extra.errors ?? []).map((fault) => toSourceFault(fault, sources)),
    };
  }
}

/** The fault of a value, with the pointer to where the value came from. */
function toSourceFault(fault: RequestFault, sources: ReadonlyMap<string, ValueSource>): RequestFault {
  if (!("pointer" in fault)) return fault;
  return { ...fault, pointer: sources.get(fault.pointer.split("/")[1] ?? "")?.pointer ?? fault.pointer };
}

function sourceValue(payload: unknown, name: string, { pointer, value: fixed, as }: ValueSource): unknown {
  if (pointer === undefined) return fixed;
  const value = valueAtPointer(payload, pointer);
  if (as !== undefined) return value === undefined ? undefined : { as, value };
  // Shops number their customers: a number is as good an id as a text.
  return name === "externalId" && Number.isSafeInteger(value) ? String(value) : value;
}

/**
 * The members of an action that say where a value comes from. A plan is one value, and so are grants and
 * roles.
 */
const isValueSource = (name: string, value: unknown): boolean =>
  SOURCE_FIELDS.has(name) && typeof value === "object" && value !== null;

const SOURCE_FIELDS: ReadonlySet<string> = new Set([
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
