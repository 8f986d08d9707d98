import { env } from "cloudflare:workers";
import { platformSql } from "../../../src/commands/platform.ts";
import {
  type Api,
  type Fetch,
  newIdempotencyKey,
  expectStatus,
  toReply,
  type Reply,
} from "../../harness/client.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { fetch, createObject, createSubscribedAccount } from "./operators-fixture.ts";

/** A team with one of each role, and a second member whose rows are another's to the first. */
export interface Team {
  readonly accountId: string;
  readonly admin: Person;
  readonly member: Person;
  readonly colleague: Person;
  readonly viewer: Person;
}

/** The platform account of this file's database; files are sent with its key as it is. */
export async function createPlatformKey(): Promise<string> {
  const { sql, apiKey } = platformSql({
    email: "platform@example.com",
    name: "Platform",
    firstName: "Pia",
    lastName: "Platt",
    now: Date.now(),
  });
  for (const statement of sql) await env.DB.prepare(statement).run();
  return apiKey;
}

export async function createTeam(platform: Api): Promise<Team> {
  const admin = await createSubscribedAccount(platform, "team");
  const of = (role: string) => newMember(fetch, admin, { roles: [role] });
  return {
    accountId: admin.accountId,
    admin,
    member: await of("member"),
    colleague: await of("member"),
    viewer: await of("viewer"),
  };
}

/** Something that the platform offers. */
export const newTheme = async (platform: Api, fields: object = {}): Promise<string> =>
  expectStatus(
    await platform.post<{ id: string }>(
      "/v1/catalog",
      { name: "Aurora", vendor: "Nordlys", ...fields },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  ).body.id;

export interface FileCard {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly contentType: string;
}

/** Sends a file as a person's program would: its bytes as the body. */
export async function upload(
  apiKey: string,
  path: string,
  bytes: BodyInit,
  headers: Record<string, string> = {},
  at: Fetch = fetch,
): Promise<Reply<FileCard>> {
  const length = bytes instanceof Uint8Array ? { "content-length": String(bytes.length) } : {};
  const all = { authorization: `Bearer ${apiKey}`, "content-type": "application/zip", ...length, ...headers };
  return toReply(
    await at(path, {
      method: "PUT",
      headers: all,
      body: bytes,
      ...(bytes instanceof ReadableStream ? { duplex: "half" } : {}),
    } as RequestInit),
  );
}

/** A license of the theme, provisioned by the given member. */
export const provisionLicense = (who: Person, themeId: string): Promise<string> =>
  createObject(who, "licenses", { themeId });

/** The same, revoked. */
export async function createRevokedLicense(team: Team, who: Person, themeId: string): Promise<string> {
  const id = await provisionLicense(who, themeId);
  expectStatus(await team.admin.api.del(`/v1/licenses/${id}`), 204);
  return id;
}
