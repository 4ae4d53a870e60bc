export type Flag = {
  /** Kebab-case. */
  name: string;
  placeholder: string;
  help: string;
  /** The API's field: dots lead into objects, "" is the whole body. */
  field: string;
  /**
   * A switch takes no value; a time may be given as so long ago: 90m, 24h, 7d. JSON is given as
   * text or as @file; a file of JSON by its name, or as - for what is piped in.
   */
  kind: "text" | "list" | "boolean" | "integer" | "number" | "switch" | "time" | "json" | "file";
  choices?: readonly string[];
  default?: string;
  isRequired?: boolean;
  /** An empty value clears the field (sent as null). */
  isClearable?: boolean;
};

export type Command = {
  name: string;
  summary: string;
  description?: string;
  method: string;
  /** The first word in braces is given as an argument, the others by the flag of that field. */
  path: string;
  /** What the path becomes when this flag is given, which then fills the word in braces. */
  scopedBy?: { flag: string; path: string };
  flags: readonly Flag[];
  /** The fields that go into the query; others go into the body. */
  query: readonly string[];
  /** The closing line: "Issue created successfully!". */
  done?: string;
  /** What to know about the answer, said after it. */
  note?: string;
  view: View;
  /** What the answer is the beginning of, which is then followed to its end. */
  watched?: "test" | "recovery";
  examples: readonly string[];
};

export type Column = {
  label: string;
  /** Dots lead into objects; "title|name" is the first of them that is there. */
  field: string;
};

/** How an answer is shown. */
export type View = {
  /** What a list holds: "event types". */
  plural: string;
  columns: readonly Column[];
  details: readonly Column[];
  /** Lists within one thing, shown below its details. */
  tables: readonly { label: string; field: string; columns: readonly Column[] }[];
  /** What is best read as JSON, shown below that. */
  blocks: readonly Column[];
};

export type Resource = {
  /** Plural, as commands and paths have it: "event-types". */
  name: string;
  /** "Event type". */
  noun: string;
  summary: string;
  commands: readonly Command[];
};

/** The word in braces that the command's argument fills, if it takes one: "id" or "name". */
export function argumentOf({ path }: Command): string | undefined {
  return /\{(\w+)\}/.exec(path)?.[1];
}
