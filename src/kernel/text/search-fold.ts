/** Marks above, below or through a letter. Vowels of other scripts are letters, and so is the Russian й. */
const MARKS =
  /(?<!и)\u0306|[\u0300-\u0305\u0307-\u036F\u1AB0-\u1AFF\u1DC0-\u1DFF\u20D0-\u20FF\uFE20-\uFE2F]/g;

/**
 * A name as it is searched and sorted by: case, accents, compatible forms, and the Russian ё for е make no
 * difference. The database folds ASCII only.
 */
export const foldForSearch = (text: string): string =>
  text.normalize("NFKD").toLowerCase().normalize("NFKD").replaceAll(MARKS, "").normalize("NFC");
