import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { startEmbeddedPostgres } from "./embedded/embedded";
import { readDeclaredRows } from "./testing-declared-rows";
import { migrateDatabase } from "./migrate";
import { templateDatabase, withDatabaseName } from "./testing";

/**
 * One real PostgreSQL for the whole test run, with a migrated template to clone; and what the types
 * of all statements promise, which each test's database is held to.
 */
export default async function setup(project: TestProject) {
  const declaredRows = readDeclaredRows();
  const dataDir = await mkdtemp(join(tmpdir(), "turbo-test-"));
  const server = await startEmbeddedPostgres({
    dataDir,
    fsync: false,
    settings: { max_connections: "300" },
  });
  const admin = postgres(server.url, { max: 1 });
  await admin`create database ${admin(templateDatabase)}`;
  await admin.end();
  await migrateDatabase(withDatabaseName(server.url, templateDatabase));
  project.provide("databaseServerUrl", server.url);
  project.provide("declaredRows", await declaredRows);
  return async () => {
    await server.stop();
    await rm(server.stateDir, { recursive: true, force: true });
    await rm(dataDir, { recursive: true, force: true });
  };
}
