import { describe, expect, it } from "vitest";
import { z } from "zod";
import { curlOf } from "./curl";

const endpoint = {
  method: "POST",
  path: "/api/v1/things/{id}/names",
  body: { of: { name: "Rename", schema: z.object({}) }, example: { name: "Ada's" } },
} as const;
const baseUrl = "http://127.0.0.1:3000";

describe("curlOf", () => {
  it("is a command that a shell takes, quotes and all", () => {
    expect(curlOf(endpoint, { baseUrl, isExposed: true }).split(" \\\n  ")).toEqual([
      `curl -X POST ${baseUrl}/api/v1/things/0190a5c0-0000-7000-8000-000000000201/names`,
      '-H "Authorization: Bearer $TURBO_API_KEY"',
      '-H "Idempotency-Key: $(uuidgen)"',
      "-H 'Content-Type: application/json'",
      `-d '{\n  "name": "Ada'\\''s"\n}'`,
    ]);
  });

  it("shows no key where none is asked for", () => {
    const text = curlOf(
      { ...endpoint, method: "GET", body: undefined },
      { baseUrl, isExposed: false },
    );
    expect(text).toBe(`curl ${baseUrl}/api/v1/things/0190a5c0-0000-7000-8000-000000000201/names`);
  });
});
