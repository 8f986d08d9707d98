import type { TypeTable } from "../access/resource-type.ts";
import { accessTokenType } from "./types/access-token.ts";
import { aggregatorLicenseType } from "./types/aggregator-license.ts";
import { analyticsType } from "./types/analytics.ts";
import { billingType } from "./types/billing.ts";
import { catalogType } from "./types/catalog.ts";
import { corporationType } from "./types/corporation.ts";
import { cpqType } from "./types/cpq.ts";
import { customerType } from "./types/customer.ts";
import { dataObjectType } from "./types/data-object.ts";
import { formType } from "./types/form.ts";
import { invoiceType } from "./types/invoice.ts";
import { dealerKeyType } from "./types/key.ts";
import { licenseResourceType } from "./types/license.ts";
import { licenseKeyType } from "./types/license-key.ts";
import { machineCodeType } from "./types/machine-code.ts";
import { markupType } from "./types/markup.ts";
import { objectType } from "./types/object.ts";
import { objectGroupType } from "./types/object-group.ts";
import { organizationType } from "./types/organization.ts";
import { productType } from "./types/product.ts";
import { requestType } from "./types/request.ts";
import { sosLicenseType } from "./types/sos-license.ts";
import { subscriptionType } from "./types/subscription.ts";
import { taskType } from "./types/task.ts";
import { themeType } from "./types/theme.ts";
import { toolType } from "./types/tool.ts";
import type { ResourceType } from "./resource-type.ts";

/** Every resource type. A new one is its own file and a line here. */
export const RESOURCE_TYPES: readonly ResourceType[] = [
  productType,
  licenseKeyType,
  machineCodeType,
  dataObjectType,
  customerType,
  accessTokenType,
  analyticsType,
  billingType,
  invoiceType,
  organizationType,
  subscriptionType,
  markupType,
  cpqType,
  formType,
  catalogType,
  themeType,
  licenseResourceType,
  toolType,
  taskType,
  objectType,
  corporationType,
  objectGroupType,
  dealerKeyType,
  requestType,
  sosLicenseType,
  aggregatorLicenseType,
];

/** What the compiler of grant sets and the validation of grants read. */
export const TYPE_TABLE: TypeTable = new Map(RESOURCE_TYPES.map((type) => [type.name, type]));
