import { describe, expect, it } from "vitest";
import { RIGHT_NAMES } from "../../../src/access/right.ts";
import { periodOf } from "../../../src/kernel/period.ts";
import { REPORTS } from "../../../src/products/reports/report.ts";
import { toCsv } from "../../../src/channels/workbook/table.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const DAY_MS = 86_400_000;

describe("the period of a report", () => {
  const coming = REPORTS["expiring-licenses"];
  const past = REPORTS.downloads;
  it.each([
    ["what is to come: the next 30 days", coming, {}, [NOW, NOW + 30 * DAY_MS]],
    ["what was: the last 30 days", past, {}, [NOW - 30 * DAY_MS, NOW]],
    [
      "from alone, of what was",
      past,
      { from: "2026-02-28T00:00:00Z" },
      [Date.parse("2026-02-28T00:00:00Z"), NOW],
    ],
    [
      "to alone, of what was",
      past,
      { to: "2026-02-28T00:00:00Z" },
      [Date.parse("2026-02-28T00:00:00Z") - 30 * DAY_MS, Date.parse("2026-02-28T00:00:00Z")],
    ],
    [
      "to alone and in the past, of what is to come",
      coming,
      { to: "2026-02-28T00:00:00Z" },
      [Date.parse("2026-02-28T00:00:00Z"), Date.parse("2026-02-28T00:00:00Z")],
    ],
    [
      "both, with an offset",
      coming,
      { from: "2026-03-01T00:00:00+02:00", to: "2026-03-02T00:00:00Z" },
      [Date.parse("2026-02-28T22:00:00Z"), Date.parse("2026-03-02T00:00:00Z")],
    ],
  ] as const)("%s", (_, report, asked, [from, to]) => {
    expect(periodOf(asked, report, NOW, "UTC")).toEqual({ from, to });
  });

  it.each([
    ["UTC", "2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z"],
    ["Europe/Moscow", "2026-02-28T21:00:00Z", "2026-03-02T21:00:00Z"],
    ["America/New_York", "2026-03-01T05:00:00Z", "2026-03-03T05:00:00Z"],
  ])("K15 dates are whole days of the account's zone, the last one included: %s", (zone, from, to) => {
    expect(periodOf({ from: "2026-03-01", to: "2026-03-02" }, past, NOW, zone)).toEqual({
      from: Date.parse(from),
      to: Date.parse(to),
    });
    expect(periodOf({ from: "2026-03-01", to: "2026-03-01T06:00:00Z" }, past, NOW, zone)).toEqual({
      from: Date.parse(from),
      to: Date.parse("2026-03-01T06:00:00Z"),
    });
    expect(periodOf({ from: "2026-03-03", to: "2026-03-01" }, past, NOW, zone)).toBeNull();
  });

  it("does not end before it begins", () => {
    expect(
      periodOf({ from: "2026-03-02T00:00:00Z", to: "2026-03-01T00:00:00Z" }, past, NOW, "UTC"),
    ).toBeNull();
  });
});

describe("CSV", () => {
  const body = (value: string | number | null) => toCsv(["a"], [{ a: value }]).split("\r\n")[1];
  it("begins with a byte order mark and its columns, and ends each line with CRLF (RFC 4180)", () => {
    expect(toCsv(["a", "b"], [{ a: 1, b: "x" }, { b: null }])).toBe("\uFEFFa,b\r\n1,x\r\n,\r\n");
  });
  it.each([
    ["=1+1", "'=1+1"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\tx", "'\tx"],
    ["\r=x", "\"'\r'=x\""],
    ["=a,b", '"\'=a,b"'],
    ["x;=1", "x;'=1"],
    ["x; =1", "x;' =1"],
    ["x,+1", '"x,\'+1"'],
    ["x|@A1", "x|'@A1"],
    ["x\t-1", "x\t'-1"],
    ["\t=1", "'\t'=1"],
    ["x\n=1", '"x\n\'=1"'],
    ['x"=1', '"x""\'=1"'],
    ["=1;=2", "'=1;'=2"],
    ["＝1+1", "'＝1+1"],
    ["＋1", "'＋1"],
    ["－1", "'－1"],
    ["＠A1", "'＠A1"],
    [" =1", "' =1"],
  ])("tells a spreadsheet that %j is no formula", (value, cell) =>
    expect(toCsv(["a"], [{ a: value }])).toBe(`\uFEFFa\r\n${cell}\r\n`),
  );
  it.each([
    ["a,b", '"a,b"'],
    ['a"b', '"a""b"'],
    [-5, "-5"],
    [null, ""],
    ["Жук", "Жук"],
    ["a-b;c", "a-b;c"],
    ["1+1=2", "1+1=2"],
  ])("writes %j as one cell", (value, cell) => expect(body(value)).toBe(cell));
});

it("every report goes by rights that exist", () => {
  for (const { rights, modelRights } of Object.values(REPORTS))
    for (const right of [...rights, ...modelRights]) expect(RIGHT_NAMES).toContain(right);
});
