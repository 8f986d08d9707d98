import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { type CallOptions, expectStatus } from "../../harness/client.ts";
import type { Person } from "../../harness/people.ts";
import { readAllPages } from "../../harness/full-list.ts";
import { type OpenedSheet, openSheet } from "../../harness/sheet.ts";
import { fetch } from "../access/operators-fixture.ts";

/** A row of the list, as far as the workbook shows it. */
export interface Listed {
  readonly id: string;
  readonly login: string | null;
  readonly username: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly middleName: string | null;
  readonly roles: readonly string[];
  readonly dealer: string;
  readonly email: string;
  readonly phone: string | null;
  readonly mobilePhone: string | null;
  readonly source: "local" | "external";
  readonly status: "new" | "active" | "blocked";
  readonly highlight: string | null;
  readonly createdAt: string;
  readonly lastLoginAt: string | null;
}

/** The answer as it comes, to be read as a stream. */
export const requestFile = (
  who: Person,
  path: string,
  { headers = {} }: CallOptions = {},
): Promise<Response> => fetch(path, { headers: { ...headers, authorization: `Bearer ${who.apiKey}` } });

/** A workbook that was downloaded and opened. */
export async function downloadSheet(
  who: Person,
  path: string,
  headers: Record<string, string> = {},
): Promise<OpenedSheet> {
  const answer = await requestFile(who, path, { headers });
  if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
  return openSheet(new Uint8Array(await answer.arrayBuffer()));
}

/** Every page of the list. */
export const readWholeList = (who: Person, query: string): Promise<Listed[]> =>
  readAllPages<Listed>(who.api, `/v1/members?limit=100${query === "" ? "" : `&${query}`}`);

const SOURCES = { local: "Local", external: "External" };
const STATUSES = { new: "New", active: "Active", blocked: "Blocked" };

/** What an English workbook has to show of the list. */
export async function expectedLines(who: Person, rows: readonly Listed[]) {
  const {
    body: { data },
  } = expectStatus(
    await who.api.get<{ data: { key: string; name: string }[] }>("/v1/roles", {
      headers: { "accept-language": "en" },
    }),
    200,
  );
  const nameOf = (key: string) => data.find((role) => role.key === key)?.name ?? expect.fail(key);
  return rows.map((row) => ({
    cells: {
      Login: row.login,
      Username: row.username,
      "Last name": row.lastName,
      "First name": row.firstName,
      "Middle name": row.middleName,
      Roles: row.roles.map(nameOf).join(", ") || null,
      Dealer: row.dealer,
      "E-mail": row.email,
      Phone: row.phone,
      "Mobile phone": row.mobilePhone,
      Source: SOURCES[row.source],
      Status: STATUSES[row.status],
      "Created (UTC)": row.createdAt,
      "Last sign-in (UTC)": row.lastLoginAt,
    },
    orange: row.highlight === "orange",
  }));
}

/** Fills an account with members like this one. @param first their first login @param last their last */
export async function insertMembers(like: Person, first: number, last: number): Promise<void> {
  const { results } = await env.DB.prepare("SELECT name FROM pragma_table_info('member')").all<{
    name: string;
  }>();
  const columns = results.map(({ name }) => name);
  const own: Record<string, string> = {
    id: "'mem_' || printf('%026d', n)",
    login: "printf('%04d', n)",
    email: "'clone-' || n || '@example.com'",
    username: "'Clone ' || n",
    username_folded: "'clone ' || n",
    user_id: "NULL",
    external_id: "NULL",
    status: "CASE n % 10 WHEN 0 THEN 'blocked' ELSE 'new' END",
  };
  const values = columns.map((column) => own[column] ?? `m.${column}`);
  await env.DB.prepare(`
    INSERT INTO member (${columns.join()})
    SELECT ${values.join()}
    FROM member m,
      (WITH RECURSIVE counted (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM counted WHERE n < ?2)
       SELECT n FROM counted)
    WHERE m.id = ?3`)
    .bind(first, last, like.memberId)
    .run();
}

export interface AuditedExport {
  readonly id: string;
  readonly outcome: string;
  readonly actor: { readonly memberId: string };
  readonly resource: object;
  readonly changes: unknown;
}

/** The two newest events of one action. */
export const newestEvents = async (who: Person, action: string): Promise<readonly AuditedExport[]> =>
  expectStatus(await who.api.get<{ data: AuditedExport[] }>(`/v1/audit?limit=2&action=${action}`), 200).body
    .data;
