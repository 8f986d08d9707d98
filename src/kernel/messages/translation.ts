/** A limit as the validation names it: JSON has no bigint and no date. */
export type Limit = number | string;

/** The same texts in another language: all of them, each with the same values. */
export type Translation<English> = {
  readonly [Name in keyof English]: English[Name] extends string ? string : English[Name];
};
