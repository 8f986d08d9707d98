import { z } from "zod";
import { LEVEL_TEXTS, typeText } from "../../access/area-text.ts";
import { grantTable } from "../../access/grant-table.ts";
import { describeRight, hintOf } from "../../access/right-hint.ts";
import { RIGHT_NAMES, resourceTypeOf } from "../../access/right.ts";
import { BUNDLE_TEXTS } from "../../access/role-text.ts";
import { endpoint } from "../../gate/calls/call.ts";
import { ACCESS_LEVELS } from "../../kernel/schema/team.ts";
import { Grant } from "./grant.card.ts";

const Rights = z
  .object({
    model: z.string().describe("The access model of the account."),
    data: z.array(
      z.object({
        code: z.string(),
        category: z.string().describe("The type that it is about: the first half of the code."),
        title: z.string().describe("What the category is called."),
        description: z.string(),
        hint: z
          .string()
          .describe(
            "For display over the right: what it lets one do, and which access to resources brings it.",
          ),
      }),
    ),
    levels: z
      .array(z.object({ access: z.enum(ACCESS_LEVELS), name: z.string(), description: z.string() }))
      .describe("The access levels of grants, each with all of the one before."),
    grants: z
      .array(
        z.object({
          resourceType: z.string(),
          access: z.enum(ACCESS_LEVELS),
          resourceId: z.enum(["0", "id"]).describe("0: every object of the type; id: a single one."),
          gives: z.array(z.string()).describe("Rights on the type itself."),
          derives: z.array(z.string()).describe("Rights on what belongs to the objects granted."),
          isReach: z
            .boolean()
            .describe("It gives no right by itself: it says where the rights of the member's roles hold."),
        }),
      )
      .describe("What each grant gives."),
  })
  .meta({ id: "RightTable" });

const rights = endpoint(
  {
    method: "GET",
    path: "/v1/rights",
    operationId: "listRights",
    tag: "Roles and rights",
    right: "member",
    status: 200,
    localized: true,
    summary: "Every right that exists in the account's model, with a hint, and what each access level gives.",
    answer: Rights,
  },
  async (call) => {
    const {
      language,
      principal: { preset, types },
    } = call;
    const grants = grantTable(preset, types);
    return {
      status: 200,
      body: {
        model: preset.model,
        data: RIGHT_NAMES.filter((code) => preset.rights.has(code)).map((code) => ({
          code,
          category: resourceTypeOf(code),
          title: typeText(resourceTypeOf(code))[language],
          description: describeRight(code, language),
          hint: hintOf(code, grants, language),
        })),
        levels: ACCESS_LEVELS.map((access) => ({
          access,
          name: LEVEL_TEXTS[access].name[language],
          description: LEVEL_TEXTS[access].description[language],
        })),
        grants,
      },
    };
  },
);

const GrantPresets = z
  .object({
    data: z.array(
      z.object({ key: z.string(), name: z.string(), description: z.string(), grants: z.array(Grant) }),
    ),
  })
  .meta({ id: "GrantPresetList" });

const grantPresets = endpoint(
  {
    method: "GET",
    path: "/v1/grant-presets",
    operationId: "listGrantPresets",
    tag: "Roles and rights",
    right: "member",
    status: 200,
    localized: true,
    summary: "Bundles of grants that the model recommends. PUT /v1/members/{id}/grants takes one by its key.",
    answer: GrantPresets,
  },
  async ({ language, principal: { preset } }) => ({
    status: 200,
    body: {
      data: Object.entries(preset.bundles).map(([key, grants]) => ({
        key,
        name: BUNDLE_TEXTS[key]?.name[language] ?? key,
        description: BUNDLE_TEXTS[key]?.description[language] ?? "",
        grants,
      })),
    },
  }),
);

export const rightEndpoints = [rights, grantPresets];
