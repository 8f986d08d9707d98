import { z } from "zod";
import { type Call, endpoint } from "../../gate/calls/call.ts";
import { memberFilters, type MemberQuery } from "./member-query.ts";
import { loadMemberQuery } from "./member-query.load.ts";
import { selectMemberPage, type PageStart } from "./member-list.store.ts";
import { memberSheetRow, memberSheet } from "./member-sheet.ts";
import { loadRoleNames } from "./role-name.change.ts";
import { streamWorkbook, XLSX_MEDIA_TYPE } from "../../channels/workbook/workbook.ts";
import type { Row } from "../../channels/workbook/cell.ts";

/** Members that are read at once. */
const PAGE_ROWS = 250;

const exportMembers = endpoint(
  {
    method: "GET",
    path: "/v1/members/export.xlsx",
    operationId: "exportMembers",
    tag: "Members",
    right: "member.view",
    status: 200,
    localized: true,
    summary:
      "The user book as an Excel workbook: the members that GET /v1/members lists with the same filters " +
      "and sort, blocked ones in orange.",
    query: z.strictObject(memberFilters),
    answer: { file: XLSX_MEDIA_TYPE },
  },
  async (call) => {
    const { sort, ...searched } = call.query();
    const query = await loadMemberQuery(call, { ...searched, sort });
    const roleName = await loadRoleNames(call);
    // The text that was searched for may be a person's name, so the event has only the columns.
    const after = {
      accountIds: query.accountIds,
      filters: Object.keys(query.filters).sort(),
      sort: sort ?? null,
    };
    return call.commit(
      {
        statements: [],
        events: [
          call.event("member.export", { type: "member", id: null }, { changes: { before: {}, after } }),
        ],
      },
      {
        status: 200,
        file: streamWorkbook(memberSheet(call.language), sheetRows(call, query, roleName), call.now),
        headers: {
          "Content-Disposition": 'attachment; filename="members.xlsx"',
          "Cache-Control": "no-store",
        },
      },
    );
  },
);

/**
 * Who may be seen was decided when the stream began; each page shows its members as they are when it is read.
 */
async function* sheetRows(
  call: Call<unknown, unknown>,
  query: MemberQuery,
  roleName: (key: string) => string,
): AsyncGenerator<Row[], void, undefined> {
  const {
    db,
    language,
    origin: { requestId },
  } = call;
  for (let after: PageStart | null = null, isLast = false; !isLast; ) {
    const rows: Awaited<ReturnType<typeof selectMemberPage>> = await selectMemberPage(db, query, {
      after,
      limit: PAGE_ROWS,
    }).catch((error: unknown) => {
      // The answer is on its way, so nothing but its breaking off can tell the caller.
      console.error({ requestId, message: "an export broke off", error: String(error) });
      throw error;
    });
    yield rows.map((listed) => memberSheetRow(listed, { language, roleName }));
    const last = rows.at(-1);
    isLast = rows.length < PAGE_ROWS || last === undefined;
    if (last !== undefined) after = { value: last.value, id: last.row.id };
  }
}

export const memberExportEndpoints = [exportMembers];
