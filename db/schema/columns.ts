import { timestamp, uuid } from "drizzle-orm/pg-core";

/** A point in time, a Date in code. */
export const instant = (name: string) => timestamp(name, { withTimezone: true });

export const id = () => uuid("id").primaryKey();
export const created_at = () => instant("created_at").notNull().defaultNow();
export const updated_at = () => instant("updated_at").notNull().defaultNow();
