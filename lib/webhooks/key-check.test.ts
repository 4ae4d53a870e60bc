import { afterAll, beforeEach, expect, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { useEnv } from "@/lib/testing";
import { checkSecretKey } from "./key-check";

const database = await createTestDatabase();
const { orm, sql } = database;
const first = { TURBO_SECRET_KEY: "the first key of this database" };
const second = { TURBO_SECRET_KEY: "the second key, which is not it" };

beforeEach(() => sql`truncate installation`);
afterAll(() => database.close());

it("takes the first key it sees for the right one, ever after", async () => {
  useEnv(first);
  await checkSecretKey(orm);
  await checkSecretKey(orm);
  useEnv(second);
  await expect(checkSecretKey(orm)).rejects.toThrow(/^TURBO_SECRET_KEY: /);
  useEnv(first);
  await checkSecretKey(orm);
});

it("refuses a check value that was tampered with", async () => {
  useEnv(first);
  await checkSecretKey(orm);
  await sql`update installation set value = 'v1.AAAA'`;
  await expect(checkSecretKey(orm)).rejects.toThrow(/^TURBO_SECRET_KEY: /);
});

it("lets two processes with one key begin at once", async () => {
  useEnv(first);
  await Promise.all(Array.from({ length: 4 }, () => checkSecretKey(orm)));
  expect(await sql`select key from installation`).toHaveLength(1);
});

it("keeps neither the key nor the plain value", async () => {
  useEnv(first);
  await checkSecretKey(orm);
  const [row] = await sql<{ value: string }[]>`select value from installation`;
  expect(row?.value).toMatch(/^v1\.[\w-]{40,}$/);
  expect(row?.value).not.toContain("turbo");
});
