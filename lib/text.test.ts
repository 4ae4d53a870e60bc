import { describe, expect, it } from "vitest";
import { isStorable, longText, plainText } from "./text";

const half = "\uD83D";
const emoji = "\u{1F600}";

describe("isStorable", () => {
  it.each([
    ["text", true],
    [emoji, true],
    ["", true],
    ["a\u0000b", false],
    [half, false],
    [`a${half}b`, false],
    ["\uDE00\uD83D", false],
  ])("says of %j %s", (text, answer) => {
    expect(isStorable(text)).toBe(answer);
  });
});

describe("plainText", () => {
  const name = plainText(5);

  it("trims", () => {
    expect(name.parse("  ada ")).toBe("ada");
  });

  it("counts characters, not halves of them", () => {
    expect(name.safeParse(emoji.repeat(5)).success).toBe(true);
    expect(name.safeParse(emoji.repeat(6)).success).toBe(false);
  });

  it.each([[""], ["   "], ["longer"], ["a\u0000"], [half], [null], [undefined], [5]])(
    "refuses %j",
    (text) => {
      expect(name.safeParse(text).success).toBe(false);
    },
  );
});

describe("longText", () => {
  const description = longText(5);

  it.each([[""], [" a "], [null], [undefined], [emoji.repeat(5)]])("keeps %j as it is", (text) => {
    expect(description.parse(text)).toBe(text);
  });

  it.each([["longer"], ["a\u0000"], [half], [5]])("refuses %j", (text) => {
    expect(description.safeParse(text).success).toBe(false);
  });
});
