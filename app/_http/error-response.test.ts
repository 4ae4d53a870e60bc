import { describe, expect, it } from "vitest";
import type { Problem } from "@/lib/api/problem";
import { AppError } from "@/lib/errors";
import { errorResponse } from "./error-response";

async function answerOf(thrown: unknown) {
  const response = errorResponse(thrown, "test");
  const problem: Problem = JSON.parse(await response.text());
  return { ...problem, retryAfter: response.headers.get("retry-after") };
}

const coded = (code: string) => Object.assign(new Error(`it says ${code}`), { code });

describe("errorResponse", () => {
  it.each(["ECONNREFUSED", "CONNECT_TIMEOUT", "ENOTFOUND", "EHOSTUNREACH"])(
    "answers 503 when the database cannot be reached (%s)",
    async (code) => {
      expect(await answerOf(coded(code))).toMatchObject({
        status: 503,
        code: "unavailable",
        retryAfter: "5",
        detail: "The database cannot be reached; try again shortly.",
      });
    },
  );

  it.each(["CONNECTION_SILENT", "CONNECTION_CLOSED", "ECONNRESET", "EPIPE", "57P01", "08006"])(
    "answers 503 and says that a change may have been made when its answer was lost (%s)",
    async (code) => {
      const { status, detail, retryAfter } = await answerOf(coded(code));
      expect([status, retryAfter]).toEqual([503, "5"]);
      expect(detail).toMatch(/it may have been made.*will then be told/);
    },
  );

  it.each(["53100", "53300", "57014", "57P03", "55P03", "25006", "28P01", "58030"])(
    "answers 503 when the database refuses for now (%s), also deep in what was thrown",
    async (code) => {
      const thrown = new Error("Failed query", { cause: coded(code) });
      const { status, detail, retryAfter } = await answerOf(thrown);
      expect([status, retryAfter]).toEqual([503, "5"]);
      expect(detail).toBe("The database cannot do this just now; try again shortly.");
    },
  );

  it.each([coded("23505"), coded("42P01"), new TypeError("a bug"), "text"])(
    "answers 500 to what is ours to mend, and says nothing of it (%s)",
    async (thrown) => {
      const { status, detail, retryAfter } = await answerOf(thrown);
      expect([status, retryAfter]).toEqual([500, null]);
      expect(detail).not.toContain("says");
    },
  );

  it("answers what a verb refused in its own words", async () => {
    expect(await answerOf(new AppError("conflict", "It was cancelled."))).toMatchObject({
      status: 409,
      detail: "It was cancelled.",
      retryAfter: null,
    });
  });
});
