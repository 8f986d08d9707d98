import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { batch, failedGuard, openDb } from "../../../src/kernel/db.ts";
import { replaceFile, sweepStrayFiles } from "../../../src/products/licensing/theme-file.store.ts";
import { type Api, api, expectStatus } from "../../harness/client.ts";
import { newApiKey, type Person } from "../../harness/people.ts";
import { fetch, said } from "../access/operators-fixture.ts";
import {
  type FileCard,
  createPlatformKey,
  createTeam,
  newTheme,
  type Team,
  upload,
} from "../access/team-fixture.ts";

let platformKey: string;
let platform: Api;
let team: Team;
let theme: string;

const BYTES = new TextEncoder().encode("PK\u0003\u0004 a theme");
const listed = async (who: Api, path: string) =>
  expectStatus(await who.get<{ data: FileCard[] }>(path), 200).body.data;
const filesIn = async () => (await env.FILES.list()).objects.length;

beforeAll(async () => {
  platformKey = await createPlatformKey();
  platform = api(fetch, platformKey);
  team = await createTeam(platform);
  theme = await newTheme(platform);
  expectStatus(await upload(platformKey, `/v1/catalog/${theme}/files/aurora.zip`, BYTES), 200);
});

describe("the files of a theme", () => {
  test("are put in, replaced, listed and removed, and nothing of them stays", async () => {
    const other = await newTheme(platform, { name: "Borealis" });
    const path = `/v1/catalog/${other}/files`;
    const before = await filesIn();
    const first = expectStatus(await upload(platformKey, `${path}/b.zip`, BYTES), 200).body;
    const digest = Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", BYTES)), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("");
    expect(first).toMatchObject({
      name: "b.zip",
      size: BYTES.length,
      sha256: digest,
      contentType: "application/zip",
    });
    const large = new Uint8Array(3_000_000).fill(7);
    expect(
      expectStatus(
        await upload(platformKey, `${path}/b.zip`, large, { "content-type": "application/octet-stream" }),
        200,
      ).body.size,
    ).toBe(3_000_000);
    expectStatus(await upload(platformKey, `${path}/a.txt`, BYTES, { "content-type": "text/plain" }), 200);
    expect((await listed(platform, path)).map(({ name, size }) => [name, size])).toEqual([
      ["a.txt", BYTES.length],
      ["b.zip", 3_000_000],
    ]);
    expect((await listed(team.member.api, `/v1/themes/${other}/files`)).map(({ name }) => name)).toEqual([
      "a.txt",
      "b.zip",
    ]);
    expect(await filesIn()).toBe(before + 2);
    expect(said(await platform.del(`/v1/catalog/${other}`))).toBe("409 conflict/not-removable");
    for (const name of ["a.txt", "b.zip"]) expectStatus(await platform.del(`${path}/${name}`), 204);
    expect(said(await platform.del(`${path}/b.zip`))).toBe("404 not-found");
    expect(await filesIn()).toBe(before);
    expectStatus(await platform.del(`/v1/catalog/${other}`), 204);
  });

  test.each([
    ["no type", BYTES, { "content-type": "" }, "415 media-type"],
    ["JSON", BYTES, { "content-type": "application/json" }, "415 media-type"],
    ["a form", BYTES, { "content-type": "multipart/form-data; boundary=x" }, "415 media-type"],
    ["a web page", BYTES, { "content-type": "text/html" }, "415 media-type"],
    ["nothing", new Uint8Array(0), {}, "422 validation"],
    ["more than it may be", BYTES, { "content-length": String(20 * 1024 * 1024 + 1) }, "413 too-large"],
    ["an endless length", BYTES, { "content-length": "1e999" }, "413 too-large"],
    ["a length that is no number", BYTES, { "content-length": "ten" }, "422 validation"],
    ["a length below nothing", BYTES, { "content-length": "-5" }, "422 validation"],
    ["less than it says", BYTES, { "content-length": "1000" }, "400 malformed"],
    ["more than it says", BYTES, { "content-length": "3" }, "400 malformed"],
  ])("are refused with %s, and leave no row", async (_, bytes, headers, expected) => {
    expect(said(await upload(platformKey, `/v1/catalog/${theme}/files/x.zip`, bytes, headers))).toBe(
      expected,
    );
    expect((await listed(platform, `/v1/catalog/${theme}/files`)).map(({ name }) => name)).toEqual([
      "aurora.zip",
    ]);
  });

  test.each([
    "..%2F..%2Fetc%2Fpasswd",
    ".hidden",
    "a%0d%0aSet-Cookie:x",
    "a%22b",
    "%00",
    "x".repeat(101),
    "%F0%9F%98%80",
    "a b",
  ])("have names that any header takes: %s is refused", async (name) => {
    expect(said(await upload(platformKey, `/v1/catalog/${theme}/files/${name}`, BYTES))).toBe(
      "422 validation",
    );
    expect(said(await platform.del(`/v1/catalog/${theme}/files/${name}`))).toBe("404 not-found");
  });

  test("are the platform's to change and the team's to list", async () => {
    for (const who of [team.admin, team.member, team.viewer]) {
      expect(said(await upload(who.apiKey, `/v1/catalog/${theme}/files/x.zip`, BYTES))).toBe(
        "403 access/denied",
      );
      expect(said(await who.api.del(`/v1/catalog/${theme}/files/aurora.zip`))).toBe("403 access/denied");
      expect(said(await who.api.get(`/v1/catalog/${theme}/files`))).toBe("403 access/denied");
    }
    expect(said(await upload("tgk_none", `/v1/catalog/${theme}/files/x.zip`, BYTES))).toBe(
      "401 auth/invalid-credential",
    );
    expect(said(await team.viewer.api.get(`/v1/themes/${theme}/files`))).toBe("403 access/denied");
    expect(said(await team.member.api.get("/v1/themes/thm_01ARZ3NDEKTSV4RRFFQ69G5FAV/files"))).toBe(
      "404 not-found",
    );
  });

  test("come in by a key that holds to their end", async () => {
    const { member } = expectStatus(await platform.get<{ member: { id: string } }>("/v1/me"), 200).body;
    const brief = await newApiKey(fetch, { api: platform } as Person, member.id, {
      expiresAt: new Date(Date.now() + 700).toISOString(),
    });
    const slow = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        async start(controller) {
          controller.enqueue(BYTES);
          await new Promise((done) => {
            setTimeout(done, 1_000);
          });
          controller.enqueue(BYTES);
          controller.close();
        },
      });
    const length = { "content-length": String(2 * BYTES.length) };
    const path = `/v1/catalog/${await newTheme(platform)}/files`;
    expect(said(await upload(brief, `${path}/slow.zip`, slow(), length))).toBe("401 auth/invalid-credential");
    expect(await listed(platform, path)).toEqual([]);
    expect(said(await upload(platformKey, `${path}/slow.zip`, slow(), length))).toBe("200");
  });

  test("are a hundred of one theme at most, also when two come at once", async () => {
    const other = await newTheme(platform);
    await env.DB.prepare(`
      INSERT INTO theme_file (theme_id, name, id, size, sha256, content_type, created_by, created_at)
      SELECT ?1, 'f' || value, ?1 || value, 1, '', 'text/plain', '', 0 FROM json_each(?2)`)
      .bind(other, JSON.stringify(Array.from({ length: 99 }, (_, index) => index)))
      .run();
    const answers = await Promise.all(
      ["x.zip", "y.zip"].map((name) => upload(platformKey, `/v1/catalog/${other}/files/${name}`, BYTES)),
    );
    expect(answers.map(said).sort()).toEqual(["200", "409 conflict/state"]);
    expect(said(await upload(platformKey, `/v1/catalog/${other}/files/f1`, BYTES))).toBe("200");
    expect((await listed(platform, `/v1/catalog/${other}/files`)).length).toBe(100);
    await env.DB.prepare("DELETE FROM theme_file WHERE theme_id = ? AND size = 1").bind(other).run();
  });

  test("whose upload ended halfway leave bytes for an hour only; those of a file stay", async () => {
    const other = await newTheme(platform);
    const strays = async () =>
      (await env.DB.prepare("SELECT id, at FROM stray_file ORDER BY id").all<{ id: string; at: number }>())
        .results;
    expectStatus(await upload(platformKey, `/v1/catalog/${other}/files/a.zip`, BYTES), 200);
    await sweepStrayFiles(openDb(env.DB), env.FILES, Date.now() + 7_200_000);
    const named = await filesIn();
    // As a crash leaves it between the bytes and the row: two long ago, one a moment ago, and one whose bytes
    // never came.
    for (const [id, at] of [
      ["fil_1", Date.now() - 3_700_000],
      ["fil_2", 0],
      ["fil_3", Date.now() - 3_000_000],
      ["fil_4", 0],
    ] as const) {
      if (id !== "fil_4") await env.FILES.put(id, BYTES);
      await env.DB.prepare("INSERT INTO stray_file (id, at) VALUES (?, ?)").bind(id, at).run();
    }
    await sweepStrayFiles(openDb(env.DB), env.FILES, Date.now());
    expect((await strays()).filter(({ id }) => id.length === 5).map(({ id }) => id)).toEqual(["fil_3"]);
    expect(await filesIn()).toBe(named + 1);
    expect(
      said(
        await upload(platformKey, `/v1/catalog/${other}/files/b.zip`, BYTES, { "content-length": "1000" }),
      ),
    ).toBe("400 malformed");
    const left = (await strays()).filter(({ at }) => at > 0).length;
    await sweepStrayFiles(openDb(env.DB), env.FILES, Date.now() + 7_200_000);
    expect([left > 0, await strays(), await filesIn()]).toEqual([true, [], named]);
  });

  test("that arrive more slowly than the sweep waits are refused, and leave no bytes or row", async () => {
    const other = await newTheme(platform);
    const [path, before] = [`/v1/catalog/${other}/files`, await filesIn()];
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const slow = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(BYTES);
        await gate;
        controller.enqueue(BYTES);
        controller.close();
      },
    });
    const running = upload(platformKey, `${path}/slow.zip`, slow, {
      "content-length": String(2 * BYTES.length),
    });
    await expect
      .poll(async () => await env.DB.prepare("SELECT COUNT(*) AS n FROM stray_file WHERE at > 0").first("n"))
      .toBe(1);
    await sweepStrayFiles(openDb(env.DB), env.FILES, Date.now() + 7_200_000);
    go();
    expect([said(await running), await listed(platform, path), await filesIn()]).toEqual([
      "400 malformed",
      [],
      before,
    ]);
  });

  test("whose notes the sweep has marked enter no theme; after a crash the next sweep goes on", async () => {
    const [other, before, db] = [await newTheme(platform), await filesIn(), openDb(env.DB)];
    await env.FILES.put("fil_9", BYTES);
    await env.DB.prepare("INSERT INTO stray_file (id, at) VALUES ('fil_9', 1)").run();
    const broken = { delete: () => Promise.reject(new Error("a crash")) } as unknown as R2Bucket;
    await expect(sweepStrayFiles(db, broken, Date.now())).rejects.toThrow("a crash");
    const row = {
      themeId: other,
      name: "a.zip",
      id: "fil_9",
      size: 1,
      sha256: "",
      contentType: "text/plain",
      createdBy: "",
      createdAt: 0,
    };
    expect(
      failedGuard(await batch(db, replaceFile(db, row, undefined)).catch((error: unknown) => error)),
    ).toBe("changed");
    await sweepStrayFiles(db, env.FILES, Date.now());
    expect([
      await filesIn(),
      await env.DB.prepare("SELECT COUNT(*) AS n FROM stray_file WHERE id = 'fil_9'").first("n"),
    ]).toEqual([before, 0]);
  });

  test("two at once under one name: one stays, and its bytes are those of its row", async () => {
    const other = await newTheme(platform);
    const sent = Array.from({ length: 6 }, (_, index) => new Uint8Array(1_000 + index).fill(index));
    const answers = await Promise.all(
      sent.map((bytes) => upload(platformKey, `/v1/catalog/${other}/files/a.zip`, bytes)),
    );
    expect(new Set(answers.map(said)).isSubsetOf(new Set(["200", "503 stale"]))).toBe(true);
    const [file] = await listed(platform, `/v1/catalog/${other}/files`);
    const { id } =
      (await env.DB.prepare("SELECT id FROM theme_file WHERE theme_id = ?")
        .bind(other)
        .first<{ id: string }>()) ?? expect.fail();
    expect((await env.FILES.get(id))?.size).toBe(file?.size);
    // The others' bytes are strays until the sweep.
    await sweepStrayFiles(openDb(env.DB), env.FILES, Date.now() + 7_200_000);
    const names = (
      await env.DB.prepare("SELECT id FROM theme_file ORDER BY id").all<{ id: string }>()
    ).results.map((row) => row.id);
    expect((await env.FILES.list()).objects.map(({ key }) => key).sort()).toEqual(names);
  });
});
