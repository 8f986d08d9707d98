import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";

// Files may share a runtime. Each begins with a migrated, empty database and without objects of accounts.
for (let attempts = 1; ; attempts += 1) {
  await reset();
  if (await isEmpty()) break;
  // A call of the file before, such as a message of the queue, may still hold the database.
  if (attempts === 100) throw new Error("the database of the file before is still there");
  await scheduler.wait(50);
}
// All at once: one by one they take longer than many a file. schema.test.ts shows that both end in the same.
await env.DB.batch(env.TEST_MIGRATIONS.flatMap(({ queries }) => queries.map((one) => env.DB.prepare(one))));

async function isEmpty(): Promise<boolean> {
  return (await env.DB.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'account'").first()) === null;
}
