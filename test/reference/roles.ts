import { roleMatrix } from "../../src/access/matrix.ts";
import { ACCOUNT_KINDS, type AccountKind, PRESETS } from "../../src/access/model.ts";
import type { Preset, RoleScope } from "../../src/access/preset.ts";
import { type Right, RIGHTS } from "../../src/access/right.ts";
import { ROLE_TEXTS } from "../../src/access/role-text.ts";
import { code, table } from "./table.ts";

const SCOPES: Readonly<Record<RoleScope, string>> = {
  all: "every object of the account",
  own: "objects that the member owns",
  active: "objects with the status `active`",
  home: "the member's own account",
  granted: "objects that the member has a grant on",
  below: "granted objects, and the objects under them",
  own_or_granted: "own objects and granted objects",
  own_or_granted_in: "own objects and granted objects, but only under granted parents",
};

const yesOrNo = (value: boolean): string => (value ? "yes" : "no");
const list = (names: readonly string[]): string => names.map(code).join(", ") || "-";

function roleTable({ model, roles, topRole }: Preset): string {
  const rows = Object.entries(roles).map(([name, role]) => [
    `${code(name)}${name === topRole ? " (top role)" : ""}`,
    ROLE_TEXTS[model]?.[name]?.description.en ?? "",
    list(role.mayInvite),
    yesOrNo(role.creditLimit),
    yesOrNo(role.canMakeOwnKeys),
  ]);
  return table(["Role", "What it is for", "May give", "Credit limit", "Own API keys"], rows);
}

function areaTable(preset: Preset): string {
  const names = Object.keys(preset.roles);
  const rows = roleMatrix(preset).map(({ area, cells }) => [
    area,
    ...names.map((name) => cells[name] ?? "-"),
  ]);
  return table(["Area", ...names.map(code)], rows);
}

function rightTable(preset: Preset): string {
  const roles = Object.entries(preset.roles);
  const rows = [...preset.rights].map((right: Right) => [
    code(right),
    RIGHTS[right],
    ...roles.map(([, role]) => role.rights[right] ?? "-"),
  ]);
  return table(["Right", "What it allows", ...roles.map(([name]) => code(name))], rows);
}

function section(kind: AccountKind): string {
  const preset = PRESETS[kind] as Preset;
  return `## ${kind}

Access model \`${preset.model}\`.

${roleTable(preset)}

By area:

${areaTable(preset)}

By right:

${rightTable(preset)}
`;
}

export function rolesPage(): string {
  return `# Roles

Each kind of account has an access model, and each model has roles. A role gives rights.
Grants, direct rights and custom roles come on top: [access](../concepts/access.md).

In the tables by area, \`V\` is to view and \`E\` is to view, create and edit. Other verbs are named.
The tables by right say how far a right goes:

${table(
  ["Word", "How far the right goes"],
  Object.entries(SCOPES).map(([word, meaning]) => [code(word), meaning]),
)}

${ACCOUNT_KINDS.map(section).join("\n")}`;
}
