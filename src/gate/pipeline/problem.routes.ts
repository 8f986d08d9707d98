import { z } from "zod";
import { Problem, PROBLEMS } from "../../kernel/http/problem.ts";
import { openEndpoint } from "../calls/call.ts";

const Entry = z.object({ code: z.string(), status: z.number(), title: z.string(), detail: z.string() });

const entry = (code: string, row: { status: number; title: string; detail: string }) => ({ code, ...row });

const list = openEndpoint(
  {
    method: "GET",
    path: "/problems",
    tag: "Documentation",
    right: "public",
    status: 200,
    summary: "Every problem code of this API.",
    answer: z.object({ data: z.array(Entry) }),
  },
  async () => ({
    status: 200,
    body: { data: Object.entries(PROBLEMS).map(([code, row]) => entry(code, row)) },
  }),
);

/** The page that the `type` of a problem names. */
const problemPage = (path: string) =>
  openEndpoint(
    {
      method: "GET",
      path,
      tag: "Documentation",
      right: "public",
      status: 200,
      summary: "What a problem code means and what to do.",
      answer: Entry,
    },
    async (call) => {
      const code = [call.params["group"], call.params["code"]].filter((part) => part !== undefined).join("/");
      if (!Object.hasOwn(PROBLEMS, code)) throw new Problem("not-found");
      return { status: 200, body: entry(code, PROBLEMS[code as keyof typeof PROBLEMS]) };
    },
  );

export const problemEndpoints = [list, problemPage("/problems/:code"), problemPage("/problems/:group/:code")];
