import { type AccountKind, presetWithSwitches } from "../access/model.ts";
import type { Call } from "../gate/calls/call.ts";
import type { Principal } from "../gate/principals/principal.ts";
import { resolveSettings } from "../gate/principals/settings.ts";
import { newId } from "../kernel/id.ts";
import type { AccountRow } from "./account.card.ts";
import { findParent, guardAccount } from "./account.store.ts";
import { loadTenant } from "./tenant.load.ts";

/**
 * The call of a platform member as one that acts in the tenant that its path names, so that the platform
 * stops members by the same functions as the account's owner does. What it changes is in both trails, and
 * fails when the account changed meanwhile.
 * @param params what those functions find in the path instead
 * @throws Problem access/denied, not-found
 */
export async function loadTenantCall<Query>(
  call: Call<unknown, Query>,
  params: Call["params"],
): Promise<Call<unknown, Query>> {
  const [account, [parent]] = await loadTenant(call as Call, findParent(call.db, call.params["id"] ?? ""));
  const overrides: Partial<Call> = {
    params,
    principal: principalInTenant(call.principal, account, parent),
    event: (action, resource, more) => call.event(action, resource, { accountId: account.id, ...more }),
    commit: ({ statements, events, ...change }, answer) =>
      call.commit(
        {
          ...change,
          statements: [guardAccount(call.db, account), ...statements],
          events: events.flatMap((event) => [
            event,
            { ...event, id: newId("event", call.now), accountId: call.principal.accountId },
          ]),
        },
        answer,
      ),
  };
  return new Proxy(call, { get: (target, name) => overrideOf(overrides, name) ?? bindMethod(target, name) });
}

const overrideOf = (overrides: Partial<Call>, name: string | symbol): unknown =>
  overrides[name as keyof Call];

/** A method reads the private state of the call that it belongs to. */
function bindMethod(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name, target);
  return typeof value === "function" ? (value.bind(target) as unknown) : value;
}

/** The platform's rights, on that account and by its model. */
function principalInTenant(
  principal: Principal,
  account: AccountRow,
  parent: AccountRow | undefined,
): Principal {
  const { settings, switches } = resolveSettings(account, parent?.settings ?? null);
  const { id, kind, name, parentId, plan, subscription, ownerMemberId } = account;
  return {
    ...principal,
    accountId: id,
    preset: presetWithSwitches(kind, switches),
    switches,
    targetAccount: {
      ...principal.targetAccount,
      kind: kind as AccountKind,
      name,
      parentId,
      plan,
      subscription,
      ownerMemberId,
      settings,
    },
  };
}
