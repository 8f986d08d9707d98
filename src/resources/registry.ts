import type { TypeTable } from "../access/type.ts";
import { accessToken } from "./access-token.ts";
import { analytics } from "./analytics.ts";
import { billing } from "./billing.ts";
import { customer } from "./customer.ts";
import { dataObject } from "./data-object.ts";
import { licenseKey } from "./license-key.ts";
import { machineCode } from "./machine-code.ts";
import { product } from "./product.ts";
import type { ResourceType } from "./type.ts";

/** Every resource type. A new one is its own file and a line here. */
export const RESOURCE_TYPES: readonly ResourceType[] = [
  product, licenseKey, machineCode, dataObject, customer, accessToken, analytics, billing,
];

/** What the compiler of grant sets and the validation of grants read. */
export const TYPE_TABLE: TypeTable = new Map(RESOURCE_TYPES.map((type) => [type.name, type]));
