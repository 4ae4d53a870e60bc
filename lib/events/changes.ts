import { isDeepStrictEqual } from "node:util";

export type Row = Record<string, unknown>;

/** The names of the fields whose value differs, in the order of `before`. */
export function changedFields(before: Row, after: Row): string[] {
  return Object.keys(before).filter((field) => !isDeepStrictEqual(before[field], after[field]));
}

export function pick(row: Row, fields: string[]): Row {
  return Object.fromEntries(fields.map((field) => [field, row[field]]));
}

/** One thing a change can mean beyond `updated`: a field that changed, and how. */
export type ChangeRule = {
  action: string;
  field: string;
  /** Told only when the field changed; absent: any change counts. */
  when?: (change: { from: unknown; to: unknown }) => boolean;
};

/** The rules a change fulfils, in the order they are declared. */
export function fulfilledRules(rules: ChangeRule[], before: Row, after: Row): ChangeRule[] {
  return rules.filter(({ field, when }) => {
    const change = { from: before[field], to: after[field] };
    return !isDeepStrictEqual(change.from, change.to) && (when?.(change) ?? true);
  });
}
