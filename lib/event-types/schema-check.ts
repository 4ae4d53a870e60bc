import { Ajv2020, type ErrorObject, type Format, type SchemaObject } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { FieldError } from "@/lib/errors";
import { pointerTo } from "@/lib/input";
import {
  draftUri,
  formats,
  isObject,
  judgeSchema,
  linearPattern,
  type JsonSchema,
} from "./schema-rules";

/** Steps of about 15 ns: what one request may cost to check is a fraction of a second. */
const stepsOfRequest = 20_000_000;

/** Work that may still be spent on checking what one request holds. */
export class Budget {
  #steps = stepsOfRequest;

  spend(steps: number): void {
    this.#steps -= steps;
    if (this.#steps < 0) throw new OutOfBudget();
  }
}
class OutOfBudget extends Error {}

const outOfBudget: FieldError = {
  pointer: "",
  code: "too_large",
  message: "is too much to be checked at once against the schema of its type",
};

/**
 * A schema that is ready to check values: what is wrong with one of this `size`, as `inspectJson` has
 * it; empty: nothing. Pointers begin at the value. Of a large one only the first thing is told.
 */
export type Check = (value: unknown, given: { size: number; budget: Budget }) => FieldError[];

/** So many steps at most may be spent on finding every error: each is an object of its own. */
const mostStepsToFindAll = 100_000;
/** What a character costs, with each instruction of a pattern and with a format. */
const stepsOfInstruction = 2;
const stepsOfFormat = 20;

const options = { strict: false, logger: false } as const;
let draft: Ajv2020 | undefined;

/** What is wrong with a schema; pointers begin at it. Compile no other than one without errors. */
export function schemaErrors(schema: JsonSchema): FieldError[] {
  draft ??= new Ajv2020(options);
  if (draft.validate(draftUri, schema)) return judgeSchema(schema).errors;
  return (draft.errors ?? []).slice(0, 1).map(fieldErrorOf);
}

export function compileSchema(schema: JsonSchema): Check {
  const { weight } = judgeSchema(schema);
  let running = new Budget();
  const spend = (steps: number) => running.spend(steps);
  const accepts = compile(schema, { allErrors: false, spend });
  let explain: typeof accepts | undefined;
  return (value, { size, budget }) => {
    running = budget;
    try {
      spend(size * weight);
      if (accepts(value)) return [];
      if (size * weight > mostStepsToFindAll) return (accepts.errors ?? []).map(fieldErrorOf);
      explain ??= compile(schema, { allErrors: true, spend });
      explain(value);
      return (explain.errors ?? []).map(fieldErrorOf);
    } catch (error) {
      if (error instanceof OutOfBudget) return [outOfBudget];
      throw error;
    }
  };
}

type Spend = (steps: number) => void;

/** Each by a compiler of its own: one that is kept would keep all it ever compiled. */
function compile(schema: JsonSchema, { allErrors, spend }: { allErrors: boolean; spend: Spend }) {
  const ajv = new Ajv2020({
    ...options,
    allErrors,
    meta: false,
    validateSchema: false,
    addUsedSchema: false,
    // One that is referred to often would be written out as often.
    inlineRefs: false,
    code: {
      optimize: false,
      regExp: Object.assign((pattern: string) => metered(pattern, spend), { code: "" }),
    },
  });
  for (const name of formats) ajv.addFormat(name, meteredFormat(addFormats.get(name), spend));
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    validate: (isAsked: boolean, items: unknown[]) => !isAsked || areUnique(items),
    error: { message: "must not hold the same item twice" },
  });
  return ajv.compile(schema satisfies SchemaObject);
}

/** The compiler tells patterns apart by their text. */
function metered(pattern: string, spend: Spend) {
  const expression = linearPattern(pattern);
  const stepsOfCharacter = expression.programSize() * stepsOfInstruction;
  return {
    test: (text: string) => {
      spend((text.length + 1) * stepsOfCharacter);
      return expression.test(text);
    },
    toString: () => pattern,
  };
}

function meteredFormat(format: Format, spend: Spend) {
  const rule = typeof format === "object" && "validate" in format ? format.validate : format;
  // None of those that are checked is a format of numbers.
  const fits = rule instanceof RegExp ? (text: string) => rule.test(text) : (rule as Fits);
  return (text: string) => {
    spend((text.length + 1) * stepsOfFormat);
    return fits(text);
  };
}
type Fits = (text: string) => boolean;

/** In one pass: the library compares each with each. */
function areUnique(items: unknown[]): boolean {
  return new Set(items.map((item) => JSON.stringify(inOrder(item)))).size === items.length;
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isObject(value)) return value;
  const keys = Object.keys(value).toSorted();
  return Object.fromEntries(keys.map((key) => [key, inOrder(value[key])]));
}

const words: Record<string, { code: string; say: (error: ErrorObject) => string }> = {
  required: { code: "required", say: () => "is required" },
  additionalProperties: { code: "unknown_field", say: () => "is not a field of this type" },
  unevaluatedProperties: { code: "unknown_field", say: () => "is not a field of this type" },
  type: { code: "wrong_type", say: ({ params }) => `must be ${[params.type].flat().join(" or ")}` },
  enum: {
    code: "not_allowed",
    say: ({ params }) => `must be one of ${shortList(params.allowedValues)}`,
  },
  const: { code: "not_allowed", say: ({ params }) => `must be ${short(params.allowedValue)}` },
  "false schema": { code: "not_allowed", say: () => "is not allowed" },
};

function fieldErrorOf(error: ErrorObject): FieldError {
  const { keyword, instancePath, params, message = "is not valid" } = error;
  const field: unknown =
    params.missingProperty ?? params.additionalProperty ?? params.unevaluatedProperty;
  const pointer = typeof field === "string" ? instancePath + pointerTo([field]) : instancePath;
  const known = Object.hasOwn(words, keyword) ? words[keyword] : undefined;
  return { pointer, code: known?.code ?? "invalid", message: known?.say(error) ?? message };
}

function shortList(values: unknown): string {
  const all = Array.isArray(values) ? values : [];
  return `${all.slice(0, 20).map(short).join(", ")}${all.length > 20 ? ", …" : ""}`;
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}
