import { z } from "zod";
import { type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { sha256Hex } from "../../kernel/digest.ts";
import { decodeCursor, toPage, pageSchema } from "../../kernel/http/page.ts";
import { invalidParameter } from "../../kernel/http/problem.ts";
import { MemberCard, memberCard } from "../members/member.card.ts";
import { BookParameters, type BookQuery, listOf } from "./member-filter.ts";
import { bookOf } from "./member-list.change.ts";
import { bookRows, hasMoreThan, type Place } from "./member-list.store.ts";

const Listed = pageSchema(MemberCard).extend({
  contactSuggested: z
    .literal(true)
    .optional()
    .describe("The team is a large one: get in touch. Nothing is blocked."),
  contact: z.string().optional(),
});

const Cursor = z.tuple([z.string(), z.string(), z.string()]);

/** @throws Problem validation when the cursor belongs to another list */
function placeOf(cursor: string | undefined, list: string): Place | null {
  const position = decodeCursor(cursor, Cursor);
  if (position === null) return null;
  const [of, value, id] = position;
  if (of !== list)
    throw invalidParameter("cursor", "belongs to another sort or other filters: begin again without it");
  return { value, id };
}

/** The name of a list, short enough for a cursor. */
const nameOf = (query: BookQuery): string => sha256Hex(listOf(query)).slice(0, 16);

const list = endpoint(
  {
    method: "GET",
    path: "/v1/members",
    tag: "Members",
    right: "member.view",
    status: 200,
    localized: true,
    summary:
      "The user book: members of the account, searched and sorted by any column; " +
      "a dealer sees those of its sub-dealers, too.",
    query: BookParameters,
    answer: Listed,
  },
  async (call) => {
    const {
      principal: { accountId, targetAccount, ownAccount },
      env,
    } = call;
    const { limit, cursor, ...asked } = call.query();
    const query = await bookOf(call, asked);
    const name = nameOf(query);
    const [rows, [size]] = await call.read(
      bookRows(call.db, query, { after: placeOf(cursor, name), limit: limit + 1 }),
      hasMoreThan(call.db, accountId, Number(env.CONTACT_ABOVE_MEMBERS)),
    );
    const listed = toPage(
      rows,
      limit,
      ({ row, grants, dealer }) => memberCard(row, grants, dealer),
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
