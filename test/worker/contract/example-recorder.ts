import { shorten } from "../../harness/example.ts";

/** Bodies up to this length show more; longer ones only fill the description. */
const LENGTH_MAX = 1_200;

/** Keeps the body that shows most of each named schema. */
export interface ExampleRecorder {
  /** @param template the operation, as `POST /v1/members` */
  note(template: string, sent: unknown, answer: Response): Promise<void>;
  readonly bodies: Readonly<Record<string, unknown>>;
}

interface Media {
  readonly content?: Readonly<Record<string, { readonly schema?: { readonly $ref?: string } }>>;
}

interface Described {
  readonly operationId: string;
  readonly requestBody?: Media;
  readonly responses: Readonly<Record<string, Media>>;
}

const nameIn = (media: Media | undefined): string | null =>
  media?.content?.["application/json"]?.schema?.$ref?.split("/").at(-1) ?? null;

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

/** @param document with its references */
export function recordExamples(document: Description): ExampleRecorder {
  const bodies: Record<string, unknown> = {};
  const keep = (name: string | null, body: unknown) => {
    if (name === null || typeof body !== "object" || body === null) return;
    const short = shorten(body);
    if (!(name in bodies) || worth(short) > worth(bodies[name])) bodies[name] = short;
  };
  return {
    bodies,
    async note(template, sent, answer) {
      const [method = "", path = ""] = template.split(" ");
      const one = document.paths[path]?.[method.toLowerCase()] as Described | undefined;
      if (one === undefined || answer.status >= 300) return;
      const isRaw = one.requestBody?.content?.["application/json"]?.schema === undefined;
      keep(isRaw && sent !== undefined ? one.operationId : nameIn(one.requestBody), sent);
      const answered = nameIn(one.responses[answer.status]);
      if (answered !== null) keep(answered, await answer.json());
    },
  };
}

const worth = (body: unknown): number => {
  const { length } = JSON.stringify(body);
  return length <= LENGTH_MAX ? length : -length;
};
