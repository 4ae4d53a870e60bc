/**
 * What an error of the driver or of PostgreSQL means:
 * - `lost`: the database went away with a statement, which may have been carried out all the same;
 * - `unreachable`: there is no connection, so nothing was carried out;
 * - `busy`: it refuses for now: no room or no time, a replica that only reads, shutting down or
 *   starting, or a transaction that was chosen to end a deadlock;
 * - `refused`: the data itself is at fault.
 */
export type DatabaseFailure = "lost" | "unreachable" | "busy" | "refused";

/** By the start of the code: SQLSTATE, a code of the driver or of a socket. The first that fits. */
const meanings: [DatabaseFailure, RegExp][] = [
  ["lost", /^(CONNECTION_|ECONNRESET|EPIPE|ETIMEDOUT|08|57P01|57P02)/],
  ["unreachable", /^(CONNECT|ECONN|EHOST|ENET|ENOTFOUND|EAI_AGAIN|ENOENT)/],
  ["busy", /^(25006|25P03|28|40001|40P01|53|55P03|57014|57P0|58030)/],
  ["refused", /^2[23]/],
];

/** What an error means that the database or its driver gave, itself or in its causes; null: another's. */
export function databaseFailure(
  thrown: unknown,
): { failure: DatabaseFailure; error: Error } | null {
  if (!(thrown instanceof Error)) return null;
  const code = "code" in thrown ? String(thrown.code) : "";
  const found = meanings.find(([, codes]) => codes.test(code));
  return found ? { failure: found[0], error: thrown } : databaseFailure(thrown.cause);
}

/** Is it the database that is away, for a moment at least, and not the statement that is wrong? */
export function isDatabaseAway(thrown: unknown): boolean {
  const failure = databaseFailure(thrown)?.failure;
  return failure !== undefined && failure !== "refused";
}

/** Would the statement be refused however often it is tried, because of the data in it? */
export function isRefusedData(thrown: unknown): boolean {
  return databaseFailure(thrown)?.failure === "refused";
}
