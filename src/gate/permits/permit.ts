import type { AssignmentFault } from "../../access/assignment.ts";
import type { AccessChange } from "./access-change.ts";
import { type Authority, isPlatformInTenant } from "../principals/authority.ts";
import { findPermitFault } from "./permit-fault.ts";
import type { Principal } from "../principals/principal.ts";

/**
 * Proof that a change of access was allowed. Each store that writes access demands one for the row that it
 * writes; only this file makes them.
 */
export class Permit {
  readonly #subjects: readonly string[];

  constructor(subjects: readonly string[]) {
    this.#subjects = subjects;
  }

  /** @throws Error when the permit was given for another row: a bug */
  requireFor(id: string): void {
    if (!this.#subjects.includes(id)) throw new Error("this permit is for another row");
  }
}

/** The rows that a change writes. */
function subjectsOf(change: AccessChange): string[] {
  switch (change.kind) {
    case "member":
    case "entry":
    case "key":
    case "ownership":
      return [change.memberId];
    case "role":
      return [change.roleId];
    case "hook":
      return [change.hookId];
    case "account":
      return [change.accountId, change.ownerId];
    case "object":
      return [change.id];
    case "settings":
      return [change.accountId];
  }
}

/** May this principal make this change? */
export function decidePermit(
  principal: Principal,
  change: AccessChange,
  asked: Authority,
): Permit | AssignmentFault {
  const authority = isPlatformInTenant(principal) ? "platform" : asked;
  return findPermitFault(principal, change, authority) ?? new Permit(subjectsOf(change));
}
