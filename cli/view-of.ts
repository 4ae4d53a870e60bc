import type { Column, View } from "./command";
import { hidden, labels, viewOverrides, type ViewOverride } from "./overrides";
import type { Field } from "./api";

const mostColumns = 6;
const longTexts = new Set(["description", "content"]);

/** How an answer with these fields is shown: what is known of it first, then whatever it has. */
export function viewOf(answer: string | undefined, fields: readonly Field[], plural: string): View {
  const override: Partial<ViewOverride> = viewOverrides[answer ?? ""] ?? {};
  const { blocks = [], columns = firstOf(fields), labels: own } = override;
  const leaves = leavesOf(fields);
  const lead = override.details ?? columns;
  const isLeft = ({ name, kind }: Field) =>
    kind !== "rows" && ![...lead, ...blocks, ...hidden, ...(override.hidden ?? [])].includes(name);
  const rest = leaves.filter(isLeft).map(({ name }) => name);
  const show = (names: readonly string[]) => names.map((field) => columnOf(field, own));
  return {
    plural,
    columns: show(columns),
    details: show([...lead, ...rest.toSorted(byLength)]),
    tables: leaves
      .filter(({ name, kind }) => kind === "rows" && !override.hidden?.includes(name))
      .map(({ name, fields: inner = [] }) => ({
        ...columnOf(name, own),
        columns: show(override.tables?.[name] ?? firstOf(inner)),
      })),
    blocks: show(blocks),
  };
}

/** Each field, those of objects by their path: "actor.name". */
function leavesOf(fields: readonly Field[]): Field[] {
  return fields.flatMap((field) =>
    field.kind === "object" && field.fields
      ? leavesOf(field.fields).map((inner) => ({ ...inner, name: `${field.name}.${inner.name}` }))
      : [field],
  );
}

function firstOf(fields: readonly Field[]): string[] {
  return leavesOf(fields)
    .filter(({ name, kind }) => kind !== "rows" && kind !== "object" && !hidden.includes(name))
    .map(({ name }) => name)
    .slice(0, mostColumns);
}

/** What may be many lines comes last. */
function byLength(a: string, b: string): number {
  return Number(longTexts.has(a)) - Number(longTexts.has(b));
}

function columnOf(field: string, own: ViewOverride["labels"]): Column {
  const name = field.split(".").at(-1) ?? field;
  return { field, label: own?.[field] ?? labels[name] ?? inWords(name) };
}

/** "Next attempt" for next_attempt_at, "Milestones" for milestone_ids. */
function inWords(name: string): string {
  const many = name.replace(/_(ids|count)$/, "s");
  const words = many.replace(/^is_|_(id|at|name)$/g, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
