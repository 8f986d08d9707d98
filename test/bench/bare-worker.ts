import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";

/**
 * What the gate is compared with: the same framework, database and kind of object, and nothing of the gate.
 */
interface Bindings {
  readonly DB: D1Database;
  readonly BARE: DurableObjectNamespace<BareObject>;
}

/** The least that a durable write can be: one row in a table without a second index. */
export class BareObject extends DurableObject {
  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env);
    state.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, amount INTEGER NOT NULL) WITHOUT ROWID",
    );
  }

  write(key: string): number {
    return this.ctx.storage.sql.exec("INSERT INTO entry (key, amount) VALUES (?, 1)", key).rowsWritten;
  }
}

const app = new Hono<{ Bindings: Bindings }>();

const read = ({ DB }: Bindings, id: string) =>
  DB.prepare(
    `SELECT id, name, attributes, version FROM resource
      WHERE account_id = ? AND type = 'product' AND id = ?`,
  )
    .bind(...id.split(":"))
    .first();

const write = ({ BARE }: Bindings) => BARE.getByName("one").write(crypto.randomUUID());

app.get("/bare", (c) => c.json({ ok: true }));
app.get("/read/:id", async (c) => c.json(await read(c.env, c.req.param("id"))));
app.post("/write", async (c) => c.json({ rows: await write(c.env) }, 201));
app.post("/both/:id", async (c) => {
  const found = await read(c.env, c.req.param("id"));
  return c.json({ found, rows: await write(c.env) }, 201);
});

export default app;
