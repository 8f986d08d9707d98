import type { Call, Results } from "../../gate/calls/call.ts";
import type { Statement } from "../../kernel/db.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { ResourceRow } from "../../kernel/schema/resource.ts";
import { ownerAccountIdOfType, NO_OBJECT } from "../../resources/object-reference.load.ts";
import { toResourceRef } from "../../resources/resource.card.ts";
import { findResource } from "../../resources/resource.store.ts";

/**
 * One guarded read of a theme in the catalog that the caller sees, together with other statements.
 * @throws Problem not-found when the theme is missing or the caller may not see it
 */
export async function loadTheme<const T extends readonly Statement[]>(
  call: Call,
  ...statements: T
): Promise<[ResourceRow, ...Results<T>]> {
  const theme = findResource(
    call.db,
    ownerAccountIdOfType(call.principal, "catalog"),
    "catalog",
    call.params["id"] ?? "",
  );
  const [[row], ...rest] = (await call.read(theme, ...statements)) as unknown as [
    ResourceRow[],
    ...Results<T>,
  ];
  call.requireRight("catalog.view", row === undefined ? NO_OBJECT : toResourceRef(row), true);
  if (row === undefined) throw new Problem("not-found");
  return [row, ...rest];
}
