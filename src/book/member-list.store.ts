import { eq, type SQL, sql } from "drizzle-orm";
import { grantsOf } from "../identity/member.store.ts";
import type { Db } from "../kernel/db.ts";
import { account, member } from "../schema/team.ts";
import type { BookQuery, Column } from "./member-filter.ts";

/** Where a page begins: after this member, and the value that it is sorted by. */
export interface Place {
  readonly value: string;
  readonly id: string;
}

/** What each column is searched and sorted by. `m` is the member, `a` the account, `t` the text of the roles. */
const TEXTS: Readonly<Record<Column, SQL>> = {
  login: sql`coalesce(m.login, '')`, username: sql`m.username_folded`, roles: sql`t.shown`, dealer: sql`a.name_folded`, email: sql`m.email`,
  phone: sql`m.phone_folded`, mobilePhone: sql`m.mobile_phone_folded`, source: sql`m.source`, status: sql`m.status`,
};

/** Texts are sorted by so many characters: the rest of a cursor's length is spent on nothing. */
const SORTED_BY = 300;

/**
 * The members of these accounts that the filters leave, in the order of the sort, with what an answer shows of them. Filters and
 * sort go through one index that holds all columns (`member_book`); of the members themselves only a page is read.
 */
export function bookRows(db: Db, query: BookQuery, { after, limit }: { readonly after: Place | null; readonly limit: number }) {
  const order = sql.raw(query.sort?.last ? "DESC" : "ASC");
  const page = sql`(SELECT id, value FROM (${found(query)}) f ${begun(query, after)} ORDER BY value ${order}, id ${order} LIMIT ${limit})`;
  return db.select({ row: member, grants: grantsOf(member), dealer: account.name, value: sql<string>`page.value`.as("value") })
    .from(member).innerJoin(sql`${page} page`, sql`page.id = ${member.id}`).innerJoin(account, eq(account.id, member.accountId))
    .orderBy(sql`page.value ${order}`, sql`page.id ${order}`);
}

const begun = (query: BookQuery, after: Place | null): SQL => {
  if (after === null) return sql``;
  if (query.sort === null) return sql`WHERE id > ${after.id}`;
  return sql`WHERE (value, id) ${sql.raw(query.sort.last ? "<" : ">")} (${after.value}, ${after.id})`;
};

function found(query: BookQuery): SQL {
  const { filters, sort } = query;
  const byRoles = filters.roles !== undefined || sort?.column === "roles";
  const value = sort === null ? sql`''` : sql`substr(${TEXTS[sort.column]}, 1, ${SORTED_BY})`;
  const wanted = Object.entries(filters).map(([column, text]) => (column === "roles" ? sql`t.fits` : sql`instr(${TEXTS[column as Column]}, ${text}) > 0`));
  return sql`SELECT m.id AS id, ${value} AS value FROM member m INDEXED BY member_book
    ${filters.dealer !== undefined || sort?.column === "dealer" ? sql`JOIN account a ON a.id = m.account_id` : sql``}
    ${byRoles ? sql`JOIN (${rolesText(query)}) t ON t.roles = m.roles` : sql``}
    WHERE ${sql.join([inAccounts(query), ...wanted], sql` AND `)}`;
}

const inAccounts = ({ accountIds: [one, ...more] }: BookQuery): SQL =>
  (more.length === 0 ? sql`m.account_id = ${one ?? ""}` : sql`m.account_id IN (SELECT value FROM json_each(${JSON.stringify([one, ...more])}))`);

/** Members have few combinations of roles, so each combination is looked at once, not each member. */
const rolesText = ({ filters, ...query }: BookQuery): SQL => sql`SELECT had.roles AS roles,
    (SELECT coalesce(group_concat(coalesce(named.value, r.name_folded, each.value), ', ' ORDER BY each.key), '')
      FROM json_each(had.roles) each LEFT JOIN json_each(${JSON.stringify(query.roleNames)}) named ON named.key = each.value LEFT JOIN role r ON r.id = each.value) AS shown,
    ${filters.roles === undefined ? sql`1` : sql`EXISTS (SELECT 1 FROM json_each(had.roles) each LEFT JOIN role r ON r.id = each.value
      WHERE each.value IN (SELECT value FROM json_each(${JSON.stringify(query.rolesNamed)}))
        OR instr(lower(each.value), ${filters.roles}) > 0 OR instr(r.name_folded, ${filters.roles}) > 0)`} AS fits
  FROM (SELECT DISTINCT m.roles AS roles FROM member m INDEXED BY member_book WHERE ${inAccounts({ filters, ...query })}) had`;

/** The accounts directly below this one. */
export const findBelow = (db: Db, accountId: string) =>
  db.select({ id: account.id, allowedIps: account.allowedIps }).from(account).where(eq(account.parentId, accountId));

/** Whether the account has more members than that. No more are counted. */
export const hasMoreThan = (db: Db, accountId: string, most: number) =>
  db.select({ large: sql<0 | 1>`(SELECT COUNT(*) FROM (SELECT 1 FROM member WHERE account_id = ${accountId} LIMIT ${most + 1})) > ${most}`.as("large") }).from(account).where(eq(account.id, accountId));
