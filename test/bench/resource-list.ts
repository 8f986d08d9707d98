import { api, type Api } from "../harness/client.ts";
import type { Edge } from "../harness/edge.ts";
import { newAccount, newMember, type Person, activateSubscription } from "../harness/people.ts";

/** Objects of the type that is listed, of which the member may see 50. */
export const OBJECTS = 100_000;
const ONE_OF = OBJECTS / 50;

/** A list as a member calls it: the way in which the objects are reached, the path, the credential. */
export interface ListCall {
  readonly name: string;
  readonly path: string;
  readonly apiKey: string;
}

const oneInMany = (value: string, other: string) =>
  `CASE n % ${ONE_OF} WHEN 7 THEN '${value}' ELSE '${other}' END`;
const NO_COLUMNS = { root: "NULL", owner: "'mem_9'", group: "NULL", status: "'active'" };

/** Objects of an account, by one statement: `n` is the number of each. */
async function insertObjects(
  edge: Edge,
  { accountId }: Person,
  type: string,
  columns: Partial<typeof NO_COLUMNS>,
): Promise<void> {
  const { root, owner, group, status } = { ...NO_COLUMNS, ...columns };
  const { DB } = await edge.env();
  const id = `'${type}_' || printf('%06d', n)`;
  await DB.prepare(`
    WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${OBJECTS - 1})
    INSERT INTO resource (
      account_id, type, id, parent_id, root_id, owner_id, group_id, status,
      name, attributes, version, created_by, created_at, updated_at)
    SELECT '${accountId}', '${type}', ${id}, ${root}, ${root}, ${owner}, ${group}, ${status},
      'N', '{"name":"N"}', 1, 'mem_9', 0, 0
    FROM numbers`).run();
}

/** The first page of 25, by each kind of reach; and, to compare, by an owner who sees all of them. */
export async function listCalls(edge: Edge, platform: Api): Promise<ListCall[]> {
  const fetch = edge.at(0);
  const account = async (kind: string): Promise<Person> => {
    const owner = await newAccount(fetch, platform, kind);
    await activateSubscription(platform, owner.accountId);
    return owner;
  };
  const [vendor, team, dealer] = [await account("vendor"), await account("team"), await account("dealer")];
  const ownerMember = await newMember(fetch, team, { roles: ["member"] });
  const viewer = await newMember(fetch, team, { roles: ["viewer"] });
  const groupMember = await newMember(fetch, dealer, { roles: ["dealer_user"] });
  const { DB } = await edge.env();
  await DB.prepare("UPDATE member SET object_group_ids = '[\"g_seen\"]', version = version + 1 WHERE id = ?")
    .bind(groupMember.memberId)
    .run();
  await insertObjects(edge, vendor, "customer", {});
  await insertObjects(edge, vendor, "license_key", { root: oneInMany("prd_seen", "prd_other") });
  await insertObjects(edge, team, "license", {
    owner: oneInMany(ownerMember.memberId, "mem_9"),
    status: `CASE n % ${ONE_OF} WHEN 9 THEN 'active' ELSE 'revoked' END`,
  });
  await insertObjects(edge, dealer, "object", { group: oneInMany("g_seen", "g_other") });
  const grantedKey = await newOperator(edge, vendor, fiftyCustomers());
  const rootGrantedKey = await newOperator(edge, vendor, [viewGrant("product", "prd_seen")]);
  return [
    { name: "list, 50 single objects", path: "/v1/customers", apiKey: grantedKey },
    { name: "list, 50 under one root", path: "/v1/license-keys", apiKey: rootGrantedKey },
    { name: "list, 50 own", path: "/v1/licenses", apiKey: ownerMember.apiKey },
    { name: "list, 50 active", path: "/v1/licenses", apiKey: viewer.apiKey },
    { name: "list, 50 in a group", path: "/v1/objects", apiKey: groupMember.apiKey },
    { name: "list, all of them", path: "/v1/customers", apiKey: vendor.apiKey },
  ];
}

const viewGrant = (resourceType: string, resourceId: string) => ({
  resourceType,
  resourceId,
  access: "view",
});

const fiftyCustomers = () =>
  Array.from({ length: 50 }, (_, index) =>
    viewGrant("customer", `customer_${String(index * ONE_OF).padStart(6, "0")}`),
  );

/** An operator with these grants, written as rows. @returns the API key */
async function newOperator(
  edge: Edge,
  vendor: Person,
  grants: readonly ReturnType<typeof viewGrant>[],
): Promise<string> {
  const { DB } = await edge.env();
  const operator = await newMember(edge.at(0), vendor, { roles: ["operator"] });
  await DB.batch([
    ...grants.map(({ resourceType, resourceId, access }) =>
      DB.prepare(
        `INSERT INTO access_grant (member_id, resource_type, resource_id, access, account_id)
          VALUES (?, ?, ?, ?, ?)`,
      ).bind(operator.memberId, resourceType, resourceId, access, vendor.accountId),
    ),
    DB.prepare("UPDATE member SET version = version + 1 WHERE id = ?").bind(operator.memberId),
  ]);
  return operator.apiKey;
}

/** Reads the list once before it is measured. @throws Error when the list has other rows than it should */
export async function checkList(edge: Edge, { path, apiKey, name }: ListCall): Promise<void> {
  const { status, body } = await api(edge.at(0), apiKey).get<{ data: unknown[] }>(path);
  if (status !== 200 || body.data.length !== 25)
    throw new Error(`${name}: ${status} with ${body.data?.length} rows`);
}
