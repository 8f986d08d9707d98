import { diffFields } from "../../audit/chain/difference.ts";
import type { Call } from "../../gate/calls/call.ts";
import { nextVersion } from "../../kernel/version.ts";
import { fillDerivedColumns, auditCard } from "../../resources/resource.card.ts";
import { guardResource, UNIQUE_KEY_COLUMNS, updateResource } from "../../resources/resource.store.ts";
import type { StoredType } from "../../resources/resource-type.ts";
import { licenseResourceType } from "../../resources/types/license.ts";
import type { ResourceRow } from "../../kernel/schema/resource.ts";

export const storedLicense = licenseResourceType.stored as StoredType;

/** A license with another status or domain: its next row, and the change with its event. */
export function prepareLicenseChange(
  call: Call,
  right: "license.provision" | "license.revoke",
  row: ResourceRow,
  status: string,
  domain: string | null,
) {
  const after = nextVersion(
    row,
    fillDerivedColumns(storedLicense, { ...row, status, attributes: { ...row.attributes, domain } }),
    call.now,
  );
  const event = call.event(
    right,
    { type: licenseResourceType.name, id: row.id },
    { changes: diffFields(auditCard(storedLicense, row), auditCard(storedLicense, after)) },
  );
  return {
    after,
    change: {
      statements: [guardResource(call.db, row), updateResource(call.db, after)],
      events: [event],
      duplicateProblems: { [UNIQUE_KEY_COLUMNS]: "conflict/duplicate" as const },
    },
  };
}
