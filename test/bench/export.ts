import type { Edge } from "../harness/edge.ts";
import { MEMBERS } from "./member-list.ts";
import { median, perSecond } from "./figure.ts";
import type { ListCall } from "./resource-list.ts";

const ROUNDS = 5;

/** A full user book as a workbook, from the question to its last byte. */
export async function printExport(edge: Edge, { path, apiKey }: ListCall): Promise<void> {
  const rates: number[] = [];
  let bytes = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    const answer = await edge.fetch(0, path.replace("/v1/members", "/v1/members/export.xlsx"), {
      headers: { authorization: `Bearer ${apiKey}` },
    });
    bytes = (await answer.arrayBuffer()).byteLength;
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`);
    rates.push(perSecond(MEMBERS, performance.now() - start));
  }
  console.log(
    `\nExcel: ${MEMBERS} members in ${Math.round(bytes / 1024)} KiB ` +
      `at ${median(rates).toFixed(0)} rows a second, median of ${ROUNDS}; ` +
      "one page of them is in memory at a time.",
  );
}
