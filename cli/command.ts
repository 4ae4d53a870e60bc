export type Flag = {
  /** Kebab-case; the API's field is the same in snake_case. */
  name: string;
  placeholder: string;
  help: string;
  /** A switch takes no value; a time may be given as so long ago: 90m, 24h, 7d. */
  kind?: "text" | "list" | "boolean" | "count" | "switch" | "time";
  choices?: readonly string[];
  isRequired?: boolean;
  /** An empty value clears the field (sent as null). */
  isClearable?: boolean;
};

export type Command = {
  name: string;
  summary: string;
  method: "GET" | "POST" | "PATCH";
  path: string;
  /** What the list command's path becomes when this flag is given, which then fills `{id}`. */
  scopedBy?: { flag: string; path: string };
  flags: readonly Flag[];
  /** The past participle of the closing line: "Issue created successfully!". */
  done?: string;
  /** What the answer is the beginning of, which is then followed to its end. */
  watched?: "test" | "recovery";
  examples: readonly string[];
};

export type Column = { label: string; field: string };

export type Resource = {
  name: string;
  noun: string;
  summary: string;
  columns: readonly Column[];
  details: readonly Column[];
  commands: readonly Command[];
};

/** A flag that takes one of these. */
export function choice(name: string, choices: readonly string[], help: string): Flag {
  return { name, placeholder: choices.join("|"), help, choices };
}

export const limit: Flag = {
  name: "limit",
  placeholder: "N",
  help: "How many, 1 to 100",
  kind: "count",
};
export const cursor: Flag = {
  name: "cursor",
  placeholder: "CURSOR",
  help: "Where the next page begins",
};
