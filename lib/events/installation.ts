import type { Statements } from "@/db/client";

/** The id of this installation, which its own events (`system.*`) are events of. */
export async function installationId(sql: Statements): Promise<string> {
  const [row] = await sql<{ value: string }[]>`
    select value from installation where key = 'id'`;
  if (!row) throw new Error("The installation has no id: its migrations have not been applied.");
  return row.value;
}

/** What the installation has noted under a key; null: nothing. */
export async function readNote(sql: Statements, key: string): Promise<string | null> {
  const [row] = await sql<{ value: string }[]>`
    select value from installation where key = ${key}`;
  return row?.value ?? null;
}

/** Notes a value in place of `before`, as it was read; no row: somebody else was faster. */
export function setNote(
  sql: Statements,
  { key, before, value }: { key: string; before: string | null; value: string },
) {
  return sql`
    insert into installation (key, value) values (${key}, ${value})
    on conflict (key) do update set value = excluded.value where installation.value = ${before}
    returning key`;
}
