import type { Principal } from "../../gate/principals/principal.ts";
import type { LoadedMember } from "../../gate/credentials/member.store.ts";
import { z } from "zod";
import { type Contribution, contributions, type GrantSource } from "../../access/contribution.ts";
import { compileGrantSet, compileGrantSetBelow, EVERY_GROUP } from "../../access/grant-set.ts";
import type { Preset } from "../../access/preset.ts";
import type { TypeTable } from "../../access/resource-type.ts";
import { hasLapsedPlan, checkStatus } from "../../gate/principals/admission.ts";
import { MEMBER_STATUSES, type Plan } from "../../kernel/schema/team.ts";

const ExtentCard = z
  .object({
    kind: z
      .enum(["all", "own", "active", "id", "root", "inside"])
      .describe(
        "all: everywhere in the account; own: what the member owns; active: what is in status active; " +
          "id: the objects `ids`; root: all objects under `under`; " +
          "inside: own objects and `ids`, as far as they are under `under`.",
      ),
    ids: z.array(z.string()).optional(),
    under: z.array(z.string()).optional(),
  })
  .meta({ id: "RightExtent" });

export const EffectiveRights = z
  .object({
    memberId: z.string(),
    accountId: z.string(),
    model: z.string(),
    rights: z
      .array(
        z.object({
          right: z.string(),
          where: ExtentCard,
          source: z
            .string()
            .describe(
              "ownership, role:admin, right, grant:product:edit:0, derived:product:edit:0; " +
                "the last two are preceded by the custom role that contains them, if any.",
            ),
        }),
      )
      .describe("Every reason for which a right holds. A right holds wherever one of its reasons does."),
    objectGroups: z.object({
      ids: z.array(z.string()).describe('"all" is every group.'),
      types: z
        .array(z.string())
        .describe("Types whose objects are seen in these groups only, regardless of rights."),
    }),
    below: z
      .object({ by: z.string(), rights: z.array(z.string()) })
      .nullable()
      .describe("Rights that hold in accounts below too, in those that the right `by` reaches."),
    gates: z.object({
      status: z.enum(MEMBER_STATUSES),
      refusals: z
        .array(z.string())
        .describe(
          "The problem that every call of the member gets now, regardless of rights; " +
            "none when the member can act.",
        ),
    }),
  })
  .meta({ id: "EffectiveRights" });

/** What rows say of a member, without any key. */
type RightsHolder = Omit<GrantSource, "scopes"> & {
  readonly status: (typeof MEMBER_STATUSES)[number];
};

/** Every right of a member, where it holds and why; and what stops the member from using any. */
function effectiveRights(
  { status, ...holder }: RightsHolder,
  preset: Preset,
  plan: Plan,
  types: TypeTable,
): z.infer<typeof EffectiveRights> {
  const source = { ...holder, scopes: null };
  const grantSet = compileGrantSet(source, preset, types);
  const grantSetBelow = compileGrantSetBelow(grantSet, preset);
  const statusCode = checkStatus(status);
  return {
    memberId: holder.memberId,
    accountId: holder.accountId,
    model: preset.model,
    rights: contributions(source, preset, types)
      .map(({ right, extent, source: sourceName }) => ({
        right,
        where: toExtentCard(extent),
        source: sourceName,
      }))
      .sort((one, two) => compareText(one.right, two.right) || compareText(one.source, two.source)),
    objectGroups: {
      ids: grantSet.groups === null ? [EVERY_GROUP] : [...grantSet.groups],
      types: [...grantSet.groupedTypes],
    },
    below:
      preset.tree === null
        ? null
        : {
            by: preset.tree.reachingRight,
            rights: grantSet.extents.has(preset.tree.reachingRight)
              ? [...grantSetBelow.extents.keys()].sort()
              : [],
          },
    gates: {
      status,
      refusals: [
        ...(statusCode === null ? [] : [statusCode]),
        ...(hasLapsedPlan({ preset, plan }, holder.roles) ? ["plan/feature-required"] : []),
      ],
    },
  };
}

const compareText = (one: string, two: string): number => (one < two ? -1 : Number(one > two));

function toExtentCard(reach: Contribution["extent"]): z.infer<typeof ExtentCard> {
  switch (reach.kind) {
    case "id":
      return { kind: "id", ids: [reach.id] };
    case "root":
      return { kind: "root", under: [reach.id] };
    case "inside":
      return { kind: "inside", ids: [...reach.ids], under: [...reach.under] };
    default:
      return { kind: reach.kind };
  }
}

/** The effective rights of a member in the account that the call acts on. */
export const effectiveRightsOf = (
  { row, grants, customRoles }: Pick<LoadedMember, "row" | "grants" | "customRoles">,
  { preset, targetAccount, types }: Pick<Principal, "preset" | "targetAccount" | "types">,
): z.infer<typeof EffectiveRights> =>
  effectiveRights(
    {
      memberId: row.id,
      accountId: row.accountId,
      roles: row.roles,
      customRoles,
      rights: row.rights,
      grants,
      objectGroupIds: row.objectGroupIds,
      status: row.status,
      isOwner: row.id === targetAccount.ownerMemberId,
    },
    preset,
    targetAccount.plan,
    types,
  );
