import { z } from "zod";
import { Problem, type ProblemCode, PROBLEMS } from "../../kernel/http/problem.ts";
import { type MessageLanguage, problemTexts } from "../../kernel/messages/message.ts";
import { openEndpoint } from "../calls/call.ts";

const Entry = z
  .object({ code: z.string(), status: z.number(), title: z.string(), detail: z.string() })
  .meta({ id: "ProblemCode" });

const entry = (code: ProblemCode, language: MessageLanguage) => ({
  code,
  status: PROBLEMS[code].status,
  ...problemTexts(code, language),
});

const CODES = Object.keys(PROBLEMS) as ProblemCode[];

const list = openEndpoint(
  {
    method: "GET",
    path: "/problems",
    operationId: "listProblemCodes",
    tag: "Documentation",
    right: "public",
    status: 200,
    summary: "Every problem code of this API.",
    answer: z.object({ data: z.array(Entry) }).meta({ id: "ProblemCodeList" }),
    localized: true,
  },
  async ({ language }) => ({
    status: 200,
    body: { data: CODES.map((code) => entry(code, language)) },
  }),
);

/** The page that the `type` of a problem names. */
const problemPage = (path: string, operationId: string) =>
  openEndpoint(
    {
      method: "GET",
      path,
      operationId,
      tag: "Documentation",
      right: "public",
      status: 200,
      summary: "What a problem code means and what to do.",
      answer: Entry,
      localized: true,
    },
    async (call) => {
      const sent = [call.params["group"], call.params["code"]].filter((part) => part !== undefined).join("/");
      const code = CODES.find((each) => each === sent);
      if (code === undefined) throw new Problem("not-found");
      return { status: 200, body: entry(code, call.language) };
    },
  );

export const problemEndpoints = [
  list,
  problemPage("/problems/:code", "getProblemCode"),
  problemPage("/problems/:group/:code", "getProblemCodeOfGroup"),
];
