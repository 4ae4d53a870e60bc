import { sql, type SQL } from "drizzle-orm";
import { type AnyPgColumn, customType, integer, timestamp, uuid } from "drizzle-orm/pg-core";

/** A point in time, a Date in code. */
export const instant = (name: string) => timestamp(name, { withTimezone: true });

export const id = () => uuid("id").primaryKey();
export const created_at = () => instant("created_at").notNull().defaultNow();
export const updated_at = () => instant("updated_at").notNull().defaultNow();

/** Rises by one with each change of the row. */
export const version = () => integer("version").notNull().default(1);

/** JSON whose parts are asked for. What the driver is given it writes as JSON by itself. */
export const jsonb = customType<{ data: unknown }>({ dataType: () => "jsonb" });
/** JSON that is shown as it was given. */
export const json = customType<{ data: unknown }>({ dataType: () => "json" });
/** What a statement could see, and the transaction that wrote a row: who was first is no question of clocks. */
export const snapshot = customType<{ data: string }>({ dataType: () => "pg_snapshot" });
export const transactionId = customType<{ data: string }>({ dataType: () => "xid8" });

/** The condition that a column holds one of these values. */
export function oneOf(column: AnyPgColumn, values: readonly string[]): SQL {
  return sql`${column} in (${sql.raw(values.map((value) => `'${value}'`).join(", "))})`;
}
