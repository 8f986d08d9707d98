import { expect } from "vitest";
import { type Api, newIdempotencyKey, expectStatus, type Reply } from "../../harness/client.ts";
import { giveCredits, newMember, type Person } from "../../harness/people.ts";
import type { CellCheck, ExpectedAnswer } from "./policy-matrix.ts";
import { createTask, createTool } from "../resources/charge-fixture.ts";
import { fetch, replaceGrants, createSubscribedAccount } from "./operators-fixture.ts";

export const AGENCY_ROLES = ["owner", "manager", "specialist", "guest"] as const;
export type AgencyRole = (typeof AGENCY_ROLES)[number];

/**
 * Tasks by their tool: the one that specialist and guest were granted, or the one that no member
 * was.
 */
export interface Tasks {
  readonly granted: string;
  readonly other: string;
}

/**
 * An agency with one of each role. Specialist and guest have the tool `tools.granted` and two tasks of a
 * colleague, `shared`. Everybody owns a task in either tool, from a time when all could; the guest was a
 * specialist then.
 */
export interface AgencyFixture {
  readonly owner: Person;
  readonly people: Readonly<Record<AgencyRole, Person>>;
  readonly colleague: Person;
  readonly tools: Tasks;
  readonly own: Readonly<Record<AgencyRole, Tasks>>;
  /** The colleague's, granted to specialist and guest. */
  readonly shared: Tasks;
  /** The colleague's, granted to no member. */
  readonly foreign: Tasks;
  readonly key: Readonly<Record<AgencyRole, string>>;
}

export async function createAgency(platform: Api): Promise<AgencyFixture> {
  const owner = await createSubscribedAccount(platform, "agency");
  await giveCredits(platform, owner.accountId, 1_000_000);
  const tools = { granted: await createTool(platform), other: await createTool(platform) };
  const everyTool = [{ resourceType: "tool", resourceId: "0", access: "view" }];
  const of = (role: string) => newMember(fetch, owner, { roles: [role], grants: everyTool });
  const [manager, specialist, guest, colleague] = [
    await of("manager"),
    await of("specialist"),
    await of("specialist"),
    await of("specialist"),
  ];
  const people = { owner, manager, specialist, guest };
  const pair = async ({ api }: Person): Promise<Tasks> => ({
    granted: expectStatus(await createTask(api, tools.granted), 201).body.id,
    other: expectStatus(await createTask(api, tools.other), 201).body.id,
  });
  const own = {
    owner: await pair(owner),
    manager: await pair(manager),
    specialist: await pair(specialist),
    guest: await pair(guest),
  };
  const [shared, foreign] = [await pair(colleague), await pair(colleague)];
  const reach = [
    ["tool", tools.granted],
    ["task", shared.granted],
    ["task", shared.other],
  ].map(([resourceType = "", resourceId = ""]) => ({ resourceType, resourceId, access: "view" }));
  for (const who of [specialist, guest]) await replaceGrants(owner, who.memberId, reach);
  expectStatus(
    await owner.api.patch(`/v1/members/${guest.memberId}`, { roles: ["guest"] }, { ifMatch: "*" }),
    200,
  );
  const key = async (person: Person) =>
    expectStatus(
      await owner.api.get<{ data: { id: string }[] }>(`/v1/members/${person.memberId}/api-keys`),
      200,
    ).body.data[0]?.id ?? "";
  return {
    owner,
    people,
    colleague,
    tools,
    own,
    shared,
    foreign,
    key: {
      owner: await key(owner),
      manager: await key(manager),
      specialist: await key(specialist),
      guest: await key(guest),
    },
  };
}

export type CellCall = (who: Api, role: AgencyRole) => Promise<Reply<unknown>>;
/** A right and whose row, then the cells of owner, manager, specialist and guest. */
export type MatrixRow = readonly [name: string, cells: string, ask: CellCall];

export const toCells = ({ people }: AgencyFixture, rows: readonly MatrixRow[]): CellCheck[] =>
  rows.flatMap(([name, cells, ask]) => {
    const words = cells.trim().split(/\s+/);
    expect(words.length, name).toBe(AGENCY_ROLES.length);
    return AGENCY_ROLES.map((role, index) => ({
      cell: `${role} ${name}`,
      expected: (words[index] === "yes" ? "yes" : Number(words[index])) as ExpectedAnswer,
      ask: () => ask(people[role].api, role),
    }));
  });

export const postTo =
  (path: string, body: object): CellCall =>
  (who) =>
    who.post(`/v1/${path}`, body, { idempotencyKey: newIdempotencyKey() });
