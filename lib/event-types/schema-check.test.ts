import { describe, expect, it } from "vitest";
import { inspectJson } from "./json-value";
import { Budget, compileSchema, schemaErrors } from "./schema-check";
import { judgeSchema, type JsonSchema } from "./schema-rules";

const refusals = (schema: JsonSchema) =>
  schemaErrors(schema).map(({ pointer, code }) => `${pointer} ${code}`);

const given = (value: unknown) => ({ size: inspectJson(value).size, budget: new Budget() });

/** What a schema says of a value, as "pointer code". */
function complaints(schema: JsonSchema, value: unknown): string[] {
  const errors = compileSchema(schema)(value, given(value));
  return errors.map(({ pointer, code }) => `${pointer} ${code}`);
}

/** Each refers to the next one twice: 2^30 checks of one value. */
const laughs = Object.fromEntries(
  Array.from({ length: 30 }, (_, place) => {
    const next = { $ref: `#/$defs/a${place + 1}` };
    return [`a${place}`, { allOf: [next, next] }];
  }),
);

describe("a schema", () => {
  it.each([
    [{}],
    [{ type: "object", properties: { a: { type: ["string", "null"], maxLength: 3 } } }],
    [{ $schema: "https://json-schema.org/draft/2020-12/schema", type: "object" }],
    [{ $defs: { day: { format: "date" } }, properties: { a: { $ref: "#/$defs/day" } } }],
    [{ patternProperties: { "^[a-z]$": true }, additionalProperties: false }],
    [{ properties: { a: { pattern: "^[\\p{L}\\d-]{1,20}$", "x-shown": true } } }],
    [{ properties: { b: true }, dependentRequired: { a: ["b"] }, unevaluatedProperties: false }],
  ])("may be %j", (schema) => {
    expect(schemaErrors(schema)).toEqual([]);
    expect(complaints(schema, { b: "B" })).toEqual([]);
  });

  it.each([
    [{ type: "objekt" }, "/type not_allowed"],
    [{ properties: [] }, "/properties wrong_type"],
    [{ properties: { a: { required: "b" } } }, "/properties/a/required wrong_type"],
    [{ properties: { a: { tpye: "string" } } }, "/properties/a/tpye unknown_keyword"],
    [{ properties: { a: { nullable: true } } }, "/properties/a/nullable unknown_keyword"],
    [{ $async: true }, "/$async unknown_keyword"],
    [{ $id: "https://example.com/a" }, "/$id unknown_keyword"],
    [{ $schema: "http://json-schema.org/draft-07/schema#" }, "/$schema not_allowed"],
    [{ items: { $ref: "https://example.com/a" } }, "/items/$ref unknown_reference"],
    [{ items: { $ref: "#/properties/a" } }, "/items/$ref unknown_reference"],
    [{ items: { $ref: "#/$defs/toString" } }, "/items/$ref unknown_reference"],
    [{ items: { $defs: {} } }, "/items/$defs not_allowed"],
    [{ $defs: { a: { $ref: "#/$defs/a" } } }, "/$defs/a/$ref not_allowed"],
    [
      { $defs: { a: { items: { $ref: "#/$defs/b" } }, b: { not: { $ref: "#/$defs/a" } } } },
      "/$defs/b/not/$ref not_allowed",
    ],
    [{ format: "phone" }, "/format not_allowed"],
    [{ pattern: "(" }, "/pattern invalid_pattern"],
    [{ pattern: "(a)\\1" }, "/pattern invalid_pattern"],
    [{ pattern: "(?=a)" }, "/pattern invalid_pattern"],
    [{ pattern: "(?i)a" }, "/pattern invalid_pattern"],
    [{ patternProperties: { "a{2000}": {} } }, "/patternProperties/a{2000} invalid_pattern"],
    [{ $defs: { ...laughs, a30: {} }, $ref: "#/$defs/a0" }, " too_large"],
    [{ anyOf: Array.from({ length: 500 }, () => ({ type: "null" })) }, " too_large"],
  ])("is refused as %j", (schema, refusal) => {
    expect(refusals(schema)).toEqual([refusal]);
  });

  it("is refused when its patterns are too much together", () => {
    const parts = Array.from({ length: 30 }, (_, place) => ({
      pattern: `^([a-z]{30}){30}${place}$`,
    }));
    expect(refusals({ allOf: parts })[0]).toMatch(/^\/allOf\/\d+\/pattern too_large$/);
    expect(refusals({ allOf: parts.slice(0, 10) })).toEqual([]);
  });

  it("of 500 schemas in all is made ready", () => {
    const parts = Array.from({ length: 499 }, (_, place) => ({ required: [`a${place}`] }));
    expect(refusals({ anyOf: parts })).toEqual([]);
    expect(complaints({ anyOf: parts }, { a498: 1 })).toEqual([]);
    const links = parts.map((_, place) => [`a${place}`, { $ref: `#/$defs/a${place + 1}` }]);
    const chain = { ...Object.fromEntries(links.slice(0, -1)), a498: { type: "integer" } };
    expect(refusals({ $defs: chain, $ref: "#/$defs/a0" })).toEqual([]);
    expect(complaints({ $defs: chain, $ref: "#/$defs/a0" }, "a")).toEqual([" wrong_type"]);
  });

  it("says which values a keyword takes", () => {
    expect(schemaErrors({ type: "text" })[0]?.message).toContain('"array", "boolean"');
    expect(schemaErrors({ format: "phone" })[0]?.message).toContain("date-time");
  });

  it("weighs what it refers to as often as it does", () => {
    const part = { properties: { a: { type: "string" }, b: { type: "string" } } };
    const of = (times: number) =>
      judgeSchema({
        $defs: { part },
        allOf: Array.from({ length: times }, () => ({ $ref: "#/$defs/part" })),
      }).weight;
    expect(of(20) - of(10)).toBe(of(30) - of(20));
    expect(of(20) - of(10)).toBeGreaterThan(50);
  });
});

describe("a value", () => {
  const schema = {
    type: "object",
    properties: {
      title: { type: "string", maxLength: 5 },
      state: { enum: ["open", "closed"] },
      rooms: { type: "array", items: { type: "integer" }, uniqueItems: true },
      day: { format: "date" },
      code: { pattern: "^[A-Z]+$" },
      kind: { const: "meeting" },
    },
    required: ["title"],
    additionalProperties: false,
  };

  it.each([
    [{ title: "a" }],
    [{ title: "a", state: "open", rooms: [1, 2], day: "2026-11-23", code: "AB", kind: "meeting" }],
  ])("%j is accepted", (value) => {
    expect(complaints(schema, value)).toEqual([]);
  });

  it.each([
    [{}, ["/title required"]],
    [{ title: 5 }, ["/title wrong_type"]],
    [{ title: "a", "b/c": 1 }, ["/b~1c unknown_field"]],
    [{ title: "a", state: "won", rooms: ["x"] }, ["/state not_allowed", "/rooms/0 wrong_type"]],
    [{ title: "a", rooms: [1, 2, 1] }, ["/rooms invalid"]],
    [{ title: "a", day: "2026-02-30" }, ["/day invalid"]],
    [{ title: "a", code: "ab" }, ["/code invalid"]],
    [{ title: "a", kind: "call" }, ["/kind not_allowed"]],
    [[], [" wrong_type"]],
  ])("%j is refused, each part by its pointer", (value, expected) => {
    expect(complaints(schema, value)).toEqual(expected);
  });

  it("is told what would be right", () => {
    const value = { title: "a", state: "won" };
    const [error] = compileSchema(schema)(value, given(value));
    expect(error?.message).toBe('must be one of "open", "closed"');
  });

  it.each([
    [
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      false,
    ],
    [[{ a: 1 }, [["a", 1]]], true],
    [[1, "1", true, null], true],
    [[[], {}], true],
  ])("of the items %j is unique: %s", (items, isUnique) => {
    expect(complaints({ uniqueItems: true }, items)).toEqual(isUnique ? [] : [" invalid"]);
  });

  it("of many items is told unique in one pass", () => {
    const items = Array.from({ length: 100_000 }, (_, place) => ({ place }));
    expect(complaints({ uniqueItems: true }, items)).toEqual([]);
  });

  it.each(["^(a+)+$", "^(a|a)*$", "a*a*a*a*a*b"])(
    "meets the pattern %s in linear time",
    (pattern) => {
      expect(complaints({ pattern }, `${"a".repeat(50_000)}!`)).toEqual([" invalid"]);
    },
  );

  it("is refused when it is too much to check", () => {
    const pattern = "^[ab]*a[ab]{500}[cd]$";
    expect(complaints({ items: { pattern } }, ["ab".repeat(100), "b"])).toHaveLength(2);
    expect(complaints({ items: { pattern } }, ["ab".repeat(400_000)])).toEqual([" too_large"]);
    const checks = Array.from({ length: 100 }, (_, place) => ({ format: "uri", minLength: place }));
    expect(complaints({ allOf: checks }, `http://a.org/${"a".repeat(500_000)}`)).toEqual([
      " too_large",
    ]);
  });

  const manyKinds = Array.from({ length: 300 }, (_, place) => ({ const: place }));
  const ofManyKinds = { anyOf: manyKinds };
  it.each([
    ["anyOf", { items: { anyOf: manyKinds } }],
    ["oneOf", { items: { oneOf: manyKinds } }],
    ["contains", { contains: ofManyKinds }],
    ["not", { items: { not: ofManyKinds } }],
    ["if", { items: { if: ofManyKinds, else: true } }],
    ["unevaluatedItems", { unevaluatedItems: ofManyKinds }],
    ["$ref", { items: { not: { $ref: "#/$defs/kinds" } }, $defs: { kinds: ofManyKinds } }],
    ["uniqueItems", { allOf: Array.from({ length: 300 }, () => ({ uniqueItems: true })) }],
  ])("of few bytes costs little, whatever %s would make of them", (_, heavy) => {
    const numbers = (length: number) => Array.from({ length }, () => -1);
    expect(complaints(heavy, numbers(5_000))).toEqual([" too_large"]);
    expect(complaints(heavy, numbers(1))).not.toContain(" too_large");
  });

  it("of an ordinary size is checked against alternatives", () => {
    const alternatives = { items: { oneOf: manyKinds.slice(0, 5) } };
    const numbers = Array.from({ length: 10_000 }, (_, place) => place % 5);
    expect(complaints(alternatives, numbers)).toEqual([]);
  });

  it("is checked at the expense of one request's budget", () => {
    const budget = new Budget();
    const check = compileSchema({ type: "array" });
    const again = () => check([], { size: 3_000_000, budget });
    expect([again(), again(), again(), again()].flat()).toMatchObject([{ code: "too_large" }]);
  });

  it("is told only the first thing when there is much of it", () => {
    const many = Array.from({ length: 300_000 }, () => "x");
    expect(complaints({ items: { type: "integer" } }, many)).toEqual(["/0 wrong_type"]);
  });
});
