import type { Api } from "../harness/client.ts";
import type { Edge } from "../harness/edge.ts";
import { newAccount } from "../harness/people.ts";
import type { ListCall } from "./resource-list.ts";

/** As many as have logins, the first one among them. */
export const MEMBERS = 9_999;

/** The user book of a full dealer: as it opens, and with the questions that cost most. */
export async function memberListCalls(edge: Edge, platform: Api): Promise<ListCall[]> {
  const { accountId, apiKey } = await newAccount(edge.at(0), platform, "dealer");
  const { DB } = await edge.env();
  await DB.prepare(`
    WITH RECURSIVE numbers (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${MEMBERS})
    INSERT INTO member (
      id, account_id, login, username, username_folded,
      first_name, last_name, email,
      phone, phone_folded, mobile_phone, mobile_phone_folded,
      source, status, roles, last_login_at, created_at, updated_at)
    SELECT printf('mem_%026d', n), '${accountId}', printf('%04d', n),
      'User ' || (n * 7919 % 10007), 'user ' || (n * 7919 % 10007),
      'U', 'S', 'u' || (n * 31 % 10007) || '@example.com',
      '+7 ' || n, '+7 ' || n, '+44 ' || n, '+44 ' || n,
      'local', CASE n % 2 WHEN 0 THEN 'new' ELSE 'active' END,
      json_array('dealer_user', 'client', 'rol_' || n % 100), n, 0, 0
    FROM numbers`).run();
  const all =
    "login=0&username=user&dealer=a&email=example&phone=7&mobilePhone=44&source=l&status=e&lastLoginAt=1970";
  return [
    ["as it opens", ""],
    ["by name", "?sort=-username"],
    ["by roles", "?sort=roles"],
    ["a role, by dealer", "?roles=client&sort=dealer"],
    ["every filter, by phone", `?${all}&roles=user&sort=-phone`],
    ["every filter, by roles", `?${all}&roles=user&sort=-roles`],
  ].map(([name, query]) => ({ name: `list, book: ${name}`, path: `/v1/members${query}`, apiKey }));
}
