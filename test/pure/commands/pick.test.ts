import { expect, test } from "vitest";
import { valueAtPath } from "../../../src/commands/json-path.ts";

const ANSWER = JSON.stringify({
  data: [{ id: "a", name: "Basalt" }, { id: "b", name: "Aurora" }, null],
  nextCursor: null,
});

test.each([
  ["data.0.id", "a"],
  ["data.name=Aurora.id", "b"],
  ["nextCursor", null],
  ["data.name=Cobalt.id", undefined],
  ["data.7.id", undefined],
  ["nextCursor.id", undefined],
  ["constructor", undefined],
])("%s is %s", (path, value) => expect(valueAtPath(ANSWER, path)).toBe(value));

test("a text that is no JSON has no value", () =>
  expect(valueAtPath("accountId,type", "accountId")).toBe(undefined));
