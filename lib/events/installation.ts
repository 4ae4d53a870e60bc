import type { Statements } from "@/db/client";

/** The id of this installation, which its own events (`system.*`) are events of. */
export async function installationId(sql: Statements): Promise<string> {
  const [row] = await sql<{ value: string }[]>`
    select value from installation where key = 'id'`;
  if (!row) throw new Error("The installation has no id: its migrations have not been applied.");
  return row.value;
}
