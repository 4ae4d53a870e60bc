import { describe, expect, it } from "vitest";
import { isStorable, longText, plainText, proseText } from "./text";

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

  it("leaves out what cannot be seen at its ends, and takes the normal form", () => {
    expect(name.parse("\u200B ada\uFEFF")).toBe("ada");
    expect(name.parse("e\u0301")).toBe("\u00E9");
  });

  it("keeps what joins the parts of one sign", () => {
    expect(plainText(20).parse("\u{1F469}\u200D\u{1F4BB}")).toBe("\u{1F469}\u200D\u{1F4BB}");
  });

  it.each([["\u200B"], ["\u202E"], ["\u2060\u00AD"], ["\u3164"], ["\uFE0F"], ["\u2800"]])(
    "refuses %j, of which nothing can be seen",
    (text) => {
      expect(name.safeParse(text).success).toBe(false);
    },
  );

  it.each([
    ["a\nb"],
    ["a\r\n b"],
    ["a\tb"],
    ["a\u2028b"],
    ["a\u0085b"],
    ["a\u001Bb"],
    ["a\u202Eb"],
  ])("refuses %j, which is not one plain line", (text) => {
    expect(name.safeParse(text).success).toBe(false);
  });

  it.each([[""], ["   "], ["longer"], ["a\u0000"], [half], [null], [undefined], [5]])(
    "refuses %j",
    (text) => {
      expect(name.safeParse(text).success).toBe(false);
    },
  );
});

describe("proseText", () => {
  const comment = proseText(8);

  it.each(["a\nb", "a\r\nb\tc", emoji.repeat(8)])("keeps %j as it is", (text) => {
    expect(comment.parse(text)).toBe(text);
  });

  it.each([[""], ["\n \n"], ["\u200B"], ["too long a text"], ["a\u0000"], [half], [null], [5]])(
    "refuses %j",
    (text) => {
      expect(comment.safeParse(text).success).toBe(false);
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
