import type { z } from "zod";
import { loadTenantCall } from "../../accounts/tenant-call.load.ts";
import { KeyCard } from "../../gate/credentials/api-key.card.ts";
import { KeyQuery, listKeysOf, revokeKeyOf } from "../../gate/api-keys/api-key.routes.ts";
import { type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { pageSchema } from "../../kernel/http/page.ts";
import { endSessionsOfPathMember } from "../sign-in/session-end.routes.ts";
import { MemberCard } from "../members/member.card.ts";
import { setLoginAllowed } from "../members/member.routes.ts";
import { removeMember, RemovalQuery } from "../removal/removal.routes.ts";

const PATH = "/v1/accounts/:id/members/:memberId";
const operation = { tag: "Accounts", right: "account.manage" } as const;
const memberOf = (params: Readonly<Record<string, string>>) => ({ id: params["memberId"] ?? "" });

const block = (verb: "block" | "unblock") =>
  endpoint(
    {
      ...operation,
      method: "POST",
      path: `${PATH}/${verb}`,
      operationId: `${verb}AccountMember`,
      status: 200,
      answer: MemberCard,
      ...(verb === "block" ? { allowedWhileRestored: true } : {}),
      summary:
        verb === "block"
          ? "Platform: block any member of an account but its owner."
          : "Platform: unblock any member of an account.",
      problems: ["conflict/last-admin"],
    },
    async (call) => setLoginAllowed(await loadTenantCall(call, memberOf(call.params)), verb === "unblock"),
  );

const sessions = endpoint(
  {
    ...operation,
    method: "DELETE",
    path: `${PATH}/sessions`,
    operationId: "endAccountMemberSessions",
    status: 204,
    allowedWhileRestored: true,
    summary: "Platform: end every session of a member of an account, the owner too.",
  },
  async (call) => endSessionsOfPathMember(await loadTenantCall(call, memberOf(call.params))),
);

const keys = endpoint(
  {
    ...operation,
    method: "GET",
    path: `${PATH}/api-keys`,
    operationId: "listAccountMemberApiKeys",
    status: 200,
    query: KeyQuery,
    answer: pageSchema(KeyCard),
    summary: "Platform: the API keys of a member of an account.",
  },
  async (call) => listKeysOf(await loadTenantCall(call, memberOf(call.params))),
);

const revoke = endpoint(
  {
    ...operation,
    method: "DELETE",
    path: `${PATH}/api-keys/:keyId`,
    operationId: "revokeAccountMemberApiKey",
    status: 204,
    allowedWhileRestored: true,
    summary: "Platform: revoke an API key of a member of an account, the owner's too.",
  },
  async (call) => {
    const { keyId = "", memberId = "" } = call.params;
    return revokeKeyOf(await loadTenantCall(call, { id: keyId }), memberId);
  },
);

const remove = endpoint<unknown, z.infer<typeof RemovalQuery>>(
  {
    ...operation,
    method: "DELETE",
    path: PATH,
    operationId: "deleteAccountMember",
    status: 204,
    query: RemovalQuery,
    ifMatch: "optional",
    allowedWhileRestored: true,
    summary:
      "Platform: remove any member of an account but its owner, with all that they hold. " +
      "In operators', dealers' " +
      "and marketplace accounts they are blocked first.",
    problems: ["conflict/not-removable", "conflict/last-admin"],
  },
  async (call) => removeMember(await loadTenantCall(call, memberOf(call.params))),
);

export const platformMemberEndpoints: readonly Endpoint[] = [
  block("block"),
  block("unblock"),
  sessions,
  keys,
  revoke,
  remove,
];
