import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Api, newIdempotencyKey, expectStatus, type Problem, type Reply } from "../../harness/client.ts";
import { mailsTo } from "../../harness/mailbox.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { createInvitation, newPerson } from "./invitations-fixture.ts";
import {
  fetch,
  createPlatform,
  createObject,
  said,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

interface Card {
  readonly id: string;
  readonly roles: string[];
  readonly grants: { resourceType: string; resourceId: string }[];
  readonly email: string;
  readonly [field: string]: unknown;
}

let platform: Api;
let agency: Person;
let toolId: string;
let taskId: string;

beforeAll(async () => {
  platform = await createPlatform();
  agency = await createSubscribedAccount(platform, "agency");
  toolId = await createObject({ api: platform }, "tools", { key: "rank", name: "Rank" });
  expectStatus(
    await platform.post(
      `/v1/accounts/${agency.accountId}/credits`,
      { kind: "top_up", amount: 100 },
      { idempotencyKey: newIdempotencyKey() },
    ),
    201,
  );
  taskId = await createObject(agency, "tasks", { toolId, name: "Plan" });
});

const add = (who: Person, body: object, key = newIdempotencyKey()) =>
  who.api.post<Card & Problem>("/v1/members", body, { idempotencyKey: key });
const pointer = ({ body }: Reply<Problem>) => `${body.status} ${body.errors?.[0]?.pointer}`;

describe("a sub-account of an agency", () => {
  test("S4.1, S4.6, S4.7, S4.8 has two names of 1 to 100 characters and an address of its own", async () => {
    const good = { ...newPerson(), accountType: "manager" };
    const faults = [
      { firstName: "" },
      { firstName: "x".repeat(101) },
      { firstName: undefined },
      { lastName: "" },
      { lastName: undefined },
      { email: "nobody" },
      { email: undefined },
    ];
    const answers = await Promise.all(faults.map((fault) => add(agency, { ...good, ...fault })));
    expect(answers.map(pointer)).toEqual([
      "422 /firstName",
      "422 /firstName",
      "422 /firstName",
      "422 /lastName",
      "422 /lastName",
      "422 /email",
      "422 /email",
    ]);
    expectStatus(await add(agency, { ...good, firstName: "x".repeat(100) }), 201);
    expect(
      said(await add(agency, { ...newPerson(), email: good.email.toUpperCase(), accountType: "manager" })),
    ).toBe("409 conflict/duplicate-member");
  });

  test("S4.5, S4.10, S4.14 is created by the owner as a guest, specialist or manager", async () => {
    const missing = await add(agency, newPerson());
    expect(pointer(missing)).toBe("422 /accountType");
    expect(missing.body.errors?.[0]?.detail).toMatch(/guest, specialist, manager/);
    expect(pointer(await add(agency, { ...newPerson(), accountType: "emperor" }))).toBe("422 /accountType");
    expect(
      pointer(await add(agency, { ...newPerson(), accountType: "manager", roles: ["specialist"] })),
    ).toBe("422 /accountType");
    for (const accountType of ["specialist", "manager"])
      expect(expectStatus(await add(agency, { ...newPerson(), accountType }), 201).body.roles).toEqual([
        accountType,
      ]);
    expect(expectStatus(await add(agency, { ...newPerson(), roles: ["manager"] }), 201).body.roles).toEqual([
      "manager",
    ]);
    const manager = await newMember(fetch, agency, { roles: ["manager"] });
    expect(said(await add(manager, { ...newPerson(), accountType: "specialist" }))).toBe("403 access/denied");
    const team = await createSubscribedAccount(platform, "team");
    expect(pointer(await add(team, { ...newPerson(), accountType: "manager" }))).toBe("422 /accountType");
  });

  test("S4.20 has a credit limit only as a specialist", async () => {
    expectStatus(await add(agency, { ...newPerson(), accountType: "specialist", creditLimit: 0 }), 201);
    const guest = { ...newPerson(), accountType: "guest", tasks: [{ toolId, taskId }] };
    expect(
      [
        await add(agency, { ...newPerson(), accountType: "manager", creditLimit: 5 }),
        await add(agency, { ...guest, creditLimit: 5 }),
        await add(agency, { ...newPerson(), accountType: "specialist", creditLimit: -1 }),
      ].map(pointer),
    ).toEqual(Array(3).fill("422 /creditLimit"));
  });

  test("S4.28 needs a task as a guest, from the beginning; S4.32 ticks tools as a manager", async () => {
    expect(said(await add(agency, { ...newPerson(), accountType: "guest" }))).toBe("422 validation");
    const guest = expectStatus(
      await add(agency, { ...newPerson(), accountType: "guest", tasks: [{ toolId, taskId }] }),
      201,
    ).body;
    expect(guest.grants).toEqual([{ resourceType: "task", resourceId: taskId, access: "view" }]);
    const manager = expectStatus(
      await add(agency, { ...newPerson(), accountType: "manager", toolIds: [toolId] }),
      201,
    ).body;
    expect(manager.grants).toEqual([{ resourceType: "tool", resourceId: toolId, access: "view" }]);
  });

  test("S4.26, S4.27 is let into existing tasks and tools, and a task only under its tool", async () => {
    const other = await createObject({ api: platform }, "tools", { key: "audit", name: "Audit" });
    const wrong = [
      { toolIds: ["tol_none"] },
      { tasks: [{ toolId: other, taskId }] },
      { tasks: [{ toolId, taskId: "tsk_none" }] },
      {
        tasks: [
          { toolId, taskId },
          { toolId, taskId },
        ],
      },
    ];
    const answers = await Promise.all(
      wrong.map((more) => add(agency, { ...newPerson(), accountType: "specialist", ...more })),
    );
    expect(answers.map(pointer)).toEqual([
      "422 /toolIds/0",
      "422 /tasks/0/taskId",
      "422 /tasks/0/taskId",
      "422 /tasks",
    ]);
    const team = await createSubscribedAccount(platform, "team");
    expect(pointer(await add(team, { ...newPerson(), roles: ["member"], toolIds: [toolId] }))).toBe(
      "422 /toolIds",
    );
  });

  test("S4.12, S4.13 hears by mail only when the box is ticked", async () => {
    const [quiet, told] = [newPerson(), newPerson()];
    expectStatus(await add(agency, { ...quiet, accountType: "manager" }), 201);
    expectStatus(await add(agency, { ...told, accountType: "manager", notify: true }), 201);
    expect(await mailsTo(fetch, quiet.email)).toEqual([]);
    expect((await mailsTo(fetch, told.email)).map(({ template }) => template)).toEqual(["invitation"]);
  });
});

/** Rows of every table that a creation could write. */
async function snapshot(): Promise<unknown> {
  const tables = [
    "account",
    "member",
    "access_grant",
    "invitation",
    "user",
    "idempotency",
    "mail_outbox",
    "audit_outbox",
    "audit_event",
  ];
  return Promise.all(
    tables.map(async (table) => await env.DB.prepare(`SELECT COUNT(*) AS n FROM ${table}`).first()),
  );
}

const BY = ["/v1/members", "/v1/invitations"];

describe("a preview", () => {
  test.each(BY)(
    "S4.29, S4.30, S4.31 of POST %s shows all and stores nothing; without dryRun it is made once",
    async (path) => {
      const body = {
        ...newPerson(),
        accountType: "guest",
        tasks: [{ toolId, taskId }],
        notify: true,
        phone: "1",
        language: "ru",
      };
      const { notify: _, ...plain } = body;
      const sent = path === "/v1/members" ? body : plain;
      const before = await snapshot();
      const key = newIdempotencyKey();
      const preview = expectStatus(
        await agency.api.post<Record<string, unknown> & { member?: Card }>(path, { ...sent, dryRun: true }),
        200,
      ).body;
      expect(await snapshot()).toEqual(before);
      // What is not made has no id, and that it is not made comes first.
      expect([Object.keys(preview)[0], preview["id"], (preview.member ?? preview)["id"]]).toEqual([
        "dryRun",
        null,
        null,
      ]);
      expect(new Set(JSON.stringify(preview).match(/(?:inv|mem)_\w+/g))).toEqual(new Set([agency.memberId]));
      expect(preview).toMatchObject({ dryRun: true, mail: { to: body.email, language: "ru" } });
      expect(preview.member ?? preview).toMatchObject({
        email: body.email,
        phone: "1",
        roles: ["guest"],
        grants: [{ resourceType: "task", resourceId: taskId }],
        status: "new",
      });
      expect(await mailsTo(fetch, body.email)).toEqual([]);
      const real = expectStatus(
        await agency.api.post<Record<string, unknown> & { member?: Card }>(path, sent, {
          idempotencyKey: key,
        }),
        201,
      ).body;
      expect(Object.keys(real).sort()).toEqual(Object.keys(preview).sort());
      // Only a preview does without a key where one is needed.
      const keyless = await Promise.all(
        [{}, { dryRun: false }, { dryRun: "true" }].map(async (more) =>
          said(await agency.api.post(path, { ...sent, ...more })),
        ),
      );
      expect(keyless).toEqual(
        path === "/v1/invitations"
          ? Array(3).fill("400 idempotency/missing")
          : ["409 conflict/duplicate-invitation", "409 conflict/duplicate-invitation", "422 validation"],
      );
      expect(expectStatus(await agency.api.post(path, sent, { idempotencyKey: key }), 201).body).toEqual(
        real,
      );
      expect(await mailsTo(fetch, body.email)).toHaveLength(1);
    },
  );

  test.each(BY)("of POST %s refuses exactly what the call itself refuses", async (path) => {
    const full = await createSubscribedAccount(platform, "vendor");
    expectStatus(
      await platform.put(`/v1/accounts/${full.accountId}/plan`, {
        restrictedAccounts: true,
        memberLimit: 1,
        contactUrl: null,
      }),
      200,
    );
    const lapsed = await createSubscribedAccount(platform, "vendor");
    expectStatus(
      await platform.put(`/v1/accounts/${lapsed.accountId}/plan`, {
        restrictedAccounts: false,
        memberLimit: null,
        contactUrl: null,
      }),
      200,
    );
    const known = await createInvitation(agency, {
      accountType: "manager",
      externalId: `x-${newIdempotencyKey()}`,
    });
    const member = await newMember(fetch, agency, { roles: ["manager"] });
    const memberEmail = expectStatus(await agency.api.get<Card>(`/v1/members/${member.memberId}`), 200).body
      .email;
    const [externalId] = [
      expectStatus(await agency.api.get<Card>(`/v1/members/${known.member.id}`), 200).body["externalId"],
    ];
    const table: ReadonlyArray<readonly [who: Person, body: object, expected: string]> = [
      [agency, newPerson(), "422 validation"],
      [agency, { ...newPerson(), accountType: "guest" }, "422 validation"],
      [agency, { ...newPerson(), accountType: "manager", allowedIps: ["300.1.1.1"] }, "422 validation"],
      [agency, { ...newPerson(), accountType: "manager", surprise: 1 }, "422 validation"],
      [
        agency,
        { ...newPerson(), accountType: "manager", email: known.member.email },
        "409 conflict/duplicate-invitation",
      ],
      [
        agency,
        { ...newPerson(), accountType: "manager", email: memberEmail },
        "409 conflict/duplicate-member",
      ],
      [agency, { ...newPerson(), accountType: "manager", externalId }, "409 conflict/duplicate-member"],
      [
        agency,
        { ...newPerson(), accountType: "specialist", tasks: [{ toolId, taskId: "none" }] },
        "422 validation",
      ],
      [member, { ...newPerson(), accountType: "specialist" }, "403 access/denied"],
      [full, { ...newPerson(), roles: ["operator"] }, "409 conflict/member-limit"],
      [lapsed, { ...newPerson(), roles: ["operator"] }, "402 plan/feature-required"],
    ];
    for (const [who, body, expected] of table) {
      const ask = (more: object) =>
        who.api.post<Problem>(path, { ...body, ...more }, { idempotencyKey: newIdempotencyKey() });
      const [preview, real] = [await ask({ dryRun: true }), await ask({})];
      expect([said(preview), said(real)]).toEqual([expected, expected]);
      const { requestId: _, instance: __, ...shown } = preview.body;
      expect(real.body).toMatchObject(shown);
    }
  });
});
