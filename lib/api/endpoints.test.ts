import { describe, expect, it } from "vitest";
import { useEnv } from "@/lib/testing";
import { endpoints } from "./endpoints";

useEnv();

describe("endpoints", () => {
  it("have an id each, and a summary that ends without a dot", () => {
    expect(new Set(endpoints.map(({ id }) => id)).size).toBe(endpoints.length);
    for (const { summary } of endpoints) expect(summary).toMatch(/^[A-Z].*[^.]$/);
  });

  it("are one for a method of a path", () => {
    const places = endpoints.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(places).size).toBe(endpoints.length);
  });

  it("take the examples they are shown with", () => {
    for (const { id, body } of endpoints) {
      if (body) expect(body.of.schema.safeParse(body.example).error, id).toBeUndefined();
    }
  });

  it("answer as in the examples they are shown with", () => {
    for (const { id, answers } of endpoints) {
      for (const { of, example } of answers) {
        if (of && example !== undefined)
          expect(of.schema.safeParse(example).error, id).toBeUndefined();
      }
    }
  });
});
