import { type Message, type MessageKey, message, type ValuesOf } from "./message.ts";

/**
 * The text of a rule in a schema. The validation library takes and returns strings only, so the message is
 * written as one. `messageOfRule` reads it back.
 */
export const ruleText = <Key extends MessageKey>(key: Key, ...values: ValuesOf<Key>): string =>
  JSON.stringify(message(key, ...values));

const START = '{"key":"';

/** The message of a rule; null for a text that the validation library made itself. */
export const messageOfRule = (text: string): Message | null =>
  text.startsWith(START) ? (JSON.parse(text) as Message) : null;
