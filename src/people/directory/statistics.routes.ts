import { z } from "zod";
import { decide } from "../../access/decision.ts";
import { compileGrantSet } from "../../access/grant-set.ts";
import { accountObjectOf } from "../../credits/account-stub.object.ts";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { iso } from "../../kernel/clock.ts";
import { LIMIT_PERIODS } from "../../kernel/schema/team.ts";
import { ACCOUNT_TYPES, accountTypeOf } from "../members/account-type.ts";
import { loadSpender } from "./spender.load.ts";

const Statistics = z
  .object({
    memberId: z.string(),
    accountType: z
      .enum(ACCOUNT_TYPES)
      .optional()
      .describe("Agencies: the kind of account that the roles make it."),
    roles: z.array(z.string()),
    budget: z.object({
      limit: z
        .int()
        .nullable()
        .describe("What the member may spend in a period; null: all that the account has."),
      limitPeriod: z.enum(LIMIT_PERIODS),
    }),
    createdAt: z.string(),
    spent: z.int().describe("In the current period."),
    remaining: z.int().describe("What the member may spend now: never more than the account has."),
  })
  .meta({ id: "MemberStatistics" });

/** A member who may not spend, such as a guest, has nothing to spend, even if the account has credits. */
function canSpend(
  { principal: { preset, types } }: Call,
  { row, grants, customRoles }: Awaited<ReturnType<typeof loadSpender>>,
): boolean {
  const { id: memberId, accountId, roles, rights, objectGroupIds } = row;
  const source = { memberId, accountId, roles, rights, objectGroupIds, grants, customRoles, scopes: null };
  return decide(compileGrantSet(source, preset, types), "credits.spend").allowed;
}

const statistics = endpoint(
  {
    method: "GET",
    path: "/v1/members/:id/statistics",
    operationId: "getMemberStatistics",
    tag: "Members",
    right: "credits.view",
    status: 200,
    summary:
      "What a member may spend, has spent and has left. The right credits.spend is enough for one's own.",
    answer: Statistics,
  },
  async (call) => {
    const found = await loadSpender(call);
    const { row } = found;
    const budget = { limit: row.creditLimit, limitPeriod: row.limitPeriod };
    const { spent, remaining } = await accountObjectOf(call.env, row.accountId).summary(
      row.accountId,
      row.id,
      budget,
    );
    return {
      status: 200,
      body: {
        memberId: row.id,
        ...accountTypeOf(row.roles),
        roles: row.roles,
        budget,
        createdAt: iso(row.createdAt),
        spent,
        remaining: canSpend(call, found) ? remaining : 0,
      },
    };
  },
);

export const statisticsEndpoints: readonly Endpoint[] = [statistics];
