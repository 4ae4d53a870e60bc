import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

export type Schema = {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  enum?: string[];
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  additionalProperties?: boolean | Schema;
};

type Content = Record<string, { schema: Schema; example?: unknown }>;
type Response = { $ref?: string; headers?: Record<string, unknown>; content?: Content };

type Parameter = { $ref?: string; name: string; in: string; schema: Schema };

export type Operation = {
  method: string;
  path: string;
  operationId: string;
  parameters: Parameter[];
  requestBody?: { required: boolean; content: Content };
  responses: Record<string, Response>;
};

/** An OpenAPI document, with what it refers to at hand. */
export class OpenApi {
  readonly operations: Operation[];
  readonly #document: unknown;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(document: { paths: Record<string, Record<string, Operation>> }) {
    this.#document = document;
    addFormats.default(this.#ajv);
    this.operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        ...operation,
        method: method.toUpperCase(),
        path,
        parameters: operation.parameters.map((parameter) => this.resolve(parameter)),
      })),
    );
  }

  /** What it refers to, if it refers to anything. */
  resolve<T extends { $ref?: string }>(given: T): T {
    if (!given.$ref) return given;
    const steps = given.$ref.replace("#/", "").split("/");
    let found = this.#document;
    for (const step of steps) found = (found as Record<string, unknown>)[step];
    return found as T;
  }

  /** The schema of a request's body. */
  inputOf({ requestBody }: Operation): Schema | undefined {
    const schema = requestBody?.content["application/json"]?.schema;
    return schema && this.resolve(schema);
  }

  /** How an answer of this status is described; undefined: it is not. */
  responseOf({ responses }: Operation, status: number): Response | undefined {
    const response = responses[String(status)];
    return response && this.resolve(response);
  }

  /**
   * What is wrong with an answer, by the schema of its status. A field that the schema does not name
   * is wrong, too: whoever reads the document would not know of it.
   */
  faultsOf(schema: Schema, value: unknown): string[] {
    const key = JSON.stringify(schema);
    const validate = this.#compiled.get(key) ?? this.#ajv.compile(this.#closed(schema));
    this.#compiled.set(key, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message = "", params }) =>
        `${instancePath || "/"} ${message} ${JSON.stringify(params)}`,
    );
  }

  #closed(given: Schema): Schema {
    const schema = this.resolve(given);
    const { properties, items, anyOf } = schema;
    return {
      ...schema,
      ...(properties && {
        properties: Object.fromEntries(
          Object.entries(properties).map(([name, field]) => [name, this.#closed(field)]),
        ),
        additionalProperties: schema.additionalProperties ?? false,
      }),
      ...(items && { items: this.#closed(items) }),
      ...(anyOf && { anyOf: anyOf.map((part) => this.#closed(part)) }),
    };
  }
}
