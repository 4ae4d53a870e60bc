import type { Handle, Statements } from "./client";

/** What a row may hold by its declared type: `typeof`, or "Date", "null"; empty: anything. */
type Kinds = string[];
/** Where a statement stands, and what its `sql<…[]>` promises of each column. */
export type DeclaredRow = { at: string; columns: Record<string, Kinds> };
/** By the text of the statement. */
export type DeclaredRows = Record<string, DeclaredRow[]>;

type Column = { name: string; type: number };
type Result = Record<string, unknown>[] & { columns?: Column[] };

/** What the driver makes of PostgreSQL's types; of those that are not here only values tell. */
const kindsOfTypes: Record<number, string> = {
  16: "boolean",
  20: "string", // int8 and numeric hold more than a number can
  1700: "string",
  21: "number",
  23: "number",
  700: "number",
  701: "number",
  25: "string",
  1043: "string",
  1082: "string",
  2950: "string",
  1114: "Date",
  1184: "Date",
};

/** The text by which a statement is known, its parameters left out. */
export function statementText(parts: readonly string[]): string {
  return parts.join("${}");
}

/** The same handle, whose typed statements are refused when their rows are not what they promise. */
export function checkingRows<Given extends Handle>(handle: Given, declared: DeclaredRows): Given {
  return {
    ...handle,
    sql: checkingStatements(handle.sql, declared),
    begin: (work: (inner: Handle) => Promise<unknown>) =>
      handle.begin((inner) => work(checkingRows(inner, declared))),
  };
}

function checkingStatements(sql: Statements, declared: DeclaredRows): Statements {
  return new Proxy(sql, {
    apply(target, self, given: unknown[]) {
      const query: unknown = Reflect.apply(target, self, given);
      const [parts] = given;
      if (!Array.isArray(parts) || !("raw" in parts)) return query;
      const rows = declared[statementText(parts)];
      // What a template makes is a promise that sends its statement when it is awaited.
      if (rows) checkAnswer(query as Promise<Result>, rows);
      return query;
    },
  });
}

function checkAnswer(query: Promise<Result>, declared: DeclaredRow[]): void {
  const sent = query.then.bind(query);
  const checked = (answer: Result) => {
    const lies = declared.map((one) => findLie(answer, one));
    // The same text may stand in two places; one of them is what was run.
    const [first] = lies;
    if (first && lies.every((lie) => lie !== null)) throw new Error(first);
    return answer;
  };
  // oxlint-disable-next-line unicorn/no-thenable, promise/no-callback-in-promise -- it is a promise, whose own `then` sends the statement
  query.then = (done, failed) => sent(checked).then(done, failed);
}

/** What of the promise is not so; null: all of it is. */
function findLie(answer: Result, { at, columns }: DeclaredRow): string | null {
  if (!answer.columns) return null;
  const types = new Map(answer.columns.map(({ name, type }) => [name, type]));
  for (const [name, kinds] of Object.entries(columns)) {
    const type = types.get(name);
    if (type === undefined) {
      if (kinds.length === 0 || kinds.includes("undefined")) continue;
      return `${at}: its type has a column "${name}", its statement has none`;
    }
    const found = answer.map((row) => kindOf(row[name]));
    const known = kindsOfTypes[type];
    const lie = [...(known ? [known] : []), ...found].find((kind) => !fits(kind, kinds));
    if (lie) return `${at}: its type promises ${kinds.join(" | ")} in "${name}", where ${lie} is`;
  }
  return null;
}

function fits(kind: string, kinds: Kinds): boolean {
  return kinds.length === 0 || kinds.includes(kind);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return value instanceof Date ? "Date" : typeof value;
}
