import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { env } from "@/lib/env";

export type Sql = postgres.Sql;
/** What runs statements: the pool, or one transaction of it. */
export type Statements = postgres.ISql;
export type Orm = PostgresJsDatabase;

/** `sql` for the hot, set-based statements; `orm` for everything that reads better typed. */
export type Handle = {
  sql: Statements;
  orm: Orm;
  /** One transaction, whose statements are those of the handle it is given; within one, that one. */
  begin: <T>(work: (handle: Handle) => Promise<T>) => Promise<T>;
  isTransaction: boolean;
};

/** The handle of a whole pool. */
export type Database = Handle & { sql: Sql; close(): Promise<void> };

/** A column of type date is a day, "2026-11-23", not a moment. */
const calendarDay = {
  to: 1082,
  from: [1082],
  serialize: (day: string) => day,
  parse: (day: string) => day,
};

type Limits = { max?: number; statementTimeoutMs?: number; lockTimeoutMs?: number };

/**
 * The options of a client of ours. Whatever it asks ends in time: by the server's own limits, and
 * when the server has fallen silent by those of this side.
 */
export function clientOptions({
  max = 15,
  statementTimeoutMs = 7_000,
  lockTimeoutMs = 5_000,
}: Limits = {}) {
  return {
    max,
    connect_timeout: 5,
    // By then the server has ended the statement itself, if it lives.
    answer_timeout: (statementTimeoutMs + 500) / 1_000,
    idle_timeout: 60,
    // The default waits up to 20 s after a few failures: longer than PostgreSQL takes to come back.
    backoff: () => 0.25,
    onnotice: () => {},
    types: { day: calendarDay },
    connection: {
      application_name: "turbo-webhooks",
      statement_timeout: statementTimeoutMs,
      lock_timeout: lockTimeoutMs,
      idle_in_transaction_session_timeout: 10_000,
    },
  };
}

/** Opens a pool; no connection is made before the first statement. */
export function connect(url: string, limits: Limits = {}): Database {
  const sql = postgres(url, clientOptions(limits));
  return {
    sql,
    orm: ormOn(sql),
    begin: <T>(work: (handle: Handle) => Promise<T>) =>
      sql.begin((tx) => work(inside(tx))) as Promise<T>,
    isTransaction: false,
    close: () => sql.end({ timeout: 1 }),
  };
}

function inside(tx: Statements): Handle {
  const handle: Handle = {
    sql: tx,
    orm: ormOn(tx),
    begin: (work) => work(handle),
    isTransaction: true,
  };
  return handle;
}

/** Drizzle changes the serializers of the client it is given: here those are nobody's. */
function ormOn({ unsafe }: Statements): Orm {
  const client = { options: { parsers: {}, serializers: {} }, unsafe };
  return drizzle(client as never);
}

const store: { turboDatabase?: Database } = globalThis as never;

/** The database of this process; Next bundles routes apart from the launcher, hence globalThis. */
export function db(): Database {
  if (!store.turboDatabase) {
    const url = env().databaseUrl;
    if (!url) throw new Error("DATABASE_URL is not set and the embedded database was not started.");
    store.turboDatabase = connect(url);
  }
  return store.turboDatabase;
}
