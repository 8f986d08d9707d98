import type { Env } from "../env.ts";
import type { AccountObject } from "./account.object.ts";

/** The object of an account. The only place that says what class the binding holds. */
export const accountObjectOf = (env: Env, accountId: string): DurableObjectStub<AccountObject> =>
  (env.ACCOUNTS as DurableObjectNamespace<AccountObject>).getByName(accountId);
