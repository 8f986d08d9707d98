import type { Fault, Node, Source } from "./parsed-source.ts";

/** What of a member decides about access. */
const MEMBER_ACCESS = "roles|rights|objectGroupIds|allowedIps|creditLimit|limitPeriod";

/**
 * Writes of what decides about access. Each belongs in a function that demands the permit of
 * `gate/permits/permit.ts`.
 */
const WRITES: readonly RegExp[] = [
  /\.insert\((?:member|accessGrant|role|invitation|apiKey|hook|account)\)/,
  /INSERT INTO (?:access_grant|member|role|invitation|api_key|hook|account)\b/,
  /\.update\(role\)/,
  /\.update\(hook\)\.set\((?!\{ lastRefusal)/,
  new RegExp(String.raw`\.update\(member\)\.set\(\{[^}]*(?:\b(?:${MEMBER_ACCESS})\b|\.\.\.)`),
  /\.update\(invitation\)\.set\(\{[^}]*\btoken(?:Hash|Kid)\b/,
  /UPDATE (?:member|access_grant|role|api_key|hook)\b/,
];

const PERMIT_CHECK = "permit.requireFor(";

/** Where permits may be decided: the request of a call, and those who act for a member who is not there. */
const DECIDING_FILES = [
  "src/gate/permits/permit.ts",
  "src/gate/permits/permit-request.ts",
  "src/people/invitations/inviter.change.ts",
  "src/people/sign-in/usable-link.load.ts",
];

const declaredName = (node: Node | undefined): string | null => {
  const id = (node?.["id"] ?? (node?.["declarations"] as Node[] | undefined)?.[0]?.["id"]) as
    | { readonly name?: string }
    | undefined;
  return id?.name ?? null;
};

/** The text as if it stood on one line, so that a chain of calls reads the same however it is wrapped. */
const unwrapLines = (text: string): string => text.replaceAll(/\s+(?=\.)/g, "").replaceAll(/\s+/g, " ");

/** Nothing that widens access is written without a permit, and nothing but the one function gives one. */
export function permitFaults(source: Source): Fault[] {
  if (!source.path.startsWith("src/") || source.path.startsWith("src/commands/")) return [];
  const fault = (node: Node, advice: string): Fault => ({
    rule: "permit",
    path: source.path,
    line: source.lineOf(node),
    advice,
  });
  const [program] = source.nodes;
  const statements = (program?.["body"] ?? []) as Node[];
  const exported = statements.filter((node) => node.type === "ExportNamedDeclaration");
  const writes = (text: string) => WRITES.some((pattern) => pattern.test(unwrapLines(text)));
  const textOf = (node: Node) => source.text.slice(node.start, node.end);
  // What a function of the same file writes is written by those that are exported.
  const hiddenWriters = statements
    .filter((node) => node.type !== "ExportNamedDeclaration" && writes(textOf(node)))
    .map((node) => declaredName(node));
  const writesAccess = (text: string) =>
    writes(text) || hiddenWriters.some((name) => name !== null && new RegExp(`\\b${name}\\(`).test(text));
  return [
    ...exported
      .filter((node) => writesAccess(textOf(node)) && !textOf(node).includes(PERMIT_CHECK))
      .map((node) =>
        fault(
          node,
          `${declaredName(node["declaration"] as Node)} writes access: ` +
            `demand a permit, and call ${PERMIT_CHECK}…)`,
        ),
      ),
    ...source.nodes
      .filter(
        (node) =>
          node.type === "NewExpression" &&
          /^new Permit\b/.test(textOf(node)) &&
          source.path !== "src/gate/permits/permit.ts",
      )
      .map((node) => fault(node, "only decidePermit makes permits")),
    ...source.nodes
      .filter(
        (node) =>
          node.type === "CallExpression" &&
          /^decidePermit\b/.test(textOf(node)) &&
          !DECIDING_FILES.includes(source.path),
      )
      .map((node) => fault(node, "use requestPermit")),
  ];
}
