import { z } from "zod";
import { instant, singleLineText } from "../../kernel/http/body.ts";
import { sha256Hex } from "../../kernel/digest.ts";
import { declareType, LEVELS } from "./declaration.ts";

/**
 * A token that the vendor's own software carries. Losing one by accident stops every installation, so only
 * owners reach them.
 */
export const accessTokenType = declareType({
  name: "access_token",
  title: "Access tokens",
  rights: {
    view: "See access tokens of the products' own clients.",
    edit: "Change access tokens.",
    create: "Add access tokens.",
    delete: "Remove access tokens.",
  },
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  stored: {
    path: "access-tokens",
    idPrefix: "atk",
    attributes: z.strictObject({
      name: singleLineText(100),
      permissions: z
        .array(z.enum(["activate", "deactivate", "get_key", "data_objects"]))
        .max(4)
        .default(["activate"]),
      expiresAt: instant.nullable().default(null),
    }),
    nameAttribute: "name",
    masked: [],
    parents: {},
    reference: null,
    generated: {
      storedFields: z.object({ last4: z.string() }),
      shownOnce: z.object({ token: z.string() }),
      make: (random) => {
        const token = `tgt_${Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
        return { attributes: { "#hash": sha256Hex(token), last4: token.slice(-4) }, shown: { token } };
      },
    },
  },
});
