import { z } from "zod";
import { grantTable } from "../../access/grant-table.ts";
import { type Call, endpoint } from "../../gate/calls/call.ts";
import { findMember } from "../../gate/credentials/member.store.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { effectiveRightsOf } from "../rights/effective-rights.ts";
import { requireMember } from "../members/member.load.ts";
import { rightSheetRows, rightSheet } from "./right-sheet.ts";
import { loadRoleNames } from "./role-name.change.ts";
import { streamWorkbook, XLSX_MEDIA_TYPE } from "../../channels/workbook/workbook.ts";
import type { Row } from "../../channels/workbook/cell.ts";

const RightExportQuery = z.strictObject({
  memberId: z
    .string()
    .max(64)
    .optional()
    .describe("Whose rights; by default your own. Those of others need the right member.view."),
});

/**
 * Every member may ask about themselves.
 * @throws Problem not-found
 */
async function loadRightHolder(call: Call, id: string) {
  const { accountId, memberId } = call.principal;
  const [[found]] = await call.read(findMember(call.db, accountId, id));
  if (id !== memberId) return requireMember(call, "member.view", id, found);
  if (found === undefined) throw new Problem("not-found");
  return found;
}

const exportRights = endpoint(
  {
    method: "GET",
    path: "/v1/rights/export.xlsx",
    operationId: "exportRights",
    tag: "Roles and rights",
    right: "member",
    status: 200,
    localized: true,
    summary:
      "Every right of the account's model as an Excel workbook, with whether a member has it, " +
      "where it holds and what it comes from.",
    query: RightExportQuery,
    answer: { file: XLSX_MEDIA_TYPE },
  },
  async (call) => {
    const {
      language,
      now,
      principal: { preset, types, memberId },
    } = call;
    const holder = await loadRightHolder(call as Call, call.query().memberId ?? memberId);
    const roleName = await loadRoleNames(call as Call);
    const { row } = holder;
    const { rights } = effectiveRightsOf(holder, call.principal);
    const event = call.event("rights.export", { type: "member", id: row.id });
    const lines = async function* (): AsyncGenerator<Row[], void, undefined> {
      yield rightSheetRows(preset, grantTable(preset, types), rights, row.status === "blocked", {
        language,
        roleName,
      });
    };
    return call.commit(
      { statements: [], events: [event] },
      {
        status: 200,
        file: streamWorkbook(rightSheet(language), lines(), now),
        headers: { "Content-Disposition": 'attachment; filename="rights.xlsx"', "Cache-Control": "no-store" },
      },
    );
  },
);

export const rightExportEndpoints = [exportRights];
