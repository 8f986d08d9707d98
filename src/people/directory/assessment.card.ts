import { z } from "zod";
import { singleLineText } from "../../kernel/http/body.ts";
import { iso } from "../../kernel/clock.ts";
import { invalidParameter } from "../../kernel/http/problem.ts";
import { message } from "../../kernel/messages/message.ts";

const [YEAR_MIN, YEAR_MAX] = [2000, 2100];

export const NewAssessmentBody = z
  .strictObject({
    result: singleLineText(500).describe("Such as a grade or a score."),
  })
  .meta({ id: "NewAssessment" });

export const AssessmentCard = z
  .object({
    year: z.int(),
    result: z.string(),
    at: z.string().describe("When it was written."),
  })
  .meta({ id: "Assessment" });

export const assessmentCard = ({
  year,
  result,
  at,
}: {
  readonly year: number;
  readonly result: string;
  readonly at: number;
}): z.infer<typeof AssessmentCard> => ({ year, result, at: iso(at) });

/** @throws Problem validation */
export function parseYear(text: string): number {
  const year = /^\d{4}$/.test(text) ? Number(text) : 0;
  if (year < YEAR_MIN || year > YEAR_MAX)
    throw invalidParameter("year", message("validation.yearRange", { min: YEAR_MIN, max: YEAR_MAX }));
  return year;
}
