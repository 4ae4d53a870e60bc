import { isRecord } from "./api-client";
import type { Column } from "./command";

type Row = Readonly<Record<string, unknown>>;

const segmenter = new Intl.Segmenter();
const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

/** "Label:  value" lines, aligned; fields that are absent or empty are left out. */
export function formatDetails(record: Row, columns: readonly Column[]): string {
  const shown = columns
    .map((column): [string, string] => [`${column.label}:`, formatValue(valueAt(record, column))])
    .filter(([, value]) => value !== "");
  const width = Math.max(0, ...shown.map(([label]) => widthOf(label)));
  return shown.map(([label, value]) => `${pad(label, width)}  ${value}`).join("\n");
}

/** A table with a heading line; cells wider than `cellWidth` are cut. */
export function formatTable(
  rows: readonly Row[],
  columns: readonly Column[],
  cellWidth = Infinity,
): string {
  const heading = columns.map(({ label }) => label.toUpperCase());
  const body = rows.map((row) =>
    columns.map((column) => cut(formatValue(valueAt(row, column)) || "-", cellWidth)),
  );
  const lines = [heading, ...body];
  const widths = columns.map((_, column) =>
    Math.max(...lines.map((cells) => widthOf(cells[column] ?? ""))),
  );
  return lines
    .map((cells) => cells.map((cell, column) => pad(cell, widths[column] ?? 0)).join("  "))
    .map((line) => line.trimEnd())
    .join("\n");
}

/** The value as JSON below its label; nothing where there is none. */
export function formatBlock(record: Row, column: Column): string {
  const value = valueAt(record, column);
  if (value === undefined || value === null) return "";
  return escapeControls(`${column.label}:\n${JSON.stringify(value, null, 2)}`);
}

/** A value on one line, with control characters (a terminal would obey them) made visible. */
export function formatValue(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (isRecord(value) && Object.keys(value).length === 0) return "";
  if (Array.isArray(value)) return value.map(formatValue).join(", ");
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return escapeControls(text.replace(/\r?\n/g, " "));
}

/** The text with every control and direction character but the line feed written as an escape. */
export function escapeControls(text: string): string {
  return text.replace(
    /(?!\n)\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** "12 ms", "3.4 s". */
export function formatDuration(durationMs: number): string {
  return durationMs < 1000 ? `${Math.round(durationMs)} ms` : `${(durationMs / 1000).toFixed(1)} s`;
}

function valueAt(row: Row, { field }: Column): unknown {
  const values = field
    .split("|")
    .map((path) =>
      path
        .split(".")
        .reduce<unknown>((inner, name) => (isRecord(inner) ? inner[name] : undefined), row),
    );
  return values.find((value) => value !== undefined);
}

function cut(text: string, cellWidth: number): string {
  if (widthOf(text) <= cellWidth) return text;
  let kept = "";
  let width = 1;
  for (const { segment } of segmenter.segment(text)) {
    width += widthOf(segment);
    if (width > cellWidth) break;
    kept += segment;
  }
  return `${kept}…`;
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += wide.test(segment) ? 2 : 1;
  return width;
}
