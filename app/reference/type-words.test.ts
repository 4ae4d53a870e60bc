import { describe, expect, it } from "vitest";
import type { JsonSchema } from "@/lib/api/schema";
import { typeWords } from "./type-words";

const uuid: JsonSchema = { type: "string", format: "uuid" };

describe("typeWords", () => {
  it.each<[string, JsonSchema]>([
    ["text", { type: "string" }],
    ["text, 1 to 200 characters", { type: "string", minLength: 1, maxLength: 200 }],
    ["text, at most 50 characters or null", { type: ["string", "null"], maxLength: 50 }],
    ["UUID or null", { anyOf: [uuid, { type: "null" }] }],
    ["low or high", { type: "string", enum: ["low", "high"] }],
    ["list of UUIDs", { type: "array", items: uuid }],
    ["text, at most 100,000 characters", { type: "string", maxLength: 100_000 }],
    ["text, not empty", { type: "string", minLength: 1 }],
    [
      "list of 1 to 200 texts, each at most 100 characters",
      { type: "array", items: { type: "string", maxLength: 100 }, minItems: 1, maxItems: 200 },
    ],
    ["whole number, 0 to 100", { type: "integer", minimum: 0, maximum: 100 }],
    ["whole number, at least 1", { type: "integer", minimum: 1 }],
    ["whole number", { type: "integer", minimum: 0 }],
    ["true", { const: true }],
    ["true or false", { type: "boolean" }],
    ["anything", {}],
  ])("says %j", (words, schema) => {
    expect(typeWords(schema)).toBe(words);
  });
});
