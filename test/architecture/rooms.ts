import { posix } from "node:path";
import type { Fault, Import, Source } from "./parsed-source.ts";

/**
 * Rooms from the ground up; rooms on one line do not know each other. A room is a folder of src, with the
 * folders in it that are not named here.
 */
export const FLOORS: readonly (readonly string[])[] = [
  ["kernel/messages"],
  ["kernel", "kernel/schema", "kernel/text"],
  ["kernel/http", "channels/workbook"],
  ["resources/types"],
  ["access"],
  ["audit/chain", "channels/mail"],
  ["gate/credentials"],
  ["gate/principals"],
  ["gate/calls"],
  ["gate/permits", "credits", "audit/log", "channels/mail-pages"],
  ["gate/api-keys", "people/rights", "accounts/tiers"],
  ["gate/pipeline", "people/members"],
  ["people/invitations"],
  ["accounts"],
  ["people/sign-in", "resources", "channels/webhooks"],
  ["people/removal", "products/billing", "products/dealers", "products/reports"],
  ["people/directory", "products/licensing", "products/marketplace"],
  ["app"],
  ["index"],
];

/**
 * Layers inside a room, from the ground up. Store and object do not know each other; a change is the
 * statements of one write, put together from stores; a queue has two ends that ask stores.
 */
export const LAYERS: readonly (readonly string[])[] = [
  ["rules"],
  ["store", "object"],
  ["load"],
  ["queue", "change"],
  ["routes"],
];

/**
 * The gate: the pipeline that every call passes. It asks stores and the clock, and so stands with the routes.
 */
const GATE =
  /^src\/gate\/(pipeline\/(gate[^/]*|call-context|identity)|calls\/(gate-request|retry-loop))\.ts$/;

/** Programs that run in Node beside the Worker. */
export const COMMANDS = "commands";

/** Where each package may be imported; a package that is not here may be imported nowhere. */
const PACKAGES: Record<string, RegExp> = {
  "drizzle-orm": /\.store\.ts$|^src\/kernel\/(schema\/|db\.ts$)/,
  hono: /\.routes\.ts$|^src\/app\.ts$|^src\/gate\/pipeline\/gate[^/]*\.ts$/,
  jose: /^src\/gate\/|^src\/commands\//,
  "cloudflare:workers": /\.object\.ts$|^src\/index\.ts$/,
  "ipaddr.js": /^src\/kernel\/cidr\.ts$/,
  "node:crypto": /^src\/kernel\/digest\.ts$|^src\/commands\//,
  "node:zlib": /^src\/kernel\/deflate\.ts$/,
  ulid: /^src\/kernel\/id\.ts$/,
  zod: /^src\//,
};

const ROOMS = new Set([...FLOORS.flat(), COMMANDS]);

export function roomOf(path: string): string {
  const inside = path.replace(/^src\//, "");
  if (!inside.includes("/")) return inside === "env.ts" ? "kernel" : posix.basename(inside, ".ts");
  const folder = posix.dirname(inside);
  return ROOMS.has(folder) || !folder.includes("/") ? folder : roomOf(`src/${folder}`);
}

export function layerOf(path: string): string {
  if (/^src\/(app|index)\.ts$/.test(path) || GATE.test(path)) return "routes";
  const suffix = /\.(store|object|load|queue|change|routes)\.ts$/.exec(path)?.[1];
  return suffix ?? "rules";
}

const floorOf = (table: readonly (readonly string[])[], name: string) =>
  table.findIndex((row) => row.includes(name));
const packageOf = (from: string) =>
  from
    .split("/")
    .slice(0, from.startsWith("@") ? 2 : 1)
    .join("/");

/** Rooms and layers import downwards, packages stay in their place. */
export function importFaults(source: Source): Fault[] {
  const fault = (one: Import, rule: string, advice: string): Fault => ({
    rule,
    path: source.path,
    line: one.line,
    advice,
  });
  return source.imports.flatMap((one) => {
    if (one.path === null)
      return packageAdvice(source.path, one).map((advice) => fault(one, "package", advice));
    return [
      ...roomAdvice(source.path, one).map((advice) => fault(one, "room", advice)),
      ...layerAdvice(source.path, one).map((advice) => fault(one, "layer", advice)),
    ];
  });
}

function packageAdvice(path: string, one: Import): string[] {
  if (roomOf(path) === COMMANDS) return packageOf(one.from) === "hono" ? ["a command knows no routes"] : [];
  const name = packageOf(one.from);
  const allowed = PACKAGES[name];
  if (allowed === undefined)
    return [`${name} is not a package of the Worker; name it in test/architecture/rooms.ts first`];
  return allowed.test(path) ? [] : [`${name} may only be imported in ${allowed.source}`];
}

function roomAdvice(path: string, one: Import): string[] {
  const [from, to] = [roomOf(path), roomOf(one.path as string)];
  if (!(one.path as string).startsWith("src/")) return ["src imports nothing from outside src"];
  if (from === COMMANDS) {
    const known =
      to === COMMANDS ||
      to === "kernel" ||
      (layerOf(one.path as string) === "rules" && floorOf(FLOORS, to) <= floorOf(FLOORS, "people/directory"));
    return known ? [] : ["a command knows the kernel and pure rules only"];
  }
  if (to === COMMANDS) return ["commands are Node programs; the Worker does not know them"];
  const [low, high] = [floorOf(FLOORS, to), floorOf(FLOORS, from)];
  if (high < 0) return [`${from} is no room; name it in test/architecture/rooms.ts`];
  return low >= 0 && (low < high || from === to)
    ? []
    : [`${from} stands below ${to} or beside it; what spans both lives in the higher room`];
}

function layerAdvice(path: string, one: Import): string[] {
  const target = one.path as string;
  const [from, to] = [layerOf(path), layerOf(target)];
  if (/^(kernel\b|commands$)/.test(roomOf(path))) return [];
  if (roomOf(target) === "kernel/schema" && from === "rules") {
    const tables = one.values.filter((name) => !/^[A-Z][A-Z0-9_]*$/.test(name));
    return tables.length === 0
      ? []
      : [`rules know types and vocabularies of the schema, not tables: ${tables.join(", ")}`];
  }
  const impure = from === "rules" ? one.values.filter((name) => /^(now|newId|newIdWith)$/.test(name)) : [];
  if (impure.length > 0) return [`rules get the time and new ids as arguments: ${impure.join(", ")}`];
  if (target === "src/kernel/db.ts" && from === "rules")
    return one.typeOnly ? [] : ["rules do not ask the database; a store does"];
  if (one.typeOnly && roomOf(path) !== roomOf(target)) return [];
  const [low, high] = [floorOf(LAYERS, to), floorOf(LAYERS, from)];
  return low < high || from === to ? [] : [`${from} stands below ${to} or beside it`];
}

/** Chains of imports that come back to where they began, each named once. */
export function findCycles(sources: readonly Source[]): Fault[] {
  const edges = new Map(
    sources.map((one) => [one.path, one.imports.flatMap(({ path }) => (path === null ? [] : [path]))]),
  );
  const done = new Set<string>();
  const found: Fault[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0)
      found.push({ rule: "cycle", path, line: 1, advice: [...trail.slice(at), path].join(" -> ") });
    if (at >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}
