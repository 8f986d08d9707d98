const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;

/**
 * A name as it is seen: compatible forms are one, and characters that are not shown are gone. Case stays.
 */
export const canonicalName = (name: string): string =>
  name.normalize("NFKC").replaceAll(IGNORABLE, "").normalize("NFKC");
