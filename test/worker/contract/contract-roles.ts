import { newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newMember, type Person } from "../../harness/people.ts";
import type { Contract } from "./contract.ts";

/** What may be known of rights and roles, and a role that the account makes for itself. */
export async function roleCalls({ fetch }: Contract, owner: Person): Promise<void> {
  const said = { headers: { "accept-language": "ru" } };
  const body = {
    name: "Support",
    description: "Answers mails",
    rights: ["product.view"],
    grants: [{ resourceType: "product", access: "view" }],
  };
  const command = { idempotencyKey: newIdempotencyKey() };
  const { id } = expectStatus(await owner.api.post<{ id: string }>("/v1/roles", body, command), 201).body;
  expectStatus(await owner.api.post("/v1/roles", body, command), 201);
  expectStatus(await owner.api.post("/v1/roles", body, { idempotencyKey: newIdempotencyKey() }), 409);
  const operator = await newMember(fetch, owner, { roles: [id] });
  for (const path of ["rights", "roles", "roles/matrix", "grant-presets"]) {
    for (const who of [owner, operator]) expectStatus(await who.api.get(`/v1/${path}`, said), 200);
  }
  expectStatus(await owner.api.get("/v1/roles?level=seller"), 422);
  expectStatus(
    await owner.api.put(`/v1/members/${operator.memberId}/grants`, { preset: "recommended_operator" }),
    200,
  );
  const etag = expectStatus(await owner.api.get(`/v1/roles/${id}`), 200).headers.get("etag") ?? "";
  expectStatus(
    await owner.api.patch(`/v1/roles/${id}`, { name: "Desk", rights: [] }, { ifMatch: etag }),
    200,
  );
  expectStatus(await owner.api.del(`/v1/roles/${id}`), 409);
  expectStatus(
    await owner.api.patch(`/v1/members/${operator.memberId}`, { roles: ["operator"] }, { ifMatch: "*" }),
    200,
  );
  expectStatus(await owner.api.del(`/v1/roles/${id}`), 204);
}
