import { expectCall, type Caller, checkThat, rowsOf, textAt, valueAt } from "./gate-client.ts";
import { CREDIT_LIMIT, createTourAccounts, type TourAccounts } from "./tour-setup.ts";

const OTHER_IP = "198.51.100.9";

export interface TourStep {
  readonly title: string;
  /** @throws Error when an answer is not the expected one */
  play(world: TourAccounts): Promise<void>;
}

const STEPS: readonly TourStep[] = [
  {
    title: "The operator signs a call with an API key, from an address that the rules allow",
    async play({ operator }) {
      await expectCall(operator, { method: "GET", path: "/v1/me", expect: 200 });
      await expectCall(operator, { method: "GET", path: "/v1/products", expect: 200 });
    },
  },
  {
    title: "The same key is refused from another address",
    async play({ operator }) {
      await expectCall(
        { ...operator, address: OTHER_IP },
        { method: "GET", path: "/v1/products", expect: 403, code: "ip/not-allowed" },
      );
    },
  },
  {
    title: "The operator provisions a license key and edits it, as the grants allow",
    async play({ operator, productId }) {
      const body = { productId, newCustomer: { name: "Berg Films" } };
      const made = await expectCall(operator, {
        method: "POST",
        path: "/v1/license-keys",
        body,
        expect: 201,
      });
      await expectCall(operator, {
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
      await expectCall(operator, {
        method: "DELETE",
        path: `/v1/products/${productId}`,
        expect: 403,
        code: "access/denied",
      });
      const token = await expectCall(owner, {
        method: "POST",
        path: "/v1/access-tokens",
        body: { name: "installer" },
        expect: 201,
      });
      await expectCall(operator, {
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
      const exchanged = await expectCall(colleague, { method: "POST", path: "/v1/auth/token", expect: 200 });
      const byToken: Caller = {
        ...colleague,
        credential: textAt(exchanged, "access_token"),
        usesToken: true,
      };
      await expectCall(byToken, {
        method: "POST",
        path: "/v1/products",
        body: { name: "Made in time" },
        expect: 201,
      });
      const card = await expectCall(admin, {
        method: "GET",
        path: `/v1/members/${colleagueId}`,
        expect: 200,
      });
      await expectCall(admin, {
        method: "PATCH",
        path: `/v1/members/${colleagueId}`,
        headers: { "if-match": card.etag ?? "" },
        body: { roles: ["viewer"] },
        expect: 200,
      });
      await expectCall(byToken, {
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
      `The member spends to the limit of ${CREDIT_LIMIT} credits, is refused one past it, ` +
      "and repeats calls without being charged twice",
    async play({ spender, admin }) {
      const spend = (key: string, amount: number) => ({
        method: "POST",
        path: "/v1/credits/spend",
        headers: { "idempotency-key": key },
        body: { amount },
      });
      const first = await expectCall(spender, { ...spend("tour-1", 3), expect: 201 });
      await expectCall(spender, { ...spend("tour-2", 2), expect: 201 });
      await expectCall(spender, {
        ...spend("tour-3", 1),
        expect: 402,
        code: "credits/member-limit-exceeded",
      });
      const again = await expectCall(spender, { ...spend("tour-1", 3), expect: 201 });
      checkThat(textAt(first, "id") === textAt(again, "id"), "a replay must answer the first entry");
      await expectCall(spender, { ...spend("tour-1", 4), expect: 422, code: "idempotency/mismatch" });
      const own = await expectCall(spender, { method: "GET", path: "/v1/credits", expect: 200 });
      checkThat(
        valueAt(own.body, "spent") === CREDIT_LIMIT && valueAt(own.body, "remaining") === 0,
        `the member must have spent ${CREDIT_LIMIT} and have 0 left`,
      );
      const all = await expectCall(admin, { method: "GET", path: "/v1/credits", expect: 200 });
      checkThat(
        valueAt(all.body, "balance") === 100 - CREDIT_LIMIT,
        `the account must have ${100 - CREDIT_LIMIT} left`,
      );
    },
  },
  {
    title: "The owner and the admin read the trail of all of it and verify the chains",
    async play({ owner, admin, spenderId }) {
      const vendor = auditRowsOf(
        await expectCall(owner, { method: "GET", path: "/v1/audit?limit=100", expect: 200 }),
      );
      for (const [action, outcome] of [
        ["license_key.create", "success"],
        ["license_key.edit", "success"],
        ["product.delete", "denied"],
      ] as const) {
        checkThat(
          vendor.some((row) => row.action === action && row.outcome === outcome),
          `the vendor's trail must hold ${action} (${outcome})`,
        );
      }
      checkThat(
        vendor.some((row) => row.outcome === "denied" && row.ip === OTHER_IP),
        "the vendor's trail must hold the refused address",
      );
      await verifyChain(owner);
      const team = auditRowsOf(
        await expectCall(admin, { method: "GET", path: "/v1/audit?limit=100", expect: 200 }),
      );
      checkThat(
        team.some((row) => row.action === "member.edit"),
        "the team's trail must hold the lowered role",
      );
      checkThat(
        team.some((row) => row.action === "product.create" && row.outcome === "denied"),
        "the team's trail must hold the refused call",
      );
      const spent = team.filter(
        (row) =>
          row.action === "credits.spend" && row.outcome === "success" && row.actor.memberId === spenderId,
      );
      checkThat(
        spent.length === 2 && spent.reduce((sum, row) => sum + (row.cost ?? 0), 0) === CREDIT_LIMIT,
        `the team's trail must hold two spends of ${CREDIT_LIMIT} credits together`,
      );
      await verifyChain(admin);
    },
  },
];

export const TOUR_STEPS = { open: createTourAccounts, scenes: STEPS };

interface AuditRow {
  readonly action: string;
  readonly outcome: string;
  readonly ip: string | null;
  readonly cost: number | null;
  readonly actor: { readonly memberId: string | null };
}

const auditRowsOf = rowsOf<AuditRow>;

async function verifyChain(caller: Caller): Promise<void> {
  const { body } = await expectCall(caller, { method: "GET", path: "/v1/audit/verify", expect: 200 });
  checkThat(valueAt(body, "ok") === true && valueAt(body, "complete") === true, "the chain must verify");
}
