import { z, type ZodObject, type ZodRawShape } from "zod";
import { invalid, type FieldError } from "./errors";
import { isId } from "./id";
import { errorsOf } from "./input";

/** One page of a list: at most `limit` rows whose ids come after (are older than) `after`. */
export type Page = { limit: number; after: string | null };

const defaultLimit = 50;

/** What every list may be asked for beside its filters. */
const PageParameters = z.object({
  limit: z.string().refine(isLimit, "must be a whole number from 1 to 100").optional().meta({
    type: "integer",
    minimum: 1,
    maximum: 100,
    default: defaultLimit,
    description: "How many rows a page has at most.",
  }),
  cursor: z
    .string()
    .refine((text) => isId(decode(text)), "must be a cursor from a Link header")
    .optional()
    .meta({ description: "Where the page begins: as the Link of the page before it says." }),
});

function isLimit(text: string): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 100;
}

function decode(cursor: string): string {
  return Buffer.from(cursor, "base64url").toString("utf8");
}

/** All that a list with these filters may be asked for: it validates that, and documents it. */
export function listParameters<Shape extends ZodRawShape>(filters: ZodObject<Shape>) {
  return filters.extend(PageParameters.shape);
}

/**
 * Reads what a list is asked for: `limit` (1..100, 50), the opaque `cursor` and its filters. Refuses,
 * each with its pointer, what is none of them, what is given twice and what is wrong.
 */
export function readList<Shape extends ZodRawShape>(
  query: URLSearchParams,
  filters: ZodObject<Shape>,
): { page: Page; filters: z.output<ZodObject<Shape>> } {
  const known = ["limit", "cursor", ...Object.keys(filters.shape)];
  const names = [...new Set(query.keys())];
  const errors = names.flatMap((name) => misplaced(query, { name, known }));
  const given = Object.fromEntries(query);
  const page = PageParameters.safeParse(given);
  const found = filters.safeParse(given);
  if (page.success && found.success && errors.length === 0) {
    const { limit = defaultLimit, cursor } = page.data;
    const after = cursor === undefined ? null : decode(cursor);
    return { page: { limit: Number(limit), after }, filters: found.data };
  }
  for (const { error } of [page, found]) errors.push(...(error ? errorsOf(error, given) : []));
  throw invalid(...errors);
}

function misplaced(
  query: URLSearchParams,
  { name, known }: { name: string; known: string[] },
): FieldError[] {
  const pointer = `/${name}`;
  if (!known.includes(name)) {
    const message = `is not one of ${known.join(", ")}`;
    return [{ pointer, code: "unknown_parameter", message }];
  }
  if (query.getAll(name).length === 1) return [];
  return [{ pointer, code: "repeated", message: "must be given once" }];
}

const noFilters = z.object({});

/** The page of a list that has no filters. */
export function readPage(query: URLSearchParams): Page {
  return readList(query, noFilters).page;
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
