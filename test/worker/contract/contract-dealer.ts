import { type Api, type Fetch, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newAccount, type Person } from "../../harness/people.ts";
import type { Contract } from "./contract.ts";
import { addMemberByPlatform } from "../people/invite-fixture.ts";

const idempotent = () => ({ idempotencyKey: newIdempotencyKey() });

/** Objects, their keys and licenses, and whom they belong to. */
export async function dealerCalls({ fetch }: Contract, platform: Api): Promise<void> {
  const dealer = await newAccount(fetch, platform, "dealer");
  await callObjects(dealer, platform);
  await callDealers(dealer, platform, fetch);
  const below = await newAccount(fetch, platform, "subdealer", { parentId: dealer.accountId });
  const { id } = expectStatus(
    await dealer.api.post<{ id: string }>("/v1/objects", { name: "Handed over" }, idempotent()),
    201,
  ).body;
  expectStatus(await dealer.api.post(`/v1/objects/${id}/transfer`, { accountId: below.accountId }), 200);
  expectStatus(
    await dealer.api.post(
      `/v1/objects/${id}/transfer`,
      { accountId: dealer.accountId, fromAccountId: below.accountId },
      { ifMatch: "*" },
    ),
    200,
  );
}

async function callObjects(dealer: Person, platform: Api): Promise<void> {
  const ids = await makeObjects(dealer.api);
  await callLicenses(dealer, platform, ids);
  await changeAndRemove(dealer, ids);
}

/** The ids of the objects that the calls are about, by what they are. */
interface Ids {
  readonly corporation: string;
  readonly group: string;
  readonly object: string;
  readonly spare: string;
  readonly key: string;
  readonly other: string;
}

function maker(api: Api) {
  return async (path: string, body: object): Promise<string> => {
    const command = idempotent();
    const { id } = expectStatus(await api.post<{ id: string }>(`/v1/${path}`, body, command), 201).body;
    expectStatus(await api.post(`/v1/${path}`, body, command), 201);
    for (const one of [path, `${path}/${id}`])
      if (!one.includes("licenses/") && !path.includes("/")) expectStatus(await api.get(`/v1/${one}`), 200);
    return id;
  };
}

async function makeObjects(api: Api): Promise<Ids> {
  const make = maker(api);
  const corporation = await make("corporations", {
    name: "Mall",
    address: "Street 1",
    taxId: "1",
    website: "example.com",
    phone: "1",
    comments: "c",
  });
  const group = await make("object-groups", { name: "North", description: "d" });
  const object = await make("objects", {
    name: "Shop",
    corporationId: corporation,
    address: "Street 1",
    city: "Minsk",
    country: "BY",
    phone: "1",
    comments: "c",
  });
  const spare = await make("objects", { name: "Spare" });
  const key = await make("keys", { objectId: object, serial: "S-1", product: "Video", saas: true });
  const other = await make("keys", { objectId: object, serial: "S-2" });
  expectStatus(await api.post("/v1/keys", { objectId: object, serial: "s-2" }, idempotent()), 409);
  return { corporation, group, object, spare, key, other };
}

async function callLicenses(
  { api, accountId }: Person,
  platform: Api,
  { corporation, key }: Ids,
): Promise<void> {
  const make = maker(api);
  const request = await make(`keys/${key}/licenses`, { days: 30, comments: "c" });
  const sos = await make("sos-licenses", { keyId: key, days: 5, reason: "weekend" });
  for (const path of [
    "requests",
    `requests/${request}`,
    `sos-licenses/${sos}`,
    `objects?corporationId=${corporation}`,
    "keys?serial=S-1",
    "reports",
    "reports/requests-and-keys",
  ])
    expectStatus(await api.get(`/v1/${path}`), 200);
  expectStatus(
    await api.post("/v1/sos-licenses", { keyId: key, days: 5, reason: "weekend" }, idempotent()),
    409,
  );
  expectStatus(await platform.get(`/v1/accounts/${accountId}/sos-block`), 200);
  expectStatus(await platform.del(`/v1/accounts/${accountId}/sos-block`), 204);
  expectStatus(await platform.del(`/v1/accounts/${accountId}/allowed-ips`), 204);
}

async function changeAndRemove({ api, memberId }: Person, ids: Ids): Promise<void> {
  const { corporation, group, object, spare, key, other } = ids;
  const patches = {
    [`corporations/${corporation}`]: { name: "M" },
    [`object-groups/${group}`]: { description: null },
    [`objects/${object}`]: { name: "S" },
    [`keys/${key}`]: { product: null },
  };
  for (const [path, change] of Object.entries(patches))
    expectStatus(await api.patch(`/v1/${path}`, change, { ifMatch: "*" }), 200);
  expectStatus(await api.put(`/v1/objects/${object}/owner`, { memberId }), 200);
  for (const _ of ["moved", "there already"])
    expectStatus(await api.post(`/v1/object-groups/${group}/objects`, { objectId: object }), 200);
  expectStatus(await api.del(`/v1/object-groups/${group}`), 409);
  expectStatus(await api.del(`/v1/object-groups/${group}/objects/${object}`), 204);
  expectStatus(await api.del(`/v1/object-groups/all/objects/${object}`), 409);
  for (const path of [`object-groups/${group}`, `objects/${spare}`, `keys/${other}`])
    expectStatus(await api.del(`/v1/${path}`), 204);
  expectStatus(await api.patch(`/v1/objects/${object}`, { corporationId: null }, { ifMatch: "*" }), 200);
  expectStatus(await api.del(`/v1/corporations/${corporation}`), 204);
}

async function callDealers({ api, accountId }: Person, platform: Api, fetch: Fetch): Promise<void> {
  for (const path of ["dealers", `dealers/${accountId}`]) expectStatus(await api.get(`/v1/${path}`), 200);
  expectStatus(
    await api.patch(
      `/v1/dealers/${accountId}`,
      { name: "Dealer", profile: { phone: "1", city: null } },
      { ifMatch: "*" },
    ),
    200,
  );
  const aggregator = await addMemberByPlatform(fetch, platform, accountId, ["aggregator"]);
  const license = { memberId: aggregator.memberId, name: "WS", expiresAt: "2030-01-01T00:00:00Z" };
  const { id } = expectStatus(
    await platform.post<{ id: string }>(
      `/v1/accounts/${accountId}/aggregator-licenses`,
      license,
      idempotent(),
    ),
    201,
  ).body;
  for (const path of ["aggregator-licenses", `aggregator-licenses/${id}`])
    expectStatus(await aggregator.api.get(`/v1/${path}`), 200);
  expectStatus(await aggregator.api.post(`/v1/aggregator-licenses/${id}/copy`), 200);
  expectStatus(await platform.del(`/v1/accounts/${accountId}/aggregator-licenses/${id}`), 204);
}
