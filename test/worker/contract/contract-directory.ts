import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newAccount } from "../../harness/people.ts";
import type { Contract } from "./contract.ts";

/** The user book: its list, a card by its login, and what is changed on a card. */
export async function directoryCalls({ fetch }: Contract, platform: Api): Promise<void> {
  const dealer = await newAccount(fetch, platform, "dealer");
  const { id, login } = expectStatus(
    await dealer.api.post<{ id: string; login: string }>(
      "/v1/members",
      { firstName: "Berta", lastName: "Book", email: "berta@example.com", roles: ["client"] },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  ).body;
  const { nextCursor } = expectStatus(
    await dealer.api.get<{ nextCursor: string }>(
      "/v1/members?limit=1&sort=-roles&email=example&status=new&phone=",
    ),
    200,
  ).body;
  if (nextCursor !== null) throw new Error("one member fits one page");
  expectStatus(await dealer.api.get("/v1/members?sort=phone&roles=client"), 200);
  expectStatus(await dealer.api.get("/v1/members?sort=id"), 422);
  const etag =
    expectStatus(await dealer.api.get(`/v1/members/by-login/${login}`), 200).headers.get("etag") ?? "";
  expectStatus(await dealer.api.get("/v1/members/by-login/9999"), 404);
  const patch = {
    email: "bertha@example.com",
    objectGroupIds: ["all"],
    loginAllowed: false,
    notifications: { access: false },
  };
  expectStatus(await dealer.api.patch(`/v1/members/${id}`, patch, { ifMatch: etag }), 200);
  expectStatus(await dealer.api.patch(`/v1/members/${id}`, patch, { ifMatch: etag }), 412);
  expectStatus(await dealer.api.patch("/v1/me/notifications", { invitations: false }), 200);
}
