export type Flag = {
  /** Kebab-case. */
  name: string;
  placeholder: string;
  help: string;
  /** The API's field, if not the name in snake_case: dots lead into objects, "" is the whole body. */
  field?: string;
  /**
   * A switch takes no value; a time may be given as so long ago: 90m, 24h, 7d. JSON is given as
   * text or as @file; a file of JSON by its name, or as - for what is piped in.
   */
  kind?: "text" | "list" | "boolean" | "count" | "switch" | "time" | "json" | "file";
  choices?: readonly string[];
  isRequired?: boolean;
  /** An empty value clears the field (sent as null). */
  isClearable?: boolean;
};

export type Command = {
  name: string;
  summary: string;
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** `{id}` and `{name}` are given as an argument, other words in braces by the flag of that field. */
  path: string;
  /** What the path becomes when this flag is given, which then fills `{webhook_id}` and the like. */
  scopedBy?: { flag: string; path: string };
  flags: readonly Flag[];
  /** The closing line: "Issue created successfully!". */
  done?: string;
  /** What is answered, when that is not the resource itself. */
  view?: View;
  /** What the answer is the beginning of, which is then followed to its end. */
  watched?: "test" | "recovery";
  examples: readonly string[];
};

export type Column = {
  label: string;
  /** Dots lead into objects: "actor.name". */
  field: string;
  /** Shown where the field has no value. */
  orField?: string;
};

/** How things are called and shown. */
export type View = {
  /** Plural, as commands and paths have it: "event-types". */
  name: string;
  noun: string;
  /** What one is called by, if not its id. */
  key?: "name";
  columns: readonly Column[];
  details: readonly Column[];
  /** Lists within one thing, shown below its details. */
  tables?: readonly { label: string; field: string; columns: readonly Column[] }[];
  /** What is best read as JSON, shown below that. */
  blocks?: readonly Column[];
};

export type Resource = View & { summary: string; commands: readonly Command[] };

/** The API's name of what a flag gives. */
export function fieldOf({ name, field }: Flag): string {
  return field ?? name.replaceAll("-", "_");
}

/** What the command's argument is, if it takes one. */
export function argumentOf({ path }: Command): "id" | "name" | undefined {
  if (path.includes("{id}")) return "id";
  return path.includes("{name}") ? "name" : undefined;
}

/** "event types" */
export function pluralOf({ name }: View): string {
  return name.replaceAll("-", " ");
}
