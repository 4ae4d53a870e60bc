import { describe, expect, it } from "vitest";
import { AppError } from "./errors";
import { checkIfMatch, checkIfMatchText, isNamed, tagOf } from "./etag";

function isRefused(check: () => void): boolean {
  try {
    check();
    return false;
  } catch (error) {
    return error instanceof AppError && error.code === "precondition_failed";
  }
}

const tag = tagOf('{"a":1}', 3);

describe("tagOf", () => {
  it("tells versions and texts apart", () => {
    const tags = [tag, tagOf('{"a":1}', 4), tagOf('{"a":2}', 3), tagOf('{"a":1}')];
    expect(new Set(tags).size).toBe(4);
    for (const one of tags) expect(one).toMatch(/^"[\w-]+"$/);
    expect(tagOf('{"a":1}', 3)).toBe(tag);
  });
});

describe("isNamed", () => {
  it.each([
    [null, false],
    ["", false],
    ["*", true],
    [tag, true],
    [`W/${tag}`, true],
    [`"other", ${tag}`, true],
    [`"other",W/${tag} , "more"`, true],
    ['"other"', false],
    [tag.slice(1, -1), false],
  ])("finds the tag in %j: %j", (header, isThere) => {
    expect(isNamed(header, tag)).toBe(isThere);
  });
});

describe("checkIfMatch", () => {
  it.each([
    [null, false],
    ["*", false],
    [tag, false],
    ['"v3-another"', false],
    ['"v2-x", "v3-x"', false],
    ['"v2-x"', true],
    ['"v33-x"', true],
    ['"x"', true],
    ["v3-x", true],
    ["", true],
  ])("given %j for version 3 refuses: %j", (ifMatch, isIt) => {
    expect(isRefused(() => checkIfMatch({ ifMatch }, 3))).toBe(isIt);
  });
});

describe("checkIfMatchText", () => {
  it.each([
    [null, false],
    ["*", false],
    [tagOf("text"), false],
    [`"other", ${tagOf("text")}`, false],
    [tagOf("another"), true],
    ["", true],
  ])("given %j refuses: %j", (ifMatch, isIt) => {
    expect(isRefused(() => checkIfMatchText({ ifMatch }, "text"))).toBe(isIt);
  });
});
