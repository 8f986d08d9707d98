import { areNamesAlike } from "../kernel/text/look-alike.ts";
import { ROLE_TEXTS } from "./role-text.ts";

/**
 * Taken in every account of every model: the names of the owner, of the operator of the deployment, and of
 * the group that holds everything.
 */
const RESERVED_EVERYWHERE: readonly string[] = [
  ...[ROLE_TEXTS["operators"]?.["owner"], ROLE_TEXTS["platform"]?.["owner"]].flatMap((described) =>
    Object.values(described?.name ?? {}),
  ),
  "All",
  "Все",
];

/** Names that roles of the model have, of all levels and in every language, with their keys. */
const roleNamesOf = (model: string): string[] =>
  Object.entries(ROLE_TEXTS[model] ?? {}).flatMap(([key, { name }]) => [key, ...Object.values(name)]);

/** Could a reader mistake the name of an account's own role or group for one of the model's? */
export const isReservedName = (model: string, name: string): boolean =>
  [...RESERVED_EVERYWHERE, ...roleNamesOf(model)].some((taken) => areNamesAlike(taken, name));
