import { eq, type SQL, sql } from "drizzle-orm";
import { grantsOf } from "../../gate/credentials/member.store.ts";
import type { Db } from "../../kernel/db.ts";
import { account, member } from "../../kernel/schema/team.ts";
import type { MemberQuery, MemberColumn } from "./member-query.ts";

/** Where a page begins: after this member, and the value that it is sorted by. */
export interface PageStart {
  readonly value: string;
  readonly id: string;
}

/**
 * What each column is searched and sorted by. `m` is the member, `a` the account; `g` are the members who
 * have the same roles.
 */
const COLUMN_SQL: Readonly<Record<MemberColumn, string>> = {
  login: "coalesce(m.login, '')",
  username: "m.username_folded",
  roles: "g.names",
  dealer: "a.name_folded",
  email: "m.email",
  phone: "m.phone_folded",
  mobilePhone: "m.mobile_phone_folded",
  source: "m.source",
  status: "m.status",
  lastLoginAt: "coalesce(strftime('%Y-%m-%dt%H:%M:%fz', m.last_login_at / 1000.0, 'unixepoch'), '')",
};

/** Texts are sorted by so many characters, so that a cursor, which holds one, has an end. */
const SORT_LENGTH = 300;

/**
 * The members of these accounts that the filters leave, in the order of the sort, with what an answer shows
 * of them. Filters and sort go through one index that holds all columns (`member_book`); of the members
 * themselves only a page is read.
 */
export function selectMemberPage(db: Db, query: MemberQuery, page: PageRange) {
  const order = sql.raw(query.sort?.last ? "DESC" : "ASC");
  return db
    .select({
      row: member,
      grants: grantsOf(member),
      account: { name: account.name, kind: account.kind },
      value: sql<string>`page.value`.as("value"),
    })
    .from(member)
    .innerJoin(sql`(${pageSql(query, page, order)}) page`, sql`page.id = ${member.id}`)
    .innerJoin(account, eq(account.id, member.accountId))
    .orderBy(sql`page.value ${order}`, sql`page.id ${order}`);
}

/** Which part of a list: so many rows, after that one. */
export interface PageRange {
  readonly after: PageStart | null;
  readonly limit: number;
}

/** CROSS JOIN keeps the order of the tables, so that the planner does not choose another. */
function pageSql(query: MemberQuery, { after, limit }: PageRange, order: SQL): SQL {
  const { filters, sort } = query;
  const byRoles = sort?.column === "roles";
  const [id, value] = [
    sql.raw(byRoles ? "one.value" : "m.id"),
    sql.raw(sort === null ? "''" : `substr(${COLUMN_SQL[sort.column]}, 1, ${SORT_LENGTH})`),
  ];
  const conditions = Object.entries(filters).map(([column, text]) =>
    column === "roles"
      ? whereRole(query, text)
      : sql`instr(${sql.raw(COLUMN_SQL[column as MemberColumn])}, ${text}) > 0`,
  );
  const afterStart =
    after === null
      ? sql`1`
      : sort === null
        ? sql`${id} > ${after.id}`
        : sql`(${value}, ${id}) ${sql.raw(sort.last ? "<" : ">")} (${after.value}, ${after.id})`;
  const needsDealer = filters.dealer !== undefined || sort?.column === "dealer";
  const dealer = needsDealer ? sql`CROSS JOIN account a ON a.id = m.account_id` : sql``;
  const members = sql`member m INDEXED BY member_book ${dealer}
    WHERE ${sql.join([whereAccounts(query), ...conditions], sql` AND `)}`;
  const rows = byRoles
    ? sql`(SELECT ${roleNamesSql(query)} AS names, json_group_array(m.id) AS ids
        FROM ${members} GROUP BY m.roles) g CROSS JOIN json_each(g.ids) one WHERE ${afterStart}`
    : sql`${members} AND ${afterStart}`;
  const byValue = sort === null ? sql`` : sql`value ${order},`;
  return sql`SELECT ${id} AS id, ${value} AS value FROM ${rows}
    ORDER BY ${byValue} ${id} ${order} LIMIT ${limit}`;
}

const whereAccounts = ({ accountIds: [one, ...more] }: MemberQuery): SQL =>
  more.length === 0
    ? sql`m.account_id = ${one ?? ""}`
    : sql`m.account_id IN (SELECT value FROM json_each(${JSON.stringify([one, ...more])}))`;

/**
 * The names of a member's roles. Members have few combinations of roles, so this is asked for each
 * combination, not for each member.
 */
const roleNamesSql = ({ roleNames }: MemberQuery): SQL => sql`(SELECT
    coalesce(group_concat(coalesce(named.value, r.name_folded, had.value), ', ' ORDER BY had.key), '')
  FROM json_each(m.roles) had
    LEFT JOIN json_each(${JSON.stringify(roleNames)}) named ON named.key = had.value
    LEFT JOIN role r ON r.id = had.value)`;

/** One of the member's roles, by its key or a name. */
const whereRole = (query: MemberQuery, text: string): SQL => sql`m.roles IN (SELECT c.roles
  FROM (SELECT DISTINCT m.roles AS roles FROM member m INDEXED BY member_book WHERE ${whereAccounts(query)}) c
    CROSS JOIN json_each(c.roles) had LEFT JOIN role r ON r.id = had.value
  WHERE had.value IN (SELECT value FROM json_each(${JSON.stringify(query.matchingRoles)}))
    OR instr(lower(had.value), ${text}) > 0 OR instr(r.name_folded, ${text}) > 0)`;

/** The accounts directly below this one. */
export const findBelow = (db: Db, accountId: string) =>
  db
    .select({ id: account.id, allowedIps: account.allowedIps })
    .from(account)
    .where(eq(account.parentId, accountId));

/** Whether the account has more members than that. No more are counted. */
export function selectHasMoreThan(db: Db, accountId: string, limit: number) {
  const counted = sql`SELECT 1 FROM member WHERE account_id = ${accountId} LIMIT ${limit + 1}`;
  return db
    .select({ large: sql<0 | 1>`(SELECT COUNT(*) FROM (${counted})) > ${limit}`.as("large") })
    .from(account)
    .where(eq(account.id, accountId));
}
