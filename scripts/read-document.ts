import type { Api, Field, Operation } from "@/cli/api";

type Schema = {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  description?: string;
  default?: unknown;
};

type Content = {
  content?: { "application/json"?: { schema: Schema; example?: Record<string, unknown> } };
};

type Parameter = {
  name?: string;
  in?: string;
  description?: string;
  required?: boolean;
  schema?: Schema;
};

type Described = {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  parameters?: Parameter[];
  requestBody?: Content;
  responses: Record<string, Content>;
};

type OpenApi = {
  tags: Api["groups"];
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, Schema> };
};

const root = "/api/v1/";

/** The part of an OpenAPI 3.1 document that commands, flags and tables are made from. */
export function readDocument(document: object): Api {
  const { tags: groups, paths, components } = document as OpenApi; // its own tests hold its form
  const reader = new Reader(components.schemas);
  const operations = Object.entries(paths)
    .filter(([path]) => path.startsWith(root))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, described]) =>
        reader.readOperation(described, method.toUpperCase(), path.slice(root.length - 1)),
      ),
    );
  return { groups, operations, answers: reader.answers };
}

class Reader {
  readonly answers: Record<string, Field[]> = {};

  constructor(private readonly schemas: Record<string, Schema>) {}

  readOperation(described: Described, method: string, path: string): Operation {
    const { operationId: id, tags, summary, description, requestBody } = described;
    return {
      id,
      method,
      path,
      group: tags[0] ?? "",
      summary,
      description,
      inPath: this.#parametersIn("path", described),
      query: this.#parametersIn("query", described),
      body: this.#readBody(requestBody),
      answer: this.#readAnswer(described),
    };
  }

  #parametersIn(place: string, { parameters = [] }: Described): Field[] {
    return parameters
      .filter((parameter) => parameter.in === place)
      .map(({ name = "", description, required, schema = {} }) => ({
        ...this.#field(name, { description, ...schema }),
        isRequired: required || undefined,
      }));
  }

  #readBody(request: Content | undefined): Operation["body"] {
    const { schema, example } = request?.content?.["application/json"] ?? {};
    if (!schema) return undefined;
    const parts = this.#partsOf(schema);
    const takesMany = parts.some(({ type }) => type === "array") || undefined;
    const objects = parts.filter(({ properties }) => properties);
    return { fields: this.#fieldsOf(objects), takesMany, example };
  }

  #readAnswer({ operationId, responses }: Described): string | undefined {
    const successes = Object.entries(responses).filter(([status]) => status.startsWith("2"));
    const schema = successes.map(([, one]) => one.content?.["application/json"]?.schema)[0];
    if (!schema) return undefined;
    const name = (schema.$ref ?? schema.items?.$ref)?.split("/").at(-1) ?? operationId;
    this.answers[name] ??= withoutWords(this.#fieldsOf(this.#rowsOf(schema)));
    return name;
  }

  /** The objects that it is, or is a list of. */
  #rowsOf(schema: Schema): Schema[] {
    return this.#partsOf(schema).flatMap((part) =>
      part.items ? this.#rowsOf(part.items) : [part],
    );
  }

  /** What it may be, other than null. */
  #partsOf(schema: Schema): Schema[] {
    const { $ref, anyOf, oneOf, type } = schema;
    if ($ref !== undefined) {
      const { $ref: _, ...own } = schema;
      const named = this.schemas[$ref.replace("#/components/schemas/", "")] ?? {};
      return this.#partsOf(named).map((part) => ({ ...part, ...own }));
    }
    const parts = anyOf ?? oneOf;
    if (parts) return parts.flatMap((part) => this.#partsOf(part));
    return type === "null" ? [] : [schema];
  }

  #isNullable({ type, anyOf, oneOf }: Schema): boolean {
    if ([type].flat().includes("null")) return true;
    return (anyOf ?? oneOf ?? []).some((part) => this.#isNullable(part));
  }

  /** The fields of several objects: required are those that each of them requires. */
  #fieldsOf(objects: Schema[]): Field[] {
    const all = Object.assign({}, ...objects.toReversed().map(({ properties }) => properties));
    return Object.entries<Schema>(all).map(([name, schema]) => {
      const isRequired = objects.every(({ required }) => required?.includes(name)) || undefined;
      return { ...this.#field(name, schema), isRequired };
    });
  }

  #field(name: string, schema: Schema): Field {
    const parts = this.#partsOf(schema);
    const rows = parts.flatMap(({ items }) => (items ? this.#rowsOf(items) : []));
    const objects = [...parts, ...rows].filter(({ properties }) => properties);
    const choices = [...parts, ...rows].flatMap((one) => one.enum ?? one.const ?? []);
    return {
      name,
      kind: kindOf(parts, rows),
      description: schema.description ?? parts[0]?.description,
      choices: choices.length > 0 ? choices.map(String) : undefined,
      default: schema.default ?? undefined,
      isNullable: this.#isNullable(schema) || undefined,
      fields: objects.length > 0 ? this.#fieldsOf(objects) : undefined,
    };
  }
}

const formats: Record<string, Field["kind"]> = { uuid: "id", date: "date", "date-time": "time" };

function kindOf(parts: Schema[], rows: Schema[]): Field["kind"] {
  const [first = {}] = parts;
  const types = new Set(parts.map(typeOf));
  if (types.size !== 1) return "object";
  const type = typeOf(first);
  if (type === "integer" || type === "number" || type === "boolean") return type;
  if (type === "string") return formats[first.format ?? ""] ?? "text";
  if (type !== "array") return "object";
  return rows.every((row) => typeOf(row) === "string") ? "list" : "rows";
}

function typeOf(schema: Schema): string | undefined {
  return [schema.type].flat().find((one) => one !== "null") ?? (schema.enum ? "string" : undefined);
}

/** Answers are shown, not asked for: names and kinds are enough. */
function withoutWords(fields: Field[]): Field[] {
  return fields.map(({ name, kind, fields: inner }) => ({
    name,
    kind,
    fields: inner && withoutWords(inner),
  }));
}
