/** Conditions that all must hold; the server knows what each may be. */
export type Filters = Record<string, unknown>;

/** The keys that have a field of their own: each is one value, or one of a list. */
export const quickKeys = ["project_id", "priority", "status", "actor"] as const;
export type QuickKey = (typeof quickKeys)[number];

/** A filter as text to edit; an empty one is no text. */
export function writeFilters(filters: Filters): string {
  return isEmpty(filters) ? "" : JSON.stringify(filters, null, 2);
}

/** The filter that a text says, or why it says none. */
export function readFilters(text: string): { filters: Filters } | { error: string } {
  if (text.trim() === "") return { filters: {} };
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return { filters: value };
    return { error: 'A filter is an object, such as {"priority": "high"}.' };
  } catch (error) {
    return {
      error: `This is not JSON: ${error instanceof Error ? error.message : "it ends early"}`,
    };
  }
}

/** The values a quick field shows; null: what stands there can only be said as JSON. */
export function chosenOf(filters: Filters, key: QuickKey): string[] | null {
  const value = filters[key];
  if (value === undefined) return [];
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const isPlain = list.length > 0 && list.every((one): one is string => typeof one === "string");
  return isPlain ? [...new Set(list)] : null;
}

/** The filter with these values under a quick key, which keeps its place; none takes it away. */
export function choose(filters: Filters, key: QuickKey, values: readonly string[]): Filters {
  const [only, ...others] = values;
  if (only === undefined) {
    return Object.fromEntries(Object.entries(filters).filter(([name]) => name !== key));
  }
  return { ...filters, [key]: others.length > 0 ? [...values] : only };
}

/** The keys that no quick field can show. */
export function beyondQuick(filters: Filters): string[] {
  return Object.keys(filters).filter((key) => {
    const quickKey = quickKeys.find((name) => name === key);
    return !quickKey || chosenOf(filters, quickKey) === null;
  });
}

export function isObject(value: unknown): value is Filters {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEmpty(filters: Filters): boolean {
  return Object.keys(filters).length === 0;
}
