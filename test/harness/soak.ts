/**
 * Whether tests run in their long form: `npm run test:soak`. Everything is asked by both forms; the long one
 * asks it more often.
 */
export const isSoak = (process.env["SOAK"] ?? "") !== "";
