import { describe, expect, test } from "vitest";
import { cardNumberIn, holdsCardNumber } from "../../src/billing/payment-card.ts";

describe("what looks like a card number", () => {
  test.each([
    ["Visa", "4242424242424242"], ["thirteen digits", "4222222222222"], ["American Express", "378282246310005"], ["nineteen digits", "6304000000000000000"],
    ["in groups", "4242 4242 4242 4242"], ["with hyphens", "4242-4242-4242-4242"], ["with dashes and odd spaces", "4242\u2013 4242\u00a04242\u20094242"],
    ["inside a text", "card:5555555555554444;cvc"], ["after other digits", "00012345555555555554444"], ["in full width", "４２４２４２４２４２４２４２４２"],
    ["in other digits", "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"], ["as a token", "pm_4242424242424242"],
  ])("%s", (_, text) => expect(holdsCardNumber(text)).toBe(true));

  test.each([
    ["a wrong check digit", "1111111111111"], ["a phone number", "+380 44 123 45 67"], ["too short", "424242424242"], ["a token", "pm_1MqLiJLkdIwHu7ixUEgbFdYF"], ["nothing", ""],
    ["digits that letters part", "4242 4242 a 4242 4242"],
  ])("not %s", (_, text) => expect(holdsCardNumber(text)).toBe(false));

  test("is found wherever it stands, also as a number", () => {
    expect(cardNumberIn({ a: [{ b: "x" }, { b: 4242424242424242 }] })).toBe("/a/1/b");
    expect(cardNumberIn({ a: [{ b: "x" }], c: null, d: true, e: 42 })).toBeNull();
  });
});
