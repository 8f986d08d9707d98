/** `not-found`, `license_key` and `licenseKey` as a component is called: `NotFound`, `LicenseKey`. */
export const pascalCase = (text: string): string =>
  text
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
