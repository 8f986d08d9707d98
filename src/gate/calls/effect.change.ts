import type { AuditEvent } from "../../audit/chain/event.ts";
import type { Db, Statement } from "../../kernel/db.ts";
import { newId } from "../../kernel/id.ts";
import { endedBy, type StandingKey } from "../credentials/claim.ts";
import { endClaims, endKeys } from "../credentials/claim.store.ts";
import { endOfferTo } from "../credentials/ownership-offer.store.ts";
import { endSessionsOf } from "../credentials/session.store.ts";
import { type AddressEvent, BETWEEN, type Effects } from "../credentials/ways-in.ts";

/** The member whose address it is, with the keys that were read under the version that the batch guards. */
export interface Addressee {
  readonly id: string;
  readonly accountId: string;
  readonly keys: readonly StandingKey[];
}

interface Ended {
  readonly statements: readonly Statement[];
  readonly events: readonly AuditEvent[];
}

/**
 * What an event of the sign-in address ends, by the table: claims, keys and sessions of the member, each key
 * with a row of the trail. The member's version has to move in the same batch.
 * @param like the event itself, as the trail has it
 * @param except a session that goes on
 */
export function effectsOf(
  db: Db,
  event: AddressEvent,
  { id, accountId, keys }: Addressee,
  like: AuditEvent,
  except: string | null = null,
): Ended {
  const effects: Effects = BETWEEN[event];
  return {
    statements: [
      endClaims(db, BETWEEN[event].claim, id, like.at),
      ...(effects.keys === "end" ? [endKeys(db, id, like.at)] : []),
      ...(effects.offer === "end" ? [endOfferTo(db, id)] : []),
      ...(effects.sessions === "end" ? [endSessionsOf(db, id, except, like.at)] : []),
    ],
    events: endedBy(event, keys).map(([key, to]) => ({
      ...like,
      id: newId("event", like.at),
      accountId,
      action: "api_key.revoke",
      resource: { type: "api_key", id: key.id },
      changes: { before: { name: key.name, memberId: id, claim: key.claimState }, after: { claim: to } },
    })),
  };
}
