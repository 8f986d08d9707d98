import { z } from "zod";
import type { SealedRow } from "../chain/chain.ts";
import { auditPageFields, AuditRow, auditRow, maskForReader, type RowReader } from "./audit-row.card.ts";

/** The query of a list that shows on demand what the hashes cover. */
export const sealedQuery = {
  sealed: z
    .enum(["true", "false"])
    .default("false")
    .describe("With each row, what its hash covers: enough to recompute the chain."),
};

/** What the hash of a row covers, for a reader who recomputes the chain. */
const SealedText = z.object({
  body: z.string().describe("Canonical JSON, with a digest in the place of each personal value."),
  personal: z
    .record(z.string(), z.array(z.unknown()).nullable())
    .describe("Salt and value, by JSON pointer into the body. Null: erased, or hidden from the reader."),
});

const SealedAuditRow = AuditRow.extend({
  sealed: SealedText.nullable()
    .optional()
    .describe("With `sealed=true`. Null where the reader may not see all that the hash covers."),
}).meta({ id: "SealedAuditEvent", extends: "AuditEvent" });

export const SealedAuditPage = z.object(auditPageFields(SealedAuditRow)).meta({ id: "SealedAuditEventPage" });

/** A row as its reader may see it. @param withSealed whether the reader asks for what the hash covers */
export const sealedAuditRow = (row: SealedRow, reader: RowReader, withSealed: boolean) => ({
  ...auditRow(row, reader),
  ...(withSealed ? { sealed: sealedText(row, reader) } : {}),
});

/** A part of a body has no hash, so a body that is not shown whole is not shown here. */
function sealedText(row: SealedRow, reader: RowReader): z.infer<typeof SealedText> | null {
  const { body, personal } = maskForReader(row, reader);
  return body === row.body ? { body, personal } : null;
}
