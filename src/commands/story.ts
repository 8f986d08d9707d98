import { ask, type Caller, check, rowsOf, textAt, valueAt } from "./client.ts";
import { LIMIT, openWorld, type World } from "./story-world.ts";

const ELSEWHERE = "198.51.100.9";

export interface Scene {
  readonly title: string;
  /** @throws Error when an answer is not the expected one */
  play(world: World): Promise<void>;
}

const SCENES: readonly Scene[] = [
  {
    title: "The operator signs a call with an API key, from an address that the rules allow",
    async play({ operator }) {
      await ask(operator, { method: "GET", path: "/v1/me", expect: 200 });
      await ask(operator, { method: "GET", path: "/v1/products", expect: 200 });
    },
  },
  {
    title: "The same key is refused from another address",
    async play({ operator }) {
      await ask(
        { ...operator, address: ELSEWHERE },
        { method: "GET", path: "/v1/products", expect: 403, code: "ip/not-allowed" },
      );
    },
  },
  {
    title: "The operator provisions a license key and edits it, as the grants allow",
    async play({ operator, productId }) {
      const body = { productId, newCustomer: { name: "Berg Films" } };
      const made = await ask(operator, { method: "POST", path: "/v1/license-keys", body, expect: 201 });
      await ask(operator, {
        method: "PATCH",
        path: `/v1/license-keys/${textAt(made, "id")}`,
        headers: { "if-match": made.etag ?? "" },
        body: { notes: "paid" },
        expect: 200,
      });
    },
  },
  {
    title:
      "The operator is refused what no grant allows: " +
      "a visible product stays, an access token is not even there",
    async play({ operator, owner, productId }) {
      await ask(operator, {
        method: "DELETE",
        path: `/v1/products/${productId}`,
        expect: 403,
        code: "access/denied",
      });
      const token = await ask(owner, {
        method: "POST",
        path: "/v1/access-tokens",
        body: { name: "installer" },
        expect: 201,
      });
      await ask(operator, {
        method: "DELETE",
        path: `/v1/access-tokens/${textAt(token, "id")}`,
        expect: 404,
        code: "not-found",
      });
    },
  },
  {
    title:
      "A colleague exchanges the key for a token, loses the admin role, " +
      "and is refused in the very next call with that token",
    async play({ admin, colleague, colleagueId }) {
      const exchanged = await ask(colleague, { method: "POST", path: "/v1/auth/token", expect: 200 });
      const byToken: Caller = { ...colleague, credential: textAt(exchanged, "access_token"), viaToken: true };
      await ask(byToken, {
        method: "POST",
        path: "/v1/products",
        body: { name: "Made in time" },
        expect: 201,
      });
      const card = await ask(admin, { method: "GET", path: `/v1/members/${colleagueId}`, expect: 200 });
      await ask(admin, {
        method: "PATCH",
        path: `/v1/members/${colleagueId}`,
        headers: { "if-match": card.etag ?? "" },
        body: { roles: ["viewer"] },
        expect: 200,
      });
      await ask(byToken, {
        method: "POST",
        path: "/v1/products",
        body: { name: "Too late" },
        expect: 403,
        code: "access/denied",
      });
    },
  },
  {
    title:
      `The member spends to the limit of ${LIMIT} credits, is refused one past it, ` +
      "and repeats calls without being charged twice",
    async play({ spender, admin }) {
      const spend = (key: string, amount: number) => ({
        method: "POST",
        path: "/v1/credits/spend",
        headers: { "idempotency-key": key },
        body: { amount },
      });
      const first = await ask(spender, { ...spend("tour-1", 3), expect: 201 });
      await ask(spender, { ...spend("tour-2", 2), expect: 201 });
      await ask(spender, { ...spend("tour-3", 1), expect: 402, code: "credits/member-limit-exceeded" });
      const again = await ask(spender, { ...spend("tour-1", 3), expect: 201 });
      check(textAt(first, "id") === textAt(again, "id"), "a replay must answer the first entry");
      await ask(spender, { ...spend("tour-1", 4), expect: 422, code: "idempotency/mismatch" });
      const own = await ask(spender, { method: "GET", path: "/v1/credits", expect: 200 });
      check(
        valueAt(own.body, "spent") === LIMIT && valueAt(own.body, "remaining") === 0,
        `the member must have spent ${LIMIT} and have 0 left`,
      );
      const all = await ask(admin, { method: "GET", path: "/v1/credits", expect: 200 });
      check(valueAt(all.body, "balance") === 100 - LIMIT, `the account must have ${100 - LIMIT} left`);
    },
  },
  {
    title: "The owner and the admin read the trail of all of it and verify the chains",
    async play({ owner, admin, spenderId }) {
      const vendor = rows(await ask(owner, { method: "GET", path: "/v1/audit?limit=100", expect: 200 }));
      for (const [action, outcome] of [
        ["license_key.create", "success"],
        ["license_key.edit", "success"],
        ["product.delete", "denied"],
      ] as const) {
        check(
          vendor.some((row) => row.action === action && row.outcome === outcome),
          `the vendor's trail must hold ${action} (${outcome})`,
        );
      }
      check(
        vendor.some((row) => row.outcome === "denied" && row.ip === ELSEWHERE),
        "the vendor's trail must hold the refused address",
      );
      await verified(owner);
      const team = rows(await ask(admin, { method: "GET", path: "/v1/audit?limit=100", expect: 200 }));
      check(
        team.some((row) => row.action === "member.edit"),
        "the team's trail must hold the lowered role",
      );
      check(
        team.some((row) => row.action === "product.create" && row.outcome === "denied"),
        "the team's trail must hold the refused call",
      );
      const spent = team.filter(
        (row) =>
          row.action === "credits.spend" && row.outcome === "success" && row.actor.memberId === spenderId,
      );
      check(
        spent.length === 2 && spent.reduce((sum, row) => sum + (row.cost ?? 0), 0) === LIMIT,
        `the team's trail must hold two spends of ${LIMIT} credits together`,
      );
      await verified(admin);
    },
  },
];

export const STORY = { open: openWorld, scenes: SCENES };

interface Row {
  readonly action: string;
  readonly outcome: string;
  readonly ip: string | null;
  readonly cost: number | null;
  readonly actor: { readonly memberId: string | null };
}

const rows = rowsOf<Row>;

async function verified(caller: Caller): Promise<void> {
  const { body } = await ask(caller, { method: "GET", path: "/v1/audit/verify", expect: 200 });
  check(valueAt(body, "ok") === true && valueAt(body, "complete") === true, "the chain must verify");
}
