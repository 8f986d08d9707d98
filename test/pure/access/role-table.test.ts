import { describe, expect, test } from "vitest";
import { grantTable } from "../../../src/access/grant-table.ts";
import { hintOf } from "../../../src/access/right-hint.ts";
import { roleMatrix } from "../../../src/access/matrix.ts";
import {
  ACCOUNT_KINDS,
  type AccountKind,
  presetWithSwitches,
  PRESETS,
  presetOfKind,
} from "../../../src/access/model.ts";
import { isRestrictedMember } from "../../../src/access/preset.ts";
import { RIGHT_NAMES, RIGHTS, resourceTypeOf } from "../../../src/access/right.ts";
import { RIGHTS_RU } from "../../../src/access/right.ru.ts";
import { AREA_TEXTS, LEVEL_TEXTS, type LocalizedText, TYPE_TEXTS } from "../../../src/access/area-text.ts";
import { BUNDLE_TEXTS, ROLE_TEXTS } from "../../../src/access/role-text.ts";
import { languageOf } from "../../../src/gate/calls/language.ts";
import { TYPE_TABLE } from "../../../src/resources/registry.ts";

const ON = {
  inviteOnlyAdmins: false,
  customersMayInviteBillingAdmin: true,
  billingAdminVisibleToCustomer: true,
};

/**
 * A table as people write it: a line of role names, then a line for each area; cells are kept apart by two
 * spaces or more. A wide table comes in several parts.
 */
function written(...tables: string[]): Record<string, Record<string, string>> {
  const rows: Record<string, Record<string, string>> = {};
  for (const table of tables) {
    const [head = [], ...lines] = table
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/ {2,}/));
    for (const [area = "", ...cells] of lines)
      rows[area] = {
        ...rows[area],
        ...Object.fromEntries(head.map((role, index) => [role, cells[index] ?? ""])),
      };
  }
  return rows;
}

const tableOf = (kind: AccountKind) =>
  Object.fromEntries(roleMatrix(presetWithSwitches(kind, ON)).map(({ area, cells }) => [area, cells]));

describe("S2.5 the table of roles follows from the rights of the roles, and is what was agreed", () => {
  test("S2.6 of sellers, cell by cell", () => {
    expect(tableOf("seller")).toEqual(
      written(
        `
                     seller_admin  account_manager  seller_agent_admin                  subscriptions_manager
      organizations  E             E all            E                                   V
      catalogue      E             E                E                                   E
      subscriptions  E             E                E                                   E
      markups        E             E                -                                   -
      products       E             V                V                                   V
      billing        E             V                V                                   -
      reports        V             V                V                                   V
      users          E             E                E                                   V
      settings       E             V                V, not currency and authentication  -
      history        V             V                V                                   -
    `,
        `
                     product_manager  seller_billing_admin  support_agent  reseller_report  report_viewer_360
      organizations  V                V                     V              -                -
      catalogue      E                V                     V              -                -
      subscriptions  V                V                     V              -                -
      markups        -                V                     -              -                -
      products       E                -                     -              -                -
      billing        -                E                     -              -                -
      reports        V                V                     V              V all            V
      users          V                V                     V              -                -
      settings       -                -                     -              -                -
      history        -                -                     V              -                -
    `,
      ),
    );
  });

  test("S2.8 of customers, cell by cell", () => {
    expect(tableOf("customer_org")).toEqual(
      written(`
                     customer     customer_admin  customer_billing_admin
      organizations  -            V own           V own
      catalogue      V, purchase  V, purchase     V
      subscriptions  E own        E own           V own
      markups        -            -               -
      products       -            -               -
      billing        -            -               E own
      reports        -            V own           V own
      users          -            E own           V own
      settings       -            -               -
      history        -            V own           -
    `),
    );
  });

  test("of distributors: all, all but only to see, and reports", () => {
    const {
      distributor_admin: admin,
      distributor_read_only: reader,
      report_viewer_360: viewer,
    } = PRESETS.distributor.roles;
    expect([admin, reader, viewer].every((role) => role !== undefined)).toBe(true);
    const cells = Object.values(tableOf("distributor"));
    expect(cells.map((row) => row["distributor_admin"]).join(" ")).toBe("E E E E E E V E E V");
    expect(cells.map((row) => row["distributor_read_only"]).join(" ")).toBe("V all V V V V V V V V V");
    expect(cells.map((row) => row["report_viewer_360"]).join(" ")).toBe("- - - - - - V - - -");
  });

  test("of models without areas: a row for each type, with every further verb named", () => {
    expect(tableOf("team")).toMatchObject({
      license: { admin: "V, provision, purchase, revoke", member: "V own, provision", viewer: "V active" },
      catalog: { admin: "V", member: "V", viewer: "V" },
      report: { member: "-", viewer: "download" },
      audit: { admin: "V", member: "V own", viewer: "-" },
    });
    expect(tableOf("agency")).toMatchObject({
      task: {
        owner: "E, update, delete",
        manager: "E, update",
        specialist: "E own and granted, update",
        guest: "V granted",
      },
    });
    expect(tableOf("dealer")).toMatchObject({
      object: {
        dealer_manager: "E, delete",
        dealer_user: "E",
        subdealer: "V",
        client: "V",
        aggregator: "V own",
      },
    });
    for (const kind of ACCOUNT_KINDS.filter((each) => presetOfKind(each).areas === undefined)) {
      expect(Object.keys(tableOf(kind)).sort(), kind).toEqual(
        [...new Set([...presetOfKind(kind).rights].map(resourceTypeOf))].sort(),
      );
    }
  });
});

describe("S0.18 what a grant gives, generated and by hand", () => {
  const below = (verbs: string) =>
    ["license_key", "machine_code", "data_object"].flatMap((type) =>
      verbs.split(" ").map((verb) => `${type}.${verb}`),
    );
  const rights = (type: string, verbs: string) => verbs.split(" ").map((verb) => `${type}.${verb}`);

  /** New customers come inside a new license key only: that is no right on customers. */
  const WRITTEN: ReadonlyArray<
    readonly [grant: string, gives: readonly string[], derives: readonly string[]]
  > = [
    ["product:view:0", rights("product", "view"), below("view")],
    ["product:view:id", rights("product", "view"), below("view")],
    ["product:edit:0", rights("product", "view edit"), below("view edit create")],
    ["product:edit:id", rights("product", "view edit"), below("view edit create")],
    ["product:owner:0", rights("product", "view edit create delete"), below("view edit create")],
    ["product:owner:id", rights("product", "view edit delete"), below("view edit create")],
    ["customer:view:0", rights("customer", "view"), []],
    ["customer:view:id", rights("customer", "view"), []],
    ["customer:edit:0", rights("customer", "view edit"), []],
    ["customer:edit:id", rights("customer", "view edit"), []],
    ["customer:owner:0", rights("customer", "view edit create delete"), []],
    ["customer:owner:id", rights("customer", "view edit delete"), []],
    ["analytics:view:0", ["analytics.view"], []],
    ["analytics:edit:0", ["analytics.view"], []],
    ["analytics:owner:0", ["analytics.view"], []],
    ["billing:view:0", ["billing.view"], ["invoice.view"]],
    ["billing:edit:0", ["billing.view", "billing.edit"], ["invoice.view"]],
    ["billing:owner:0", ["billing.view", "billing.edit"], ["invoice.view"]],
  ];

  test("is the same table, row by row", () => {
    const generated = grantTable(presetOfKind("vendor"), TYPE_TABLE).map((rule) => [
      `${rule.resourceType}:${rule.access}:${rule.resourceId}`,
      [...rule.gives],
      [...rule.derives],
    ]);
    const sorted = (rows: readonly (readonly unknown[])[]) =>
      rows
        .map((row) => JSON.stringify(row.map((cell) => (Array.isArray(cell) ? cell.toSorted() : cell))))
        .sort();
    expect(sorted(generated)).toEqual(sorted(WRITTEN));
  });

  test("a grant that only says where gives nothing by itself, and exists on one level", () => {
    const agency = grantTable(presetOfKind("agency"), TYPE_TABLE).filter(({ isReach }) => isReach);
    expect(
      agency.map(({ resourceType, access, resourceId }) => `${resourceType}:${access}:${resourceId}`).sort(),
    ).toEqual(["task:view:0", "task:view:id", "tool:view:0", "tool:view:id"]);
    expect(agency.flatMap(({ gives, derives }) => [...gives, ...derives])).toEqual([]);
  });

  test("is in the hints too", () => {
    const table = grantTable(presetOfKind("vendor"), TYPE_TABLE);
    expect(hintOf("license_key.view", table, "en")).toBe(
      "See license keys. Comes with access to: Products (view, edit, owner).",
    );
    expect(hintOf("product.create", table, "ru")).toBe(
      "Добавление продуктов. Входит в доступ: Продукты (владение).",
    );
    expect(hintOf("member.view", table, "ru")).toBe("Просмотр списка пользователей и их карточек.");
  });
});

describe("S3.54 each text in two languages has both", () => {
  const isRussian = (text: string) => /^[«А-ЯЁ]|^(API|CPQ|SOS)\b/.test(text) && /[а-яё]/.test(text);
  const texts: ReadonlyArray<readonly [title: string, text: LocalizedText]> = [
    ...RIGHT_NAMES.map((right) => [right, { en: RIGHTS[right], ru: RIGHTS_RU[right] }] as const),
    ...Object.entries({ ...AREA_TEXTS, ...TYPE_TEXTS }),
    ...Object.entries({ ...LEVEL_TEXTS, ...BUNDLE_TEXTS }).flatMap(
      ([key, { name, description }]) =>
        [
          [key, name],
          [key, description],
        ] as const,
    ),
    ...Object.entries(ROLE_TEXTS).flatMap(([model, roles]) =>
      Object.entries(roles).flatMap(
        ([key, { name, description }]) =>
          [
            [`${model} ${key}`, name],
            [`${model} ${key}`, description],
          ] as const,
      ),
    ),
  ];

  test("every text is English in English and Russian in Russian, and a sentence ends", () => {
    expect(
      texts
        .filter(
          ([, { en, ru }]) => /[а-яё]/i.test(en) || !isRussian(ru) || en.endsWith(".") !== ru.endsWith("."),
        )
        .map(([title]) => title),
    ).toEqual([]);
    expect(texts.length).toBeGreaterThan(200);
  });

  test("every right, type, area, role and bundle has one, and nothing else has", () => {
    expect(Object.keys(RIGHTS_RU).sort()).toEqual([...RIGHT_NAMES].sort());
    expect(Object.keys(TYPE_TEXTS).sort()).toEqual([...new Set(RIGHT_NAMES.map(resourceTypeOf))].sort());
    const presets = ACCOUNT_KINDS.map(presetOfKind);
    const names = (of: (preset: (typeof presets)[number]) => readonly string[]) =>
      [...new Set(presets.flatMap(of))].sort();
    expect(
      Object.entries(ROLE_TEXTS)
        .flatMap(([model, roles]) => Object.keys(roles).map((role) => `${model} ${role}`))
        .sort(),
    ).toEqual(names(({ model, roles }) => Object.keys(roles).map((role) => `${model} ${role}`)));
    expect(Object.keys(AREA_TEXTS).sort()).toEqual(names(({ areas = {} }) => Object.keys(areas)));
    expect(Object.keys(BUNDLE_TEXTS).sort()).toEqual(names(({ bundles }) => Object.keys(bundles)));
  });
});

test.each([
  [null, "ru", "ru"],
  [null, null, "en"],
  ["", "ru", "ru"],
  ["*", "ru", "ru"],
  ["en", "ru", "en"],
  ["ru", "en", "ru"],
  ["RU-ru", "en", "ru"],
  ["de, ru;q=0.5, en;q=0.4", "en", "ru"],
  ["en;q=0.4,ru;q=0.40", "ru", "en"],
  ["ru;q=0.1, en;q=0.9", "ru", "en"],
  ["ru ; q=1.0", "en", "ru"],
  ["de, fr", "ru", "ru"],
  ["ru;q=0", "ru", "en"],
  ["en;q=0, *", "ru", "ru"],
  ["ru;q=2", "en", "en"],
  ["ru;q=0.1234", "en", "en"],
  ["r\u0000u", "en", "en"],
  ["ru".repeat(5_000), "en", "en"],
  [`${",".repeat(5_000)}ru`, "en", "en"],
  [`ru-${"a".repeat(60)}`, "en", "ru"],
] as const)("S3.54 Accept-Language %j of a member whose language is %s: %s", (header, own, expected) => {
  expect(languageOf(header, [own, null])).toBe(expected);
});

test("custom roles alone need the plan as no role does: a name outside the model changes nothing", () => {
  const restricted = (...roles: string[]) => isRestrictedMember(presetOfKind("vendor"), roles);
  expect([
    restricted(),
    restricted("operator"),
    restricted("rol_1"),
    restricted("constructor"),
    restricted("owner", "rol_1"),
    restricted("owner", "operator"),
  ]).toEqual([true, true, true, true, false, false]);
  expect(isRestrictedMember(presetOfKind("team"), ["rol_1"])).toBe(false);
});
