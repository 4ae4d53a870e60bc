import { invalid, type FieldError } from "./errors";
import { isId } from "./id";

/** One page of a list: at most `limit` rows whose ids come after (are older than) `after`. */
export type Page = { limit: number; after: string | null };

/** Reads `limit` (1..100, 50) and the opaque `cursor`; refuses what is neither they nor `known`. */
export function readPage(query: URLSearchParams, known: string[] = []): Page {
  const errors: FieldError[] = [];
  for (const name of query.keys()) {
    if (name === "limit" || name === "cursor" || known.includes(name)) continue;
    const may = ["limit", "cursor", ...known].join(", ");
    errors.push({
      pointer: `/${name}`,
      code: "unknown_parameter",
      message: `is not one of ${may}`,
    });
  }
  const limitText = query.get("limit") ?? "50";
  const limit = /^\d{1,3}$/.test(limitText) ? Number(limitText) : 0;
  if (limit < 1 || limit > 100) {
    errors.push({
      pointer: "/limit",
      code: "invalid",
      message: "must be a whole number from 1 to 100",
    });
  }
  const cursor = query.get("cursor");
  const after = cursor === null ? null : Buffer.from(cursor, "base64url").toString("utf8");
  if (after !== null && !isId(after)) {
    errors.push({
      pointer: "/cursor",
      code: "invalid",
      message: "must be a cursor from a Link header",
    });
  }
  if (errors.length > 0) throw invalid(...errors);
  return { limit, after };
}

/** The rows of this page, of the `limit + 1` that were read, and the cursor of the next. */
export function cutPage<T extends { id: string }>(
  rows: T[],
  { limit }: Page,
): { rows: T[]; next: string | null } {
  if (rows.length <= limit) return { rows, next: null };
  const kept = rows.slice(0, limit);
  const last = kept.at(-1);
  return { rows: kept, next: last ? Buffer.from(last.id).toString("base64url") : null };
}
