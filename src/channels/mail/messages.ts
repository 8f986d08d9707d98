import type { MailContent, Template } from "./mail-message.ts";

/** What a mail says, in one language. Nothing here is escaped: the layout does that, for every part alike. */
export interface MailText {
  readonly subject: string;
  readonly greeting: string;
  readonly lines: readonly string[];
  /** Label and value, shown as a small table. */
  readonly facts: readonly (readonly [label: string, value: string])[];
  /** The label of the link's button; null without a link. */
  readonly action: string | null;
  /** Shown small: what to do if it was not you, and how long it is good for. */
  readonly after: readonly string[];
}

/** The words around those of one mail. */
export interface FrameText {
  readonly code: string;
  /** Before the link as text, for readers who cannot press the button. */
  readonly link: string;
  readonly footer: string;
  readonly unsubscribe: string;
}

/** Writes the mails of one template. */
export type MailWriter<T extends Template> = (letter: MailContent & { readonly template: T }) => MailText;

export interface MailLanguage {
  readonly frame: FrameText;
  readonly templates: { readonly [T in Template]: MailWriter<T> };
}

const MOMENT: Intl.DateTimeFormatOptions = {
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hour12: false,
  timeZone: "UTC",
};

/**
 * A moment as a person reads it, in UTC because the reader's time zone is unknown.
 * @param at milliseconds since the epoch
 */
export const formatMoment = (locale: string, at: number): string =>
  `${new Intl.DateTimeFormat(locale, MOMENT).format(at)} UTC`;
