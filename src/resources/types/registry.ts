import { accessTokenType } from "./access-token.ts";
import { aggregatorLicenseType } from "./aggregator-license.ts";
import { analyticsType } from "./analytics.ts";
import { dealerArea, reportArea, subdealerArea } from "./area.ts";
import { billingType } from "./billing.ts";
import { catalogType } from "./catalog.ts";
import { corporationType } from "./corporation.ts";
import { cpqType } from "./cpq.ts";
import { customerType } from "./customer.ts";
import { dataObjectType } from "./data-object.ts";
import { formType } from "./form.ts";
import { invoiceType } from "./invoice.ts";
import { dealerKeyType } from "./key.ts";
import { licenseKeyType } from "./license-key.ts";
import { licenseResourceType } from "./license.ts";
import { machineCodeType } from "./machine-code.ts";
import { markupType } from "./markup.ts";
import { objectGroupType } from "./object-group.ts";
import { objectType } from "./object.ts";
import { organizationType } from "./organization.ts";
import { productType } from "./product.ts";
import { requestType } from "./request.ts";
import { sosLicenseType } from "./sos-license.ts";
import { subscriptionType } from "./subscription.ts";
import { taskType } from "./task.ts";
import { themeType } from "./theme.ts";
import { toolType } from "./tool.ts";

/** Every resource type and every other area of rights, in the order in which lists show their rights. */
export const AREAS = [
  productType,
  licenseKeyType,
  machineCodeType,
  dataObjectType,
  customerType,
  accessTokenType,
  analyticsType,
  billingType,
  invoiceType,
  catalogType,
  themeType,
  licenseResourceType,
  reportArea,
  organizationType,
  subscriptionType,
  markupType,
  cpqType,
  formType,
  objectType,
  corporationType,
  objectGroupType,
  dealerKeyType,
  requestType,
  sosLicenseType,
  dealerArea,
  subdealerArea,
  aggregatorLicenseType,
  toolType,
  taskType,
] as const;

type DeclaredType = Extract<(typeof AREAS)[number], { readonly stored: unknown }>;

export const DECLARED_TYPES = AREAS.filter((area): area is DeclaredType => "stored" in area);

/** What the ids of a type begin with, by the name of the type. */
export const idPrefixOf = (name: string | undefined): string =>
  DECLARED_TYPES.find((type) => type.name === name)?.stored?.idPrefix ?? "";
