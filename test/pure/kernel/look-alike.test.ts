import { describe, expect, it } from "vitest";
import { areNamesAlike, canonicalSerial } from "../../../src/kernel/text/look-alike.ts";

const ALIKE: readonly (readonly [string, string])[] = [
  ["Billing", "Bil\u200Bling"],
  ["Billing", "BILLING"],
  ["Billing", "BiIling"],
  ["Billing", "B\u00ADilling\u2060"],
  ["All", "ＡＬＬ"],
  ["All", "А\uFE0Fll"],
  ["Owner", "Оwner"],
  ["Owner", "ОWNER"],
  ["OWNER", "Οwner"],
  ["Owner", "0wner"],
  ["Support", "Ѕuрроrt"],
  ["Nova", "Νova"],
  ["vova", "νova"],
  ["New value", "Νew νalue"],
  ["cab", "ϲab"],
  ["Гала", "Γала"],
  ["Νίκη", "ΝΊΚΗ"],
  ["Ελλάς", "ΕΛΛΆΣ"],
  ["Все", "Bce"],
  ["Вера", "ВЕРА"],
  ["Straße", "STRASSE"],
  ["file", "ﬁle"],
  ["Café", "Cafe\u0301"],
  ["Support team", " Support \u00A0 team"],
];

const APART: readonly (readonly [string, string])[] = [
  ["Nans", "Vans"],
  ["Support", "Support 2"],
  ["Mail", "Mall"],
  ["Team A", "Team B"],
  ["Café", "Cafe"],
  ["Склад", "Сквад"],
  ["Счета", "Счёт"],
];

describe("names as a reader sees them", () => {
  it.each(ALIKE)("K10 %j and %j are alike", (one, two) => {
    expect([areNamesAlike(one, two), areNamesAlike(two, one)]).toEqual([true, true]);
  });
  it.each(APART)("K10 %j and %j are two names", (one, two) => {
    expect(areNamesAlike(one, two)).toBe(false);
  });

  it("K10 a serial number is one in any form, width and case, with and without blanks", () => {
    const forms = [
      "ＡＢ-1",
      "AB\u200B-1",
      "ab-1",
      " A B - 1",
      "AB\u00A0-1",
      "АВ-1",
      "ΑΒ-1",
      "AB\u00AD-1\u2800",
    ];
    expect(forms.map(canonicalSerial)).toEqual(forms.map(() => "ab-1"));
    expect(canonicalSerial("AB-2")).not.toBe(canonicalSerial("AB-1"));
  });

  it("K10 no form, width or case of any character makes another serial number of it", () => {
    const apart: string[] = [];
    // All alphabets and all compatible forms, without the ideographs and Hangul, which have no case.
    const ranges = [
      [0, 0x33ff],
      [0xa000, 0xabff],
      [0xf900, 0xffff],
      [0x10400, 0x1057f],
      [0x1d400, 0x1d7ff],
      [0x1e900, 0x1e95f],
    ] as const;
    const codes = ranges.flatMap(([from, to]) =>
      Array.from({ length: to - from + 1 }, (_, index) => from + index),
    );
    for (const code of codes) {
      const character = String.fromCodePoint(code);
      const serial = canonicalSerial(character);
      const normal = [character.normalize("NFKC"), character.normalize("NFKD")];
      const forms = [
        ...normal,
        character.toUpperCase(),
        character.toLowerCase(),
        `\u200B${character}\u2060 `,
      ];
      if (forms.some((form) => canonicalSerial(form) !== serial)) apart.push(code.toString(16));
      // ASCII is compared by its case alone, so that a migration can do it.
      if (code > 0x20 && code < 0x7f && serial !== character.toLowerCase()) apart.push(`ascii ${character}`);
    }
    expect(apart).toEqual([]);
  });
});
