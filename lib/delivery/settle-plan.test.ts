import { afterAll, expect, it } from "vitest";
import type { Sql } from "@/db/client";
import { createTestDatabase } from "@/db/testing";
import { addDeliveries, addWebhook } from "@/lib/testing";
import { withdrawClaims } from "./claim";
import { settleStatement } from "./settle";
import { settlementOf } from "./testing";

const database = await createTestDatabase();
const { sql } = database;
afterAll(() => database.close());

it("goes by key, however much is pending and whatever statistics say", async () => {
  const webhookId = await addWebhook(sql);
  // As of a time when nothing was pending: the index of what is due is then taken to be empty.
  await sql`analyze webhook_deliveries`;
  const ids: string[] = [];
  for (let chunk = 0; chunk < 10; chunk++) {
    ids.push(...(await addDeliveries(sql, webhookId, { count: 5_000 })));
  }
  const batch = ids.slice(20_000, 20_050);
  for (const isAnalysed of [false, true]) {
    if (isAnalysed) await sql`analyze webhook_deliveries`;
    await sql`update webhook_deliveries set attempts = 1, claimed_until = now() + interval '40 s'
      where id = any(${batch}::uuid[])`;
    expect(
      await rowsRead((tx) =>
        settleStatement(
          tx,
          batch.map((id) => settlementOf(id)),
        ),
      ),
    ).toBeLessThan(500);
    const [claim] = await sql<{ until: string }[]>`
      select claimed_until::text as until from webhook_deliveries where claimed_until is not null`;
    const claims = batch.map((delivery_id) => {
      return { delivery_id, attempt: 1, claimed_until: claim?.until ?? "" };
    });
    expect(await rowsRead((tx) => withdrawClaims(tx, claims))).toBeLessThan(500);
  }
});

/** How many deliveries a statement reads that is then undone. */
async function rowsRead(run: (tx: Sql) => PromiseLike<unknown>): Promise<number> {
  let rows = 0;
  const undone = new Error("undone");
  const reading = sql.begin(async (tx) => {
    const readSoFar = async () => {
      const [row] = await tx<{ rows: number }[]>`
        select (seq_tup_read + idx_tup_fetch)::int as rows
        from pg_stat_xact_user_tables where relname = 'webhook_deliveries'`;
      return row?.rows ?? 0;
    };
    const before = await readSoFar();
    await run(tx as unknown as Sql); // runs statements, which is all that is asked of it here
    rows = (await readSoFar()) - before;
    throw undone;
  });
  await reading.catch((error: unknown) => {
    if (error !== undone) throw error;
  });
  return rows;
}
