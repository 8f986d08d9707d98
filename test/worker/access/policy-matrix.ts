import { expect } from "vitest";
import type { Problem, Reply } from "../../harness/client.ts";

/**
 * What a cell of the policy says: allowed, refused, or not there at all; 422 is a role that is unknown there.
 */
export type ExpectedAnswer = "yes" | 403 | 404 | 422;

export interface CellCheck {
  /** Role, right and whose row, as the table of the policy names them. */
  readonly cell: string;
  readonly expected: ExpectedAnswer;
  readonly ask: () => Promise<Reply<unknown>>;
}

/** Allowed is a success; a refusal is 403 or 404; anything else is no answer to the question. */
const answerOf = ({ status, body }: Reply<unknown>): ExpectedAnswer | string => {
  if (status < 300) return "yes";
  if (status === 403 || status === 404) return status;
  return status === 422 && (body as Problem).errors?.every(({ pointer }) => pointer.startsWith("/roles/"))
    ? 422
    : `${status} ${JSON.stringify(body).slice(0, 200)}`;
};

/**
 * Asks every cell over HTTP, prints how many there were, and fails with the list of those that answer
 * otherwise.
 */
export async function compareCells(title: string, cells: readonly CellCheck[]): Promise<void> {
  const wrong: string[] = [];
  for (const { cell, expected, ask } of cells) {
    const answer = answerOf(await ask());
    if (answer !== expected) wrong.push(`${cell}: the policy says ${expected}, HTTP says ${answer}`);
  }
  console.info(`${title}: ${cells.length} cells`);
  expect(wrong).toEqual([]);
  expect(cells.length).toBeGreaterThan(0);
}
