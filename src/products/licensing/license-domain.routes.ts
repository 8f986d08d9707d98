import { z } from "zod";
import { type Call, type Change, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import { parseHostName } from "../../kernel/text/host-name.ts";
import { invalidField, Problem } from "../../kernel/http/problem.ts";
import { cardSchema, toResourceRef, resourceCard } from "../../resources/resource.card.ts";
import { loadResource } from "../../resources/resource.routes.ts";
import { findByUniqueKey } from "../../resources/resource.store.ts";
import { licenseResourceType } from "../../resources/types/license.ts";
import type { ResourceRow } from "../../kernel/schema/resource.ts";
import { prepareLicenseChange, storedLicense } from "./license.change.ts";
import { message } from "../../kernel/messages/message.ts";

const hasExpired = ({ expiresAt }: ResourceRow, now: number): boolean =>
  expiresAt !== null && expiresAt <= now;

/**
 * An expired license keeps its domain until another license of the theme is bound to it. This is the change
 * that frees the domain.
 */
async function prepareDomainRelease(
  call: Call,
  { id, uniqueKey }: ResourceRow,
): Promise<Pick<Change, "statements" | "events">> {
  const [boundLicense] =
    uniqueKey === null
      ? []
      : (
          await call.read(
            findByUniqueKey(call.db, call.principal.accountId, licenseResourceType.name, uniqueKey),
          )
        )[0];
  if (boundLicense === undefined || boundLicense.id === id || !hasExpired(boundLicense, call.now))
    return { statements: [], events: [] };
  return prepareLicenseChange(call, "license.provision", boundLicense, boundLicense.status, null).change;
}

const bind = endpoint(
  {
    method: "PUT",
    path: "/v1/licenses/:id/domain",
    operationId: "setLicenseDomain",
    tag: licenseResourceType.title,
    right: "license.provision",
    status: 200,
    summary: "Bind a license to a domain, or to none. One's own; those who may revoke licenses, anyone's.",
    body: z.strictObject({ domain: z.string().max(260).nullable() }).meta({ id: "LicenseDomain" }),
    answer: cardSchema(licenseResourceType, storedLicense),
    ifMatch: "optional",
    problems: ["conflict/state", "conflict/duplicate"],
  },
  async (call) => {
    const { row } = await loadResource(call, licenseResourceType, "view");
    call.requireRight(
      row.ownerId === call.principal.memberId ? "license.provision" : "license.revoke",
      toResourceRef(row),
    );
    const { domain } = await call.body();
    call.ifMatch(row.version);
    const host = domain === null ? null : parseHostName(domain);
    if (domain !== null && host === null) throw invalidField("/domain", message("products.hostName"));
    if (row.status !== "active")
      throw new Problem("conflict/state", {
        detail: message("products.licenseStatus", { status: row.status }),
      });
    if (host !== null && hasExpired(row, call.now))
      throw new Problem("conflict/state", {
        detail: message("products.licenseExpired"),
      });
    const { after, change } = prepareLicenseChange(call, "license.provision", row, row.status, host);
    const answer = {
      status: 200,
      body: resourceCard(storedLicense, after),
      headers: { ETag: versionEtag(after.version) },
    };
    if (after === row) return answer;
    const freed = await prepareDomainRelease(call, after);
    return call.commit(
      {
        ...change,
        statements: [...freed.statements, ...change.statements],
        events: [...freed.events, ...change.events],
      },
      answer,
    );
  },
);

export const licenseDomainEndpoints: readonly Endpoint[] = [bind];
