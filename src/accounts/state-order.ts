/** How far ahead of this gate's clock the time of a message may be. */
export const CLOCK_SKEW_MAX_MS = 5 * 60 * 1000;

/** What places a change among the changes of one state of an account. */
export type Moment =
  /** Milliseconds since the epoch. A time in whole seconds means any moment until `until`. */
  | { readonly kind: "time"; readonly at: number; readonly until: number }
  | { readonly kind: "sequence"; readonly sequence: number }
  /** By a member, or by a message without a time: it counts as of now and is never superseded. */
  | { readonly kind: "now" };

/** Of all changes that were applied to one state. */
export interface NewestChange {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The highest sequence number; null where no message carried one. */
  readonly sequence: number | null;
}

/**
 * Whether a change is older than the newest that was applied. Equal is not older: the later delivery wins.
 */
export function isOlder(moment: Moment, newest: NewestChange | undefined): boolean {
  if (newest === undefined) return false;
  switch (moment.kind) {
    case "now":
      return false;
    case "time":
      return moment.until < newest.at;
    case "sequence":
      return newest.sequence !== null && moment.sequence < newest.sequence;
  }
}

/**
 * The place that the change takes. A sequence number tells no time, so it counts as of its arrival for
 * messages that carry one.
 */
export const toNewestChange = (moment: Moment, now: number): NewestChange => ({
  at: moment.kind === "time" ? moment.at : now,
  sequence: moment.kind === "sequence" ? moment.sequence : null,
});
