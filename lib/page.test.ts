import { describe, expect, it } from "vitest";
import { AppError } from "./errors";
import { newId } from "./id";
import { cutPage, readPage } from "./page";

const read = (query: string, known?: string[]) => readPage(new URLSearchParams(query), known);

function refusedPointers(query: string, known?: string[]): string[] {
  try {
    read(query, known);
  } catch (error) {
    if (error instanceof AppError) return error.fields.map(({ pointer }) => pointer);
  }
  return [];
}

describe("readPage", () => {
  it("is 50 rows from the newest on by default", () => {
    expect(read("")).toEqual({ limit: 50, after: null });
  });

  it.each([1, 100])("takes a limit of %s", (limit) => {
    expect(read(`limit=${limit}`).limit).toBe(limit);
  });

  it.each(["limit=0", "limit=101", "limit=-1", "limit=1e2", "limit=ten", "limit=", "limit=1.5"])(
    "refuses %s",
    (query) => {
      expect(refusedPointers(query)).toEqual(["/limit"]);
    },
  );

  it.each(["cursor=", "cursor=abc", "cursor=%00", "cursor=MQ"])("refuses %s", (query) => {
    expect(refusedPointers(query)).toEqual(["/cursor"]);
  });

  it("refuses a parameter it does not know, and takes those it is told of", () => {
    expect(refusedPointers("status=x&limit=0")).toEqual(["/status", "/limit"]);
    expect(refusedPointers("status=x", ["status"])).toEqual([]);
  });
});

describe("cutPage", () => {
  const rows = Array.from({ length: 3 }, () => ({ id: newId() })).toReversed();

  it("has no next page when all rows fit", () => {
    expect(cutPage(rows, { limit: 3, after: null })).toEqual({ rows, next: null });
  });

  it("gives a cursor that reads back as the last row shown", () => {
    const page = cutPage(rows, { limit: 2, after: null });
    expect(page.rows).toEqual(rows.slice(0, 2));
    expect(read(`cursor=${page.next}`).after).toBe(rows[1]?.id);
  });
});
