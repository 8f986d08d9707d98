import { describe, expect, test } from "vitest";
import { BillingPatch } from "../../../src/products/billing/billing.card.ts";
import { findCardNumber, hasCardNumber } from "../../../src/products/billing/card-number.ts";

describe("what looks like a card number", () => {
  test.each([
    ["Visa", "4242424242424242"],
    ["thirteen digits", "4222222222222"],
    ["American Express", "378282246310005"],
    ["nineteen digits", "6200000000000000000"],
    ["Mir", "2200 0000 0000 0004"],
    ["Diners", "30569309025904"],
    ["in groups", "4242 4242 4242 4242"],
    ["with hyphens", "4242-4242-4242-4242"],
    ["with dashes and odd spaces", "4242\u2013 4242\u00a04242\u20094242"],
    ["inside a text", "card:5555555555554444;cvc"],
    ["after other digits", "00012345555555555554444"],
    ["in full width", "４２４２４２４２４２４２４２４２"],
    ["in other digits", "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"],
    ["as a token", "pm_4242424242424242"],
    ["with zero-width spaces", "4242\u200b4242\u200b4242\u200b4242"],
    ["with soft hyphens", "4242\u00ad4242\u00ad4242\u00ad4242"],
    ["with bars", "4242|4242|4242|4242"],
    ["with middle dots", "4242·4242·4242·4242"],
    ["with brackets and signs", "(4242) #4242 + 4242 = 4242"],
  ])("%s", (_, text) => expect(hasCardNumber(text)).toBe(true));

  test.each([
    ["a wrong check digit", "1111111111111"],
    ["a phone number", "+380 44 123 45 67"],
    ["too short", "424242424242"],
    ["a token", "pm_1MqLiJLkdIwHu7ixUEgbFdYF"],
    ["nothing", ""],
    ["the number of a Brazilian company", "60.746.948/0001-12"],
    ["a brand's beginning with another brand's length", "42424242424242"],
    ["digits of no brand", "7777777777777777"],
    ["other digits with a wrong check digit", "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٣"],
    ["digits that letters part", "4242 4242 a 4242 4242"],
  ])("not %s", (_, text) => expect(hasCardNumber(text)).toBe(false));

  // Work that grew with the square of the length would not end before the test's own limit.
  test.each(["5", "4", "4 ", "٤"])("a long text of %j is read to its end", (digit) => {
    expect(hasCardNumber(`${digit.repeat(200_000 / digit.length)} a 4242424242424242`)).toBe(true);
  });

  test("what is too long is not looked into", () => {
    expect(BillingPatch.safeParse({ tier: "5".repeat(10_000_000) }).success).toBe(false);
  });

  test("is found wherever it stands, also as a number", () => {
    expect(findCardNumber({ a: [{ b: "x" }, { b: 4242424242424242 }] })).toBe("/a/1/b");
    expect(findCardNumber({ a: [{ b: "x" }], c: null, d: true, e: 42 })).toBeNull();
  });
});
