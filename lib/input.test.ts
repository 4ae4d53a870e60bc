import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AppError } from "./errors";
import { parseInput, pointerTo } from "./input";

const Webhook = z.strictObject({
  name: z.string().min(2, "Must have two characters"),
  types: z.array(z.enum(["a", "b"])),
  nested: z.strictObject({ on: z.boolean() }).optional(),
});

function refusalOf(input: unknown) {
  try {
    parseInput(Webhook, input);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error("it was not refused");
}

describe("parseInput", () => {
  it("answers what the schema makes of it", () => {
    expect(parseInput(Webhook, { name: "ok", types: ["a"] })).toEqual({ name: "ok", types: ["a"] });
  });

  it.each<[unknown, string, string, string?]>([
    [{ types: [] }, "/name", "required", "is required"],
    [{ name: 5, types: [] }, "/name", "wrong_type"],
    [{ name: null, types: [] }, "/name", "wrong_type"],
    [{ name: "x", types: [] }, "/name", "invalid", "must have two characters"],
    [{ name: "ok", types: ["a", "c"] }, "/types/1", "not_allowed"],
    [{ name: "ok", types: [], nested: {} }, "/nested/on", "required", "is required"],
    [{ name: "ok", types: [], more: 1 }, "/more", "unknown_field"],
    [{ name: "ok", types: [], nested: { on: true, "a/b": 1 } }, "/nested/a~1b", "unknown_field"],
    [undefined, "", "required", "is required"],
    [[], "", "wrong_type"],
    ["text", "", "wrong_type"],
  ])("refuses %j at %j as %s", (input, pointer, code, message) => {
    const { fields } = refusalOf(input);
    expect(fields).toHaveLength(1);
    expect(fields[0]).toMatchObject({ pointer, code });
    if (message) expect(fields[0]?.message).toBe(message);
  });

  it("names every wrong field, and tells the first in its own words", () => {
    const refusal = refusalOf({ name: "x", more: 1 });
    expect(refusal.code).toBe("validation_failed");
    expect(refusal.fields.map(({ pointer }) => pointer)).toEqual(["/name", "/types", "/more"]);
    expect(refusal.message).toBe("/name: must have two characters");
  });
});

describe("pointerTo", () => {
  it("escapes as RFC 6901 says", () => {
    expect(pointerTo(["a", 0, "b/c", "d~e"])).toBe("/a/0/b~1c/d~0e");
    expect(pointerTo([])).toBe("");
  });
});
