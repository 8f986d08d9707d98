import type { TypeTable } from "../access/resource-type.ts";
import { accessToken } from "./types/access-token.ts";
import { aggregatorLicense } from "./types/aggregator-license.ts";
import { analytics } from "./types/analytics.ts";
import { billing } from "./types/billing.ts";
import { catalog } from "./types/catalog.ts";
import { corporation } from "./types/corporation.ts";
import { cpq } from "./types/cpq.ts";
import { customer } from "./types/customer.ts";
import { dataObject } from "./types/data-object.ts";
import { form } from "./types/form.ts";
import { invoice } from "./types/invoice.ts";
import { key } from "./types/key.ts";
import { license } from "./types/license.ts";
import { licenseKey } from "./types/license-key.ts";
import { machineCode } from "./types/machine-code.ts";
import { markup } from "./types/markup.ts";
import { object } from "./types/object.ts";
import { objectGroup } from "./types/object-group.ts";
import { organization } from "./types/organization.ts";
import { product } from "./types/product.ts";
import { request } from "./types/request.ts";
import { sosLicense } from "./types/sos-license.ts";
import { subscription } from "./types/subscription.ts";
import { task } from "./types/task.ts";
import { theme } from "./types/theme.ts";
import { tool } from "./types/tool.ts";
import type { ResourceType } from "./type.ts";

/** Every resource type. A new one is its own file and a line here. */
export const RESOURCE_TYPES: readonly ResourceType[] = [
  product,
  licenseKey,
  machineCode,
  dataObject,
  customer,
  accessToken,
  analytics,
  billing,
  invoice,
  organization,
  subscription,
  markup,
  cpq,
  form,
  catalog,
  theme,
  license,
  tool,
  task,
  object,
  corporation,
  objectGroup,
  key,
  request,
  sosLicense,
  aggregatorLicense,
];

/** What the compiler of grant sets and the validation of grants read. */
export const TYPE_TABLE: TypeTable = new Map(RESOURCE_TYPES.map((type) => [type.name, type]));
