import { diffFields } from "../../audit/chain/difference.ts";
import type { Call } from "../../gate/calls/call.ts";
import { nextVersion } from "../../kernel/version.ts";
import { completeRow, trailCard } from "../../resources/resource.card.ts";
import { guardResource, UNIQUE_KEY, updateResource } from "../../resources/resource.store.ts";
import type { StoredType } from "../../resources/type.ts";
import { license } from "../../resources/types/license.ts";
import type { ResourceRow } from "../../kernel/schema/resource.ts";

export const stored = license.stored as StoredType;

/** A license with another status or domain: its next row, and the change with its event. */
export function changed(
  call: Call,
  right: "license.provision" | "license.revoke",
  row: ResourceRow,
  status: string,
  domain: string | null,
) {
  const after = nextVersion(
    row,
    completeRow(stored, { ...row, status, attributes: { ...row.attributes, domain } }),
    call.now,
  );
  const event = call.event(
    right,
    { type: license.name, id: row.id },
    { changes: diffFields(trailCard(stored, row), trailCard(stored, after)) },
  );
  return {
    after,
    change: {
      statements: [guardResource(call.db, row), updateResource(call.db, after)],
      events: [event],
      duplicateProblems: { [UNIQUE_KEY]: "conflict/duplicate" as const },
    },
  };
}
