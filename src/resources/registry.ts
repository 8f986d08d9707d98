import type { TypeTable } from "../access/type.ts";
import { accessToken } from "./types/access-token.ts";
import { analytics } from "./types/analytics.ts";
import { billing } from "./types/billing.ts";
import { catalog } from "./types/catalog.ts";
import { customer } from "./types/customer.ts";
import { dataObject } from "./types/data-object.ts";
import { invoice } from "./types/invoice.ts";
import { licenseKey } from "./types/license-key.ts";
import { machineCode } from "./types/machine-code.ts";
import { product } from "./types/product.ts";
import { task } from "./types/task.ts";
import { theme } from "./types/theme.ts";
import { tool } from "./types/tool.ts";
import type { ResourceType } from "./type.ts";

/** Every resource type. A new one is its own file and a line here. */
export const RESOURCE_TYPES: readonly ResourceType[] = [
  product, licenseKey, machineCode, dataObject, customer, accessToken, analytics, billing, invoice,
  catalog, theme, tool, task,
];

/** What the compiler of grant sets and the validation of grants read. */
export const TYPE_TABLE: TypeTable = new Map(RESOURCE_TYPES.map((type) => [type.name, type]));
