import { layerOf, roomOf } from "./rooms.ts";
import { type Fault, isNode, type Node, type Source } from "./parsed-source.ts";

export const FILE_LINES = 250;
/** A file of tests may hold a longer table. */
export const TEST_LINES = 550;
export const FUNCTION_LINES = 50;
/** In columns. The formatter breaks code there, but neither comments nor texts. */
export const LINE_LENGTH = 110;

/** A call or member that has a better place, and the files where it is that place. */
interface Ban {
  readonly expression: RegExp;
  readonly advice: string;
  readonly except: RegExp;
}

const BANS: readonly Ban[] = [
  {
    expression: /^Date\.now$/,
    advice: "now() of kernel/clock.ts",
    except: /^src\/kernel\/clock\.ts$|\.object\.ts$|^test\//,
  },
  { expression: /^Math\.random$/, advice: "crypto.getRandomValues", except: /^$/ },
  { expression: /^crypto\.randomUUID$/, advice: "newId() of kernel/id.ts", except: /^test\// },
  {
    expression: /^console\.(log|info|warn|debug)$/,
    advice: "console.error with an object",
    except: /^src\/commands\/|^test\/(?!.*\.test\.ts$)/,
  },
  { expression: /(^|\.)transaction$/, advice: "batch() of kernel/db.ts: D1 refuses BEGIN", except: /^$/ },
  { expression: /^caches\./, advice: "nothing: a cache is no authority for rights", except: /^$/ },
  {
    expression: /^(describe|it|test)(\.\w+)*\.(skip|only|todo|fails)$/,
    advice: "a test that runs",
    except: /^$/,
  },
  { expression: /^(xit|xtest|xdescribe|fit|fdescribe)$/, advice: "a test that runs", except: /^$/ },
  { expression: /^eval$/, advice: "a function", except: /^$/ },
];

/** Headers that a caller can write as it likes. */
const FORGEABLE_HEADER = /^(x-forwarded-for|x-real-ip|true-client-ip|forwarded)$/i;
const UNFINISHED_WORD = new RegExp(
  ["TO" + "DO", "FIX" + "ME", "XX" + "X"].map((word) => `\\b${word}\\b`).join("|"),
);
const SILENCED_TYPE = new RegExp("@ts-(ignore|no" + "check|expect-error)");
const VAGUE_WORD = /^(utils?|helpers?|commons?|services?|managers?|misc|shared)$/;
const MACHINE_PATH = new RegExp(
  ["work", "home", "root", "Users", "tmp", "var/folders"]
    .map((name) => `(?<![\\w.:/-])/${name}/\\w`)
    .join("|"),
);
const REGISTRY_HOST = /https?:\/\/[^\s"']*registry[^\s"']*|^\s*"resolved":/;

/** Length, names, banned calls: everything that one file can be told of itself. */
export function fileFaults(source: Source): Fault[] {
  return [
    ...shapeFaults(source),
    ...nameFaults(source.path),
    ...callFaults(source),
    ...textFaults(source.path, source.text),
  ];
}

function shapeFaults(source: Source): Fault[] {
  const { path, lines } = source;
  const isTest = path.endsWith(".test.ts");
  const most = isTest ? TEST_LINES : FILE_LINES;
  const advice = `${lines} lines; at most ${most}: split it by noun`;
  return [
    ...(lines > most ? [{ rule: "file length", path, line: lines, advice }] : []),
    ...(isTest ? [] : source.nodes.flatMap((node) => functionFault(source, node))),
    ...lineFaults(source),
    ...barrelFaults(source),
  ];
}

function lineFaults({ path, text }: Source): Fault[] {
  const advice = `at most ${LINE_LENGTH} columns`;
  return text
    .split("\n")
    .flatMap((line, index) =>
      line.length > LINE_LENGTH ? [{ rule: "line length", path, line: index + 1, advice }] : [],
    );
}

function functionFault(source: Source, node: Node): Fault[] {
  if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) return [];
  const length = source.text.slice(node.start, node.end).split("\n").length;
  if (length <= FUNCTION_LINES) return [];
  return [
    {
      rule: "function length",
      path: source.path,
      line: source.lineOf(node),
      advice: `${length} lines; at most ${FUNCTION_LINES}`,
    },
  ];
}

function barrelFaults(source: Source): Fault[] {
  if (source.path === "src/index.ts") return [];
  const fault = (line: number): Fault => ({
    rule: "barrel",
    path: source.path,
    line,
    advice: "import from the file that says it",
  });
  if (/\/index\.ts$/.test(source.path)) return [fault(1)];
  return source.imports.filter((one) => one.reExport).map((one) => fault(one.line));
}

export function nameFaults(path: string): Fault[] {
  const vague = path
    .replace(/\.\w+$/, "")
    .split(/[/._-]/)
    .filter((word) => VAGUE_WORD.test(word));
  return vague.map((word) => ({
    rule: "name",
    path,
    line: 1,
    advice: `"${word}" says nothing; name it by its noun`,
  }));
}

function callFaults(source: Source): Fault[] {
  return source.nodes.flatMap((node) => {
    const fault = (advice: string): Fault[] => [
      { rule: "banned", path: source.path, line: source.lineOf(node), advice },
    ];
    if (node.type === "TSAnyKeyword") return fault("`any`: say the type, or `unknown`");
    if (
      node.type === "Literal" &&
      FORGEABLE_HEADER.test(String(node["value"])) &&
      source.path.startsWith("src/")
    )
      return fault("cf-connecting-ip: any other header is the caller's word");
    if (
      node.type === "NewExpression" &&
      textOf(source, node["callee"]) === "Date" &&
      (node["arguments"] as Node[]).length === 0
    )
      return bannedFaults(source, "Date.now", fault);
    if (node.type === "CallExpression") return bannedFaults(source, textOf(source, node["callee"]), fault);
    if (node.type === "MemberExpression")
      return /^(Math\.random|caches\.)/.test(textOf(source, node))
        ? bannedFaults(source, textOf(source, node), fault)
        : [];
    return [];
  });
}

/** What rules never do: they are told the time, the random and the data. */
const IMPURE = /^(fetch|setTimeout|setInterval|crypto\.getRandomValues|crypto\.subtle\.generateKey)$/;
const isRules = (path: string) =>
  path.startsWith("src/") &&
  layerOf(path) === "rules" &&
  !["kernel", "schema", "commands"].includes(roomOf(path));

function bannedFaults(source: Source, expression: string, fault: (advice: string) => Fault[]): Fault[] {
  if (IMPURE.test(expression) && isRules(source.path))
    return fault(`${expression}: rules are pure; pass it in`);
  const ban = BANS.find((one) => one.expression.test(expression) && !one.except.test(source.path));
  return ban === undefined ? [] : fault(`${expression}: use ${ban.advice}`);
}

const textOf = (source: Source, node: unknown): string =>
  isNode(node) ? source.text.slice(node.start, node.end).replaceAll(/\s+/g, "") : "";

/** Words that belong in no file of the repository, in any language. */
export function textFaults(path: string, text: string): Fault[] {
  return text.split("\n").flatMap((line, index) => {
    const fault = (rule: string, advice: string): Fault[] => [{ rule, path, line: index + 1, advice }];
    return [
      ...(UNFINISHED_WORD.test(line)
        ? fault("unfinished", "finish it, or write down why it is as it is")
        : []),
      ...(SILENCED_TYPE.test(line) ? fault("silenced", "mend the type") : []),
      ...(MACHINE_PATH.test(line)
        ? fault("machine path", "a path inside the repository, or os.tmpdir()")
        : []),
      ...(REGISTRY_HOST.test(line) ? fault("registry host", "npm knows its registry") : []),
    ];
  });
}
