import { afterAll, describe, expect, inject, it } from "vitest";
import { createTestDatabase } from "./testing";

const database = await createTestDatabase();
const { sql } = database;
afterAll(() => database.close());

describe("a statement whose type lies", () => {
  it("is refused when it promises a string and gets a Date, whether or not there are rows", async () => {
    await expect(sql<{ made_at: string }[]>`select now() as made_at`).rejects.toThrow(
      /^db\/testing-rows\.test\.ts:\d+: its type promises string in "made_at", where Date is$/,
    );
    await expect(sql<{ made_at: string }[]>`select now() as made_at where false`).rejects.toThrow(
      'promises string in "made_at"',
    );
  });

  it("is refused when it promises a number and gets the text of a large one", async () => {
    await expect(sql<{ count: number }[]>`select count(*) from events`).rejects.toThrow(
      'promises number in "count", where string is',
    );
  });

  it("is refused when it promises what may be null, or what is not there", async () => {
    await expect(sql<{ actor: string }[]>`select null::text as actor`).rejects.toThrow(
      'promises string in "actor", where null is',
    );
    await expect(
      sql<{ id: string; name: string }[]>`select id from events limit 0`,
    ).rejects.toThrow('its type has a column "name", its statement has none');
  });

  it("is refused within a transaction too, and with parameters", async () => {
    const work = database.begin(async (handle) => {
      await handle.sql<{ at: string }[]>`select ${1}::int as one, now() as at`;
    });
    await expect(work).rejects.toThrow('promises string in "at"');
  });
});

type Told = { kind: "a" | "b"; at: Date | null; is_so: boolean; found: string[] | null };

it("leaves alone a statement that keeps what it promises", async () => {
  const rows = await sql<(Told & { more: unknown })[]>`
    select 'a' as kind, null::timestamptz as at, true as is_so, null::jsonb as found, 1 as more
    union all select 'b', now(), false, '["x"]', 2`;
  expect(rows.map(({ kind, is_so, found }) => [kind, is_so, found])).toEqual([
    ["a", true, null],
    ["b", false, ["x"]],
  ]);
});

it("knows what the statements of the product promise", () => {
  const places = Object.values(inject("declaredRows")).flatMap((rows) => rows.map(({ at }) => at));
  for (const room of ["db", "inngest", "lib/delivery", "lib/events", "lib/webhooks"])
    expect(
      places.some((at) => at.startsWith(`${room}/`)),
      room,
    ).toBe(true);
});
