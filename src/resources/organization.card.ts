import { z } from "zod";
import type { ResourceRef } from "../access/decision.ts";
import { type AccountRow, NewAccountFields, FirstOwnerBody, ProfileBody } from "../accounts/account.card.ts";
import { displayName } from "../kernel/http/body.ts";
import { iso } from "../kernel/clock.ts";

/** An account below as an object: what decides whether a member reaches it. */
export const organizationRef = ({ id, parentId }: Pick<AccountRow, "id" | "parentId">): ResourceRef => ({
  id,
  rootId: parentId,
  ownerId: null,
  groupId: null,
  status: "active",
});

export const OrganizationCard = z
  .object({
    id: z.string().describe("Send it as Tollgate-Account to act in the organization."),
    kind: z.string(),
    name: z.string(),
    ownerMemberId: z.string(),
    profile: ProfileBody,
    createdAt: z.string(),
    updatedAt: z.string(),
    version: z.int(),
  })
  .meta({ id: "Organization" });

export const CreatedOrganizationCard = OrganizationCard.extend(NewAccountFields).meta({
  id: "CreatedOrganization",
  extends: "Organization",
});
export const NewOrganizationBody = z
  .strictObject({
    name: displayName(200),
    owner: FirstOwnerBody,
    profile: ProfileBody.default({}),
  })
  .meta({ id: "NewOrganization" });
export const OrganizationPatch = z
  .strictObject({
    name: displayName(200).optional(),
    profile: ProfileBody.optional(),
  })
  .meta({ id: "OrganizationPatch" });

/** Plan, settings and address rules are the organization's own, at /v1/accounts. */
export const organizationCard = (row: AccountRow) => ({
  id: row.id,
  kind: row.kind,
  name: row.name,
  ownerMemberId: row.ownerMemberId,
  profile: row.profile,
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
  version: row.version,
});
