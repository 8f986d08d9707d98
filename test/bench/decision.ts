import { createMongoAbility, type MongoAbility, type RawRuleOf, subject } from "@casl/ability";
import { decide, type GrantSet, type ResourceRef } from "../../src/access/decision.ts";
import { compileGrantSet } from "../../src/access/grant-set.ts";
import { presetOfKind } from "../../src/access/model.ts";
import type { Right } from "../../src/access/right.ts";
import { TYPE_TABLE } from "../../src/resources/registry.ts";
import { median, perSecond } from "./figure.ts";

const MEMBERS = 500;
const GRANTS = 20;
const QUESTIONS = 20_000;
/** How often each question is asked in a round. */
const REPETITIONS = 20;
const ROUNDS = 11;

/** Spelled as the handlers spell them. */
const QUESTION_KINDS = [
  { right: "product.view", type: "product", verb: "view" },
  { right: "license_key.edit", type: "license_key", verb: "edit" },
  { right: "product.delete", type: "product", verb: "delete" },
  { right: "license_key.view", type: "license_key", verb: "view" },
  { right: "product.edit", type: "product", verb: "edit" },
  { right: "license_key.delete", type: "license_key", verb: "delete" },
] as const satisfies readonly { right: Right; type: string; verb: string }[];

interface Question {
  readonly member: number;
  readonly asked: (typeof QUESTION_KINDS)[number];
  readonly on: ResourceRef;
}

const LEVELS = ["view", "edit", "owner"] as const;
const VERBS = { view: ["view"], edit: ["view", "edit"], owner: ["view", "edit", "delete"] } as const;
/** What a product grant derives on license keys of the product. */
const DERIVED = {
  view: ["view"],
  edit: ["view", "edit", "create"],
  owner: ["view", "edit", "create"],
} as const;

const productId = (member: number, grant: number) => `prd_${member}_${grant}`;
const levelOf = (grant: number) => LEVELS[grant % 3] ?? "view";

function grantSet(member: number): GrantSet {
  const grants = Array.from({ length: GRANTS }, (_, grant) => ({
    resourceType: "product",
    resourceId: productId(member, grant),
    access: levelOf(grant),
  }));
  return compileGrantSet(
    {
      memberId: `mem_${member}`,
      accountId: "acc_1",
      roles: ["operator"],
      customRoles: [],
      rights: [],
      grants,
      objectGroupIds: ["all"],
      scopes: null,
    },
    presetOfKind("vendor"),
    TYPE_TABLE,
  );
}

function ability(member: number): MongoAbility {
  const rules: RawRuleOf<MongoAbility>[] = Array.from({ length: GRANTS }, (_, grant) => [
    { action: [...VERBS[levelOf(grant)]], subject: "product", conditions: { id: productId(member, grant) } },
    {
      action: [...DERIVED[levelOf(grant)]],
      subject: "license_key",
      conditions: { rootId: productId(member, grant) },
    },
  ]).flat();
  return createMongoAbility(rules);
}

/** Half of what is asked is not allowed; some questions are about objects of another member's products. */
function question(index: number): Question {
  const member = index % MEMBERS;
  const root = productId(index % 5 === 0 ? (member + 1) % MEMBERS : member, index % GRANTS);
  const asked = QUESTION_KINDS[index % QUESTION_KINDS.length] ?? QUESTION_KINDS[0];
  const id = asked.type === "product" ? root : `lky_${index}`;
  return { member, asked, on: { id, rootId: root, ownerId: null, groupId: null, status: "active" } };
}

/** Decisions per second; the ratio is the median of the rounds' own. */
export interface Comparison {
  readonly ours: number;
  readonly casl: number;
  readonly ratio: number;
}

/** `decide` against @casl/ability, both with everything prebuilt. Throws when the two disagree. */
export function compareDecisions(): Comparison {
  const [sets, abilities] = [
    Array.from({ length: MEMBERS }, (_, member) => grantSet(member)),
    Array.from({ length: MEMBERS }, (_, member) => ability(member)),
  ];
  const questions = Array.from({ length: QUESTIONS }, (_, index) => question(index));
  const theirs = questions.map(({ asked, on }) => [asked.verb, subject(asked.type, { ...on })] as const);
  const runOurs = () =>
    repeat(() =>
      questions.reduce(
        (count, { member, asked, on }) =>
          count + Number(decide(sets[member] as GrantSet, asked.right, on).allowed),
        0,
      ),
    );
  const runTheirs = () =>
    repeat(() =>
      theirs.reduce(
        (count, [verb, on], index) => count + Number(abilities[index % MEMBERS]?.can(verb, on as never)),
        0,
      ),
    );
  const rounds = Array.from(
    { length: ROUNDS },
    () => [measureTime(runOurs), measureTime(runTheirs)] as const,
  );
  if (rounds.some(([one, other]) => one.result !== other.result))
    throw new Error(`the two disagree: ${rounds[0]?.map(({ result }) => result)}`);
  return {
    ours: median(rounds.map(([one]) => perSecond(QUESTIONS * REPETITIONS, one.ms))),
    casl: median(rounds.map(([, other]) => perSecond(QUESTIONS * REPETITIONS, other.ms))),
    ratio: median(rounds.map(([one, other]) => other.ms / one.ms)),
  };
}

const repeat = (work: () => number): number =>
  Array.from({ length: REPETITIONS }, work).reduce((sum, one) => sum + one, 0);

function measureTime(work: () => number): { readonly result: number; readonly ms: number } {
  const start = performance.now();
  const result = work();
  return { result, ms: performance.now() - start };
}
