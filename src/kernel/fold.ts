/** A name as it is searched and sorted by: case, compatible forms, and the Russian ё for е make no difference. The database folds ASCII only. */
export const fold = (text: string): string => text.normalize("NFKC").toLowerCase().replaceAll("ё", "е");
