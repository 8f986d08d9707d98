import { pascalCase } from "../kernel/text/pascal-case.ts";
import type { ResourceType } from "./resource-type.ts";

type Named = Pick<ResourceType, "name" | "noun">;

/** What one object of the type is called in a sentence: "license key". */
const nounOf = ({ name, noun }: Named): string => noun ?? name.replaceAll("_", " ");

/** The same with its article: "an invoice". */
export function oneOf(type: Named): string {
  const noun = nounOf(type);
  return `${/^(?:[aeio]|SOS)/.test(noun) ? "an" : "a"} ${noun}`;
}

/** Several of them: "license keys". */
export const severalOf = (type: Named): string => `${nounOf(type)}s`;

/** What its card is called among the components of the description: `LicenseKey`. */
export const modelOf = (type: Named): string => pascalCase(nounOf(type).toLowerCase());
