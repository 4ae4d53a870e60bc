export type Field = {
  name: string;
  kind:
    | "text"
    | "id"
    | "date"
    | "time"
    | "integer"
    | "number"
    | "boolean"
    | "list"
    | "object"
    | "rows";
  description?: string;
  choices?: string[];
  default?: unknown;
  isRequired?: boolean;
  isNullable?: boolean;
  /** Of an object, or of each row. */
  fields?: Field[];
};

export type Operation = {
  id: string;
  method: string;
  /** Below /api/v1, beginning with a slash. */
  path: string;
  group: string;
  summary: string;
  description?: string;
  /** What fills the words in braces, in their order. */
  inPath: Field[];
  query: Field[];
  body?: { fields: Field[]; takesMany?: boolean; example?: Record<string, unknown> };
  /** Which of the answers it gives; absent: it answers nothing. */
  answer?: string;
};

/** What the command line needs to know of the API. */
export type Api = {
  groups: { name: string; description: string }[];
  operations: Operation[];
  answers: Record<string, Field[]>;
};
