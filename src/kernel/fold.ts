/** A name as it is searched and sorted by: case and compatible forms make no difference. The database folds ASCII only. */
export const fold = (text: string): string => text.normalize("NFKC").toLowerCase();
