import type { Assignment } from "../../access/assignment.ts";
import type { MemberAccess } from "./access-gain.ts";
import type { Holdings } from "../principals/holdings.ts";
import type { KeyRestriction } from "../credentials/key-restriction.ts";

export type RoleContent = Pick<Assignment, "rights" | "grants">;

/**
 * A change of what a member may do. `asked`: what the caller named, in the order in which faults point at it.
 */
export type AccessChange =
  /** A member who is there. */
  | {
      readonly kind: "member";
      readonly memberId: string;
      readonly before: MemberAccess;
      readonly after: MemberAccess;
      readonly asked: Assignment;
    }
  /** A way in as a new member: an invitation, a link. */
  | { readonly kind: "entry"; readonly memberId: string; readonly access: MemberAccess }
  /** An API key, or the claim that one is made by. */
  | {
      readonly kind: "key";
      readonly memberId: string;
      readonly holdings: Holdings;
      readonly terms: KeyRestriction;
    }
  /** A custom role: everyone who has it is concerned. */
  | {
      readonly kind: "role";
      readonly roleId: string;
      readonly before: RoleContent;
      readonly after: RoleContent;
    }
  /** Its messages act with all that its owner has. Switched off or renamed, it does no more than before. */
  | { readonly kind: "hook"; readonly hookId: string; readonly doesMore: boolean }
  /** A new account, and the way in of its owner. */
  | {
      readonly kind: "account";
      readonly accountId: string;
      readonly ownerId: string;
      readonly topRole: string;
    }
  /** Another owner of an account: by the offer of the present one, or by the platform. */
  | { readonly kind: "ownership"; readonly memberId: string }
  /**
   * Rules of an account that held members back: where they call from, whom they add, which keys they make.
   */
  | { readonly kind: "settings"; readonly accountId: string; readonly loosens: boolean }
  /** Objects that other members come to reach: another owner, another group. */
  | { readonly kind: "object"; readonly id: string };
