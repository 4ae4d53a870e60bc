import { describe, expect, it } from "vitest";
import { inspectJson } from "./json-value";

const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });

describe("inspectJson", () => {
  it.each([
    ["a text with NUL", { a: ["x", "y\u0000"] }, "/a/1"],
    ["half a surrogate pair", { a: { "b/c": "\ud83d" } }, "/a/b~1c"],
    ["a number beyond those of JavaScript", JSON.parse('{"a":1e400}'), "/a"],
    ["a key with NUL", { a: { "\u0000": 1 } }, "/a"],
    ["the key __proto__", JSON.parse('{"a":{"__proto__":{"b":1}}}'), "/a"],
  ])("refuses %s and says where it is", (_, value, pointer) => {
    expect(inspectJson(value).errors.map((error) => error.pointer)).toEqual([pointer]);
  });

  it("takes what is nested as deep as it may be, and nothing deeper", () => {
    expect(inspectJson(nested(64)).errors).toEqual([]);
    expect(inspectJson(nested(65)).errors).toMatchObject([{ code: "too_deep" }]);
    expect(inspectJson(nested(3), { deepest: 2 }).errors).toMatchObject([{ pointer: "/a/a" }]);
  });

  it("survives any depth", () => {
    expect(inspectJson(JSON.parse(`${"[".repeat(400_000)}${"]".repeat(400_000)}`)).errors).toEqual([
      expect.objectContaining({ code: "too_deep" }),
    ]);
  });

  it("points from where it was told to begin", () => {
    const { errors } = inspectJson({ a: "\u0000" }, { at: [3] });
    expect(errors.map(({ pointer }) => pointer)).toEqual(["/3/a"]);
  });

  it("counts the parts of a value, and its characters by the eight", () => {
    expect(inspectJson([1, [true], null]).size).toBe(5);
    expect(inspectJson({ "a key to it": "a".repeat(69) }).size).toBe(12);
  });
});
