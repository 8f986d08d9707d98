import { z } from "zod";
import { type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { sha256Hex } from "../../kernel/digest.ts";
import { decodeCursor, pageFields, toPage } from "../../kernel/http/page.ts";
import { invalidParameter } from "../../kernel/http/problem.ts";
import { MemberCard, memberCard } from "../members/member.card.ts";
import { MemberListQuery, type MemberQuery, listIdentity } from "./member-query.ts";
import { loadMemberQuery } from "./member-query.load.ts";
import { selectMemberPage, selectHasMoreThan, type PageStart } from "./member-list.store.ts";
import { message } from "../../kernel/messages/message.ts";

const MemberPage = z
  .object({
    ...pageFields(MemberCard),
    contactSuggested: z
      .literal(true)
      .optional()
      .describe("The team is a large one: get in touch. Nothing is blocked."),
    contact: z.string().optional(),
  })
  .meta({ id: "MemberPage" });

const Cursor = z.tuple([z.string(), z.string(), z.string()]);

/** @throws Problem validation when the cursor belongs to another list */
function parsePageStart(cursor: string | undefined, list: string): PageStart | null {
  const position = decodeCursor(cursor, Cursor);
  if (position === null) return null;
  const [listName, value, id] = position;
  if (listName !== list) throw invalidParameter("cursor", message("members.otherSort"));
  return { value, id };
}

/** The name of a list, short enough for a cursor. */
const memberListDigest = (query: MemberQuery): string => sha256Hex(listIdentity(query)).slice(0, 16);

const list = endpoint(
  {
    method: "GET",
    path: "/v1/members",
    operationId: "listMembers",
    tag: "Members",
    right: "member.view",
    status: 200,
    localized: true,
    summary:
      "The user book: members of the account, searched and sorted by any column; " +
      "a dealer sees those of its sub-dealers, too.",
    query: MemberListQuery,
    answer: MemberPage,
  },
  async (call) => {
    const {
      principal: { accountId, targetAccount, ownAccount },
      env,
    } = call;
    const { limit, cursor, ...asked } = call.query();
    const query = await loadMemberQuery(call, asked);
    const name = memberListDigest(query);
    const [rows, [size]] = await call.read(
      selectMemberPage(call.db, query, { after: parsePageStart(cursor, name), limit: limit + 1 }),
      selectHasMoreThan(call.db, accountId, Number(env.CONTACT_ABOVE_MEMBERS)),
    );
    const listed = toPage(
      rows,
      limit,
      ({ row, grants, account }) => memberCard(row, grants, account),
      ({ row, value }) => [name, value, row.id],
    );
    const suggested = targetAccount.kind === "team" && size?.large === 1;
    return {
      status: 200,
      body: {
        ...listed,
        ...(suggested
          ? { contactSuggested: true, contact: ownAccount.plan.contactUrl ?? env.CONTACT_URL }
          : {}),
      },
    };
  },
);

export const memberListEndpoints: readonly Endpoint[] = [list];
