import { afterAll, describe, expect, it } from "vitest";
import { connect } from "./client";
import { databaseFailure, isDatabaseAway, isRefusedData } from "./errors";
import { createTestDatabase } from "./testing";

const database = await createTestDatabase();
const { sql } = database;
afterAll(() => database.close());

const coded = (code: string) => Object.assign(new Error(`it says ${code}`), { code });
const meaningOf = (thrown: unknown) => databaseFailure(thrown)?.failure ?? null;
const errorOf = (promise: PromiseLike<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

describe("what an error means", () => {
  it.each([
    ["lost", ["CONNECTION_CLOSED", "CONNECTION_SILENT", "ECONNRESET", "EPIPE", "08006", "57P01"]],
    ["unreachable", ["CONNECT_TIMEOUT", "ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"]],
    ["busy", ["53300", "53100", "57014", "57P03", "55P03", "25006", "28P01", "40P01", "40001"]],
    ["refused", ["22P05", "22021", "23503", "23505"]],
    [null, ["42P01", "42601", "XX000", "ERR_INVALID_ARG_TYPE", ""]],
  ])("is %s for the codes %j, also in a cause", (meaning, codes) => {
    for (const code of codes) {
      expect(meaningOf(coded(code)), code).toBe(meaning);
      expect(meaningOf(new Error("Failed query", { cause: coded(code) })), code).toBe(meaning);
    }
  });

  it("is nothing for what is no error at all", () => {
    for (const thrown of ["08006", null, undefined, { code: "08006" }])
      expect(meaningOf(thrown)).toBeNull();
  });
});

describe("an error of a real database", () => {
  it("is that it is away when nothing listens there", async () => {
    const away = connect("postgres://nobody@127.0.0.1:9/nothing");
    expect(isDatabaseAway(await errorOf(away.sql`select 1`))).toBe(true);
    expect(isDatabaseAway(await errorOf(away.orm.execute("select 1")))).toBe(true);
    await away.close();
  });

  it("is that it has no time when it ends a statement, through Drizzle too", async () => {
    const slow = connect(database.url, { statementTimeoutMs: 50 });
    expect(meaningOf(await errorOf(slow.sql`select pg_sleep(5)`))).toBe("busy");
    expect(meaningOf(await errorOf(slow.orm.execute("select pg_sleep(5)")))).toBe("busy");
    await slow.close();
  });

  it("is that the data is at fault where it is, and none of this for a wrong statement", async () => {
    expect(isRefusedData(await errorOf(sql`select ${"\\ud800"}::text::jsonb`))).toBe(true);
    expect(isRefusedData(await errorOf(sql`select 'x'::int`))).toBe(true);
    const wrong = await errorOf(sql`select * from no_such_table`);
    expect([isRefusedData(wrong), isDatabaseAway(wrong), meaningOf(wrong)]).toEqual([
      false,
      false,
      null,
    ]);
  });
});
