import { posix } from "node:path";
import { parseAst } from "vitest/node";

/** A node of the syntax tree (ESTree with TypeScript's own kinds), as loosely as the rules need it. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface Import {
  /** As written. */
  readonly from: string;
  /** Path inside the repository; null for a package. */
  readonly path: string | null;
  readonly typeOnly: boolean;
  /** The imported names that are values. */
  readonly values: readonly string[];
  readonly reExport: boolean;
  readonly line: number;
}

/** A source file as the rules see it: parsed once. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly nodes: readonly Node[];
  readonly imports: readonly Import[];
  lineOf(node: Node): number;
}

/** A breach of a rule: where, and what to do instead. */
export interface Fault {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly advice: string;
}

export const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string";

/** @param path inside the repository, with forward slashes */
export function parseSource(path: string, text: string): Source {
  const tree = parseAst(text, { lang: "ts" }) as unknown as Node;
  const nodes = flatten(tree);
  const lineOf = (node: Node) => text.slice(0, node.start).split("\n").length;
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  return {
    path,
    text,
    lines,
    nodes,
    lineOf,
    imports: nodes.flatMap((node) => toImport(node, path, lineOf(node))),
  };
}

function flatten(node: Node): Node[] {
  const children = Object.values(node)
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .filter(isNode);
  return [node, ...children.flatMap(flatten)];
}

const IMPORTING = [
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
  "TSImportType",
];

function toImport(node: Node, path: string, line: number): Import[] {
  const place = node["source"];
  if (!IMPORTING.includes(node.type) || !isNode(place) || typeof place["value"] !== "string") return [];
  const from = place["value"];
  const specifiers = (node["specifiers"] ?? []) as Node[];
  const values = specifiers
    .filter((one) => one["importKind"] !== "type" && one["exportKind"] !== "type")
    .map(importedName);
  const wholeType =
    node["importKind"] === "type" || node["exportKind"] === "type" || node.type === "TSImportType";
  return [
    {
      from,
      line,
      path: from.startsWith(".") ? posix.join(posix.dirname(path), from) : null,
      typeOnly: wholeType || (specifiers.length > 0 && values.length === 0),
      values: wholeType ? [] : values,
      reExport: node.type.startsWith("Export"),
    },
  ];
}

function importedName(specifier: Node): string {
  const name = specifier["imported"] ?? specifier["local"];
  return isNode(name) ? String(name["name"] ?? name["value"]) : "*";
}
