import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";

const tables = async () =>
  (
    await env.DB.prepare(
      `SELECT type, name, tbl_name, sql FROM sqlite_schema
       WHERE name NOT LIKE 'd1_%' AND name NOT LIKE 'sqlite_%' ORDER BY type, name`,
    ).all()
  ).results;

it("tables made at once, as each file has them, are those of the migrations one by one", async () => {
  const atOnce = await tables();
  await reset();
  expect(await tables()).toEqual([]);
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  expect(await tables()).toEqual(atOnce);
  expect(atOnce.length).toBeGreaterThan(50);
});
