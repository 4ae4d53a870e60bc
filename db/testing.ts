import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { inject } from "vitest";
import { connect, type Database } from "./client";
import { checkingRows, type DeclaredRows } from "./testing-rows";

declare module "vitest" {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- declaration merging
  export interface ProvidedContext {
    databaseServerUrl: string;
    declaredRows: DeclaredRows;
  }
}

export const templateDatabase = "turbo_template";

export function withDatabaseName(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.toString();
}

/**
 * A migrated, empty database of this test file's own, on the run's one server. Its statements are
 * refused when their rows are not what their types say.
 */
export async function createTestDatabase(): Promise<Database & { url: string }> {
  const serverUrl = inject("databaseServerUrl");
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  const admin = postgres(serverUrl, { max: 1, onnotice: () => {} });
  await admin`create database ${admin(name)} template ${admin(templateDatabase)}`;
  const url = withDatabaseName(serverUrl, name);
  const database = connect(url, { max: 10 });
  return {
    ...checkingRows(database, inject("declaredRows")),
    url,
    close: async () => {
      await database.close();
      await admin`drop database if exists ${admin(name)} with (force)`;
      await admin.end();
    },
  };
}
