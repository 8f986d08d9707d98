/** Does no name stand twice? */
export const isDistinct = (names: readonly string[]): boolean => new Set(names).size === names.length;
