import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AppError } from "./errors";
import { newId } from "./id";
import { cutPage, listParameters, readList, readPage } from "./page";

const read = (query: string) => readPage(new URLSearchParams(query));

const Filters = z.object({ status: z.enum(["open", "closed"]), since: z.coerce.date() }).partial();
const readFiltered = (query: string) => readList(new URLSearchParams(query), Filters);

function refusedPointers(query: string, reading: (query: string) => unknown = read): string[] {
  try {
    reading(query);
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

  it("refuses a parameter it does not know, together with whatever else is wrong", () => {
    expect(refusedPointers("status=x&limit=0&__proto__=1")).toEqual([
      "/status",
      "/__proto__",
      "/limit",
    ]);
  });

  it("refuses a parameter that is given twice", () => {
    expect(refusedPointers("limit=1&limit=2")).toEqual(["/limit"]);
  });
});

describe("readList", () => {
  it("reads the filters as their schema has them", () => {
    expect(readFiltered("limit=2&status=open&since=2026-01-02")).toEqual({
      page: { limit: 2, after: null },
      filters: { status: "open", since: new Date("2026-01-02") },
    });
    expect(readFiltered("").filters).toEqual({});
  });

  it("points at every filter that is wrong", () => {
    expect(refusedPointers("status=lost&since=never&cursor=x", readFiltered)).toEqual([
      "/cursor",
      "/status",
      "/since",
    ]);
  });
});

describe("listParameters", () => {
  it("documents the filters with limit and cursor", () => {
    const schema = z.toJSONSchema(listParameters(z.object({ status: Filters.shape.status })), {
      io: "input",
    });
    expect(schema.properties).toMatchObject({
      status: { enum: ["open", "closed"] },
      limit: { type: "integer", minimum: 1, maximum: 100, default: 50 },
      cursor: { type: "string" },
    });
    expect(schema.required).toBeUndefined();
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
