import { describe, expect, it } from "vitest";
import { parseJson } from "./parse-json";

describe("parseJson", () => {
  it.each(['{"a":[1,-0.5e+3,true,null,{}],"b":"\\u00e9\\n"}', " [] ", '"x"', "0"])(
    "reads %s",
    (text) => {
      expect(parseJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
    },
  );

  it.each([
    ["", 1, "it is empty"],
    ['{"a": }', 7, "a value should stand here"],
    ["{'a': 1}", 2, 'a name in double quotes or "}" should stand here'],
    ['{"a": 1,}', 9, "a name in double quotes should stand here"],
    ['{"a" 1}', 6, '":" should stand here'],
    ['{"a": 1', 8, 'it ends where "," or "}" should follow'],
    ["[1 2]", 4, '"," or "]" should stand here'],
    ["[1}", 3, '"," or "]" should stand here'],
    ["[,]", 2, 'a value or "]" should stand here'],
    ["[1,]", 4, "a value should stand here"],
    ["{} x", 4, "nothing more should stand here"],
    ["nulls", 1, "a value should stand here"],
    ["[0, 01]", 5, "a value should stand here"],
    ["priority=critical", 1, "a value should stand here"],
    ['{"a": "b}', 7, "this text has no end"],
    ['["\\x"]', 2, "this text has no end, or it holds a line break or an escape"],
  ])("says where %j is wrong", (text, column, complaint) => {
    expect(parseJson(text)).toEqual({
      ok: false,
      problem: expect.stringContaining(`line 1, column ${column}: ${complaint}`),
    });
  });

  it("shows the line with a mark below", () => {
    expect(parseJson('{\n\t"a": 1,\n\t"b": [}\n}')).toEqual({
      ok: false,
      problem: `line 3, column 8: a value or "]" should stand here\n   "b": [}\n         ^`,
    });
  });

  it("shows of a long line what is near", () => {
    const problem = parseJson(`[${"1,".repeat(500)}]`);
    expect(problem).toEqual({ ok: false, problem: expect.stringMatching(/^.{1,80}\n.{1,80}\n/) });
  });
});
