import { z } from "zod";
import { accessFilter } from "../../access/decision.ts";
import { diffFields } from "../../audit/chain/difference.ts";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { requestPermit } from "../../gate/permits/permit-request.ts";
import { requireAuthorityToStop } from "../../gate/calls/required-authority.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import { newId } from "../../kernel/id.ts";
import { decodeCursor, listQuery, toPage, pageSchema } from "../../kernel/http/page.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { nextVersion } from "../../kernel/version.ts";
import type { HookRow } from "../../kernel/schema/hook.ts";
import { HookCard, HookPatch, CreatedHookCard, NewHookBody, hookAuditCard } from "./hook.card.ts";
import { toHookCard, checkMapping, loadHook } from "./hook.change.ts";
import { rollSecret, sealHookSecret, chooseSecret } from "./hook-secret.change.ts";
import { countHooks, guardHook, insertHook, listHooks, removeHook, updateHook } from "./hook.store.ts";
import { message } from "../../kernel/messages/message.ts";

const HOOKS_MAX = 100;

const list = endpoint(
  {
    method: "GET",
    path: "/v1/hooks",
    operationId: "listHooks",
    tag: "Hooks",
    right: "hook.view",
    status: 200,
    summary: "The account's inbound webhooks, oldest first.",
    query: z.strictObject(listQuery),
    answer: pageSchema(HookCard),
  },
  async (call) => {
    call.requireRight("hook.view");
    const { limit, cursor } = call.query();
    const { accountId, grantSet, memberId } = call.principal;
    const seen = accessFilter(grantSet, "hook.view");
    const everybody = seen.kind === "some" && seen.reach.all;
    const [rows] = await call.read(
      listHooks(call.db, accountId, everybody ? null : memberId, decodeCursor(cursor, z.string()), limit + 1),
    );
    return {
      status: 200,
      body: toPage(
        rows,
        limit,
        (row) => toHookCard(call, row),
        ({ id }) => id,
      ),
    };
  },
);

const create = endpoint(
  {
    method: "POST",
    path: "/v1/hooks",
    operationId: "createHook",
    tag: "Hooks",
    right: "hook.edit",
    status: 201,
    summary:
      "Make an inbound webhook of your own. What comes in through it may do what you may do at that moment.",
    body: NewHookBody,
    answer: CreatedHookCard,
    idempotency: "required",
    problems: ["conflict/state"],
  },
  async (call) => {
    const { accountId, memberId, ownAccount } = call.principal;
    const [[count]] = await call.read(countHooks(call.db, accountId));
    call.requireRight("hook.edit");
    if (accountId !== ownAccount.accountId)
      throw new Problem("access/denied", { detail: message("webhooks.makersAccount") });
    const id = newId("hook", call.now);
    const permit = requestPermit(call, { kind: "hook", hookId: id, doesMore: true });
    const { name, scheme, mapping, active, ...sent } = await call.body();
    const { secret, generated } = chooseSecret(scheme, sent);
    await checkMapping(call, scheme, mapping);
    if ((count?.count ?? 0) >= HOOKS_MAX)
      throw new Problem("conflict/state", { detail: message("webhooks.hooksMax", { max: HOOKS_MAX }) });
    const row: HookRow = {
      id,
      accountId,
      memberId,
      name,
      scheme,
      secret: await sealHookSecret(call, id, secret),
      secretAt: call.now,
      previousSecret: null,
      previousUntil: null,
      mapping,
      active,
      version: 1,
      lastRefusal: null,
      createdAt: call.now,
      updatedAt: call.now,
    };
    const card = toHookCard(call, row);
    return call.commit(
      {
        statements: insertHook(call.db, permit, row, HOOKS_MAX),
        events: [
          call.event("hook.edit", { type: "hook", id }, { changes: diffFields({}, hookAuditCard(card)) }),
        ],
      },
      {
        status: 201,
        body: { ...card, ...generated },
        replay: card,
        headers: { ETag: versionEtag(row.version), Location: `/v1/hooks/${id}` },
      },
    );
  },
);

const card = endpoint(
  {
    method: "GET",
    path: "/v1/hooks/:id",
    operationId: "getHook",
    tag: "Hooks",
    right: "hook.view",
    status: 200,
    summary: "An inbound webhook. Its secret is never shown.",
    answer: HookCard,
  },
  async (call) => {
    const { row } = await loadHook(call, "hook.view");
    return { status: 200, body: toHookCard(call, row), headers: { ETag: versionEtag(row.version) } };
  },
);

type Patch = z.infer<typeof HookPatch>;

/**
 * Its owner changes it. A member with authority over the owner may switch it off, or remove it.
 * @throws Problem access/denied
 */
function permitEdit(call: Call, row: HookRow, { name, mapping, active, secret, newSecret }: Patch): Permit {
  const asked = { mapping, secret, newSecret, active: active || undefined };
  const doesMore = Object.values(asked).some((value) => value !== undefined);
  const isOwner = row.memberId === call.principal.memberId;
  if (!isOwner && Object.values({ ...asked, name }).some((value) => value !== undefined)) {
    throw new Problem("access/denied", {
      detail: message("webhooks.ownerChanges"),
    });
  }
  return requestPermit(call, { kind: "hook", hookId: row.id, doesMore });
}

const edit = endpoint(
  {
    method: "PATCH",
    path: "/v1/hooks/:id",
    operationId: "updateHook",
    tag: "Hooks",
    right: "hook.edit",
    status: 200,
    summary:
      "Change your hook; or switch off that of a member over whom you have power. " +
      "The secret before a new one stays good for 24 hours.",
    body: HookPatch,
    answer: CreatedHookCard,
    ifMatch: "required",
  },
  async (call) => {
    const found = await loadHook(call, "hook.edit");
    const { row } = found;
    if (row.memberId !== call.principal.memberId)
      requireAuthorityToStop(call.principal, { ...found.owner, ...found });
    const patch = await call.body();
    call.ifMatch(row.version);
    const permit = permitEdit(call, row, patch);
    const { name = row.name, mapping, active = row.active, keepPrevious, ...sent } = patch;
    if (mapping !== undefined) await checkMapping(call, row.scheme, mapping);
    const rolled =
      sent.secret === undefined && sent.newSecret === undefined
        ? { made: {} }
        : await rollSecret(call, row, sent, keepPrevious);
    const { made, ...secrets } = rolled;
    const after: HookRow = nextVersion(
      row,
      { ...row, ...secrets, name, mapping: mapping ?? row.mapping, active },
      call.now,
    );
    const [was, is] = [toHookCard(call, row), toHookCard(call, after)];
    return call.commit(
      {
        statements: [guardHook(call.db, row), ...(after === row ? [] : [updateHook(call.db, permit, after)])],
        events:
          after === row
            ? []
            : [
                call.event(
                  "hook.edit",
                  { type: "hook", id: row.id },
                  { changes: diffFields(hookAuditCard(was), hookAuditCard(is)) },
                ),
              ],
      },
      { status: 200, body: { ...is, ...made }, headers: { ETag: versionEtag(after.version) } },
    );
  },
);

const remove = endpoint(
  {
    method: "DELETE",
    path: "/v1/hooks/:id",
    operationId: "deleteHook",
    tag: "Hooks",
    right: "hook.edit",
    status: 204,
    summary:
      "Remove a hook and the list of what came in through it: " +
      "your own, or that of a member over whom you have power.",
    ifMatch: "optional",
  },
  async (call) => {
    const found = await loadHook(call, "hook.edit");
    const { row } = found;
    if (row.memberId !== call.principal.memberId)
      requireAuthorityToStop(call.principal, { ...found.owner, ...found });
    call.ifMatch(row.version);
    return call.commit(
      {
        statements: [guardHook(call.db, row), removeHook(call.db, row)],
        events: [
          call.event(
            "hook.edit",
            { type: "hook", id: row.id },
            { changes: { before: hookAuditCard(toHookCard(call, row)), after: {} } },
          ),
        ],
      },
      { status: 204 },
    );
  },
);

export const hookEndpoints: readonly Endpoint[] = [list, create, card, edit, remove];
