import { expect, test } from "vitest";
import { pick } from "../../../src/commands/pick.ts";

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
])("%s is %s", (path, value) => expect(pick(ANSWER, path)).toBe(value));

test("a text that is no JSON has no value", () =>
  expect(pick("accountId,type", "accountId")).toBe(undefined));
