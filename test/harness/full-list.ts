import { type Api, expectStatus, type Reply } from "./client.ts";

interface Page<Row> {
  readonly data: readonly Row[];
  readonly nextCursor: string | null;
}

/** Every row of a list, page by page. @param path with at least one parameter */
export async function readAllPages<Row>(caller: Api, path: string): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: Page<Row> = expectStatus(
      await caller.get<Page<Row>>(`${path}${cursor === "" ? "" : `&cursor=${cursor}`}`),
      200,
    ).body;
    rows.push(...page.data);
    cursor = page.nextCursor;
  }
  return rows;
}

/** Every fault of the chain, from its first row to its head; a long chain is verified in several calls. */
export async function findChainFaults(owner: Api): Promise<unknown[]> {
  interface Verification {
    readonly ok: boolean;
    readonly complete: boolean;
    readonly firstFault: unknown;
    readonly nextCursor: string | null;
  }
  let cursor = "";
  for (;;) {
    const { body }: Reply<Verification> = expectStatus(
      await owner.get<Verification>(`/v1/audit/verify${cursor}`),
      200,
    );
    if (!body.ok) return [body.firstFault];
    if (body.complete || body.nextCursor === null) return [];
    cursor = `?cursor=${body.nextCursor}`;
  }
}

/** Says a figure of a test beside its result. */
export const printFigure = (text: string): void => console.info(text);
