import type { AuditEvent } from "../../audit/chain/event.ts";
import type { Db, Statement } from "../../kernel/db.ts";
import { newId } from "../../kernel/id.ts";
import { endedKeysOf, type UnrevokedKey } from "../credentials/claim.ts";
import { endClaims, endKeys } from "../credentials/claim.store.ts";
import { endOfferTo } from "../credentials/ownership-offer.store.ts";
import { endSessionsOf } from "../credentials/session.store.ts";
import { type AddressEvent, ADDRESS_EFFECTS, type Effects } from "../credentials/state-machine.ts";

/** The member whose address it is, with the keys that were read under the version that the batch guards. */
export interface AddressedMember {
  readonly id: string;
  readonly accountId: string;
  readonly keys: readonly UnrevokedKey[];
}

interface EndedCredentials {
  readonly statements: readonly Statement[];
  readonly events: readonly AuditEvent[];
}

/**
 * What an event of the sign-in address ends, by the table: claims, keys and sessions of the member, each key
 * with a row of the trail. The member's version has to move in the same batch.
 * @param templateEvent the event itself, as the trail has it
 * @param except a session that goes on
 */
export function addressEventEffects(
  db: Db,
  event: AddressEvent,
  { id, accountId, keys }: AddressedMember,
  templateEvent: AuditEvent,
  except: string | null = null,
): EndedCredentials {
  const effects: Effects = ADDRESS_EFFECTS[event];
  return {
    statements: [
      endClaims(db, ADDRESS_EFFECTS[event].claim, id, templateEvent.at),
      ...(effects.keys === "end" ? [endKeys(db, id, templateEvent.at)] : []),
      ...(effects.offer === "end" ? [endOfferTo(db, id)] : []),
      ...(effects.sessions === "end" ? [endSessionsOf(db, id, except, templateEvent.at)] : []),
    ],
    events: endedKeysOf(event, keys).map(([key, to]) => ({
      ...templateEvent,
      id: newId("event", templateEvent.at),
      accountId,
      action: "api_key.revoke",
      resource: { type: "api_key", id: key.id },
      changes: { before: { name: key.name, memberId: id, claim: key.claimState }, after: { claim: to } },
    })),
  };
}
