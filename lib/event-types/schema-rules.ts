import { RE2JS } from "re2js";
import type { FieldError } from "@/lib/errors";
import { pointerTo } from "@/lib/input";

export type JsonSchema = Record<string, unknown>;

/** The formats that are checked; any other would silently be none. */
export const formats = [
  "date",
  "time",
  "date-time",
  "duration",
  "email",
  "hostname",
  "ipv4",
  "ipv6",
  "uri",
  "uri-reference",
  "uuid",
] as const;

/** What the value of a keyword is: a schema, several of them, or something of its own. */
const keywords: Record<string, "schema" | "list" | "map" | "value"> = {
  ...named("value", "type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum"),
  ...named("value", "maxLength minLength pattern format maxItems minItems uniqueItems"),
  ...named("value", "maxContains minContains maxProperties minProperties required"),
  ...named("value", "dependentRequired $schema $ref $comment title description default examples"),
  ...named("value", "deprecated readOnly writeOnly contentEncoding contentMediaType"),
  ...named("schema", "additionalProperties unevaluatedProperties propertyNames items contains"),
  ...named("schema", "unevaluatedItems not if then else"),
  ...named("list", "allOf anyOf oneOf prefixItems"),
  ...named("map", "properties patternProperties dependentSchemas $defs"),
};

function named<Kind>(kind: Kind, names: string): Record<string, Kind> {
  return Object.fromEntries(names.split(" ").map((name) => [name, kind]));
}

export const draftUri = "https://json-schema.org/draft/2020-12/schema";
const reference = /^#\/\$defs\/([\w.-]+)$/;
/** Schemas in a schema: the compiler takes ever longer for each, and at some thousand runs out of stack. */
const mostParts = 500;
const heaviest = 50_000;
/**
 * What one part of a schema costs under a keyword that goes on after it has failed: each failure
 * becomes an object, of which all are kept until the keyword has ended.
 */
const stepsOfKeptFailure = 25;
const keepsFailures = new Set([
  "anyOf",
  "oneOf",
  "contains",
  "not",
  "if",
  "propertyNames",
  "unevaluatedItems",
  "unevaluatedProperties",
]);
/** `uniqueItems` writes each item out, in order. */
const stepsOfUnique = 25;
/** Instructions of all its patterns: what it takes to make them ready. */
const mostInstructions = 20_000;

/** A regular expression that takes time only in proportion to the text, times its instructions. */
export function linearPattern(pattern: string): RE2JS {
  return RE2JS.compile(RE2JS.translateRegExp(pattern));
}

/**
 * What is wrong with a schema that is well-formed by the draft, and its `weight`: to check a value of
 * `size` takes at most about `size * weight` steps, beside its formats and patterns. For that to be so
 * a schema refers to nothing but its own `$defs`, and never in a circle.
 */
export function judgeSchema(schema: JsonSchema): { errors: FieldError[]; weight: number } {
  const judge = new Judge(schema);
  const weighed = judge.weigh(schema);
  const weight = weighed.plain + weighed.kept * stepsOfKeptFailure;
  if (judge.errors.length === 0 && (weight > heaviest || judge.parts > mostParts)) {
    const message = `describes too much: it must have fewer references, and at most ${mostParts} schemas in it`;
    judge.refuse("too_large", message);
  }
  return { errors: judge.errors, weight };
}

/** Parts of a schema that end at the first failure, and parts whose failures are kept. */
type Weight = { plain: number; kept: number };

class Judge {
  readonly errors: FieldError[] = [];
  parts = 0;
  readonly #path: (string | number)[] = [];
  readonly #definitions: JsonSchema;
  readonly #weights = new Map<string, Weight | "being weighed">();
  readonly #patterns = new Set<string>();
  #instructions = 0;

  constructor(root: JsonSchema) {
    this.#definitions = isObject(root.$defs) ? root.$defs : {};
  }

  weigh(schema: unknown): Weight {
    this.parts += 1;
    if (!isObject(schema)) return plain(1);
    return sum(
      Object.entries(schema).map(([keyword, value]) => {
        const weight = this.#at(keyword, () => this.#weighKeyword(keyword, value));
        return keepsFailures.has(keyword) ? kept(weight) : weight;
      }),
    );
  }

  refuse(code: string, message: string): void {
    this.errors.push({ pointer: pointerTo(this.#path), code, message });
  }

  #at<T>(key: string | number, look: () => T): T {
    this.#path.push(key);
    const seen = look();
    this.#path.pop();
    return seen;
  }

  #weighKeyword(keyword: string, value: unknown): Weight {
    const kind = Object.hasOwn(keywords, keyword) ? keywords[keyword] : undefined;
    if (keyword === "$defs") return this.#weighDefinitions();
    if (kind === "schema") return sum([this.weigh(value)]);
    if (kind === "list" && Array.isArray(value))
      return sum(value.map((part, index) => this.#at(index, () => this.weigh(part))));
    if (kind === "map" && isObject(value)) return this.#weighMap(keyword, value);
    if (kind === "value") return this.#weighValue(keyword, value);
    if (!keyword.startsWith("x-")) this.refuse("unknown_keyword", reasonAgainst(keyword));
    return plain(0);
  }

  #weighMap(keyword: string, schemas: JsonSchema): Weight {
    const weighAt = (name: string) =>
      this.#at(name, () => {
        if (keyword === "patternProperties") this.#checkPattern(name);
        return this.weigh(schemas[name]);
      });
    return sum(Object.keys(schemas).map(weighAt));
  }

  /** Each is judged; what it weighs counts wherever it is referred to. */
  #weighDefinitions(): Weight {
    if (this.#path.length > 1) this.refuse("not_allowed", "must stand at the top of the schema");
    else for (const name of Object.keys(this.#definitions)) this.#weighDefinition(name);
    return plain(0);
  }

  #weighDefinition(name: string): Weight {
    const known = this.#weights.get(name);
    if (isObject(known)) return known;
    this.#weights.set(name, "being weighed");
    const weight = this.#elsewhere(["$defs", name], () => this.weigh(this.#definitions[name]));
    this.#weights.set(name, weight);
    return weight;
  }

  #elsewhere<T>(path: string[], look: () => T): T {
    const here = this.#path.splice(0, this.#path.length, ...path);
    const seen = look();
    this.#path.splice(0, this.#path.length, ...here);
    return seen;
  }

  #weighValue(keyword: string, value: unknown): Weight {
    if (keyword === "$ref") return this.#weighReference(String(value));
    if (keyword === "pattern") this.#checkPattern(String(value));
    if (keyword === "dependentRequired" && isObject(value)) this.parts += Object.keys(value).length;
    if (keyword === "format") this.#checkFormat(String(value));
    if (keyword === "$schema") this.#checkDraft(String(value));
    if (keyword === "uniqueItems") return plain(stepsOfUnique);
    return plain(Array.isArray(value) ? 1 + value.length : 1);
  }

  #weighReference(ref: string): Weight {
    const name = reference.exec(ref)?.[1];
    if (name === undefined || !Object.hasOwn(this.#definitions, name)) {
      this.refuse("unknown_reference", "must be #/$defs/ and a name that $defs of this schema has");
      return plain(0);
    }
    if (this.#weights.get(name) !== "being weighed") return sum([this.#weighDefinition(name)]);
    this.refuse("not_allowed", "must not lead back to itself: a schema has an end");
    return plain(0);
  }

  #checkPattern(pattern: string): void {
    if (this.#patterns.has(pattern)) return;
    this.#patterns.add(pattern);
    if (this.#instructions > mostInstructions) {
      this.refuse("too_large", "must be simpler, or stand with fewer others");
      return;
    }
    try {
      // It must be a pattern of JavaScript too: the other engine alone knows more.
      void new RegExp(pattern, "u");
      this.#instructions += linearPattern(pattern).programSize();
    } catch (error) {
      const reason = error instanceof Error ? error.message : "it cannot be read";
      const rule = "must be a regular expression without look-around and back-references";
      this.refuse("invalid_pattern", `${rule}: ${reason}`);
    }
  }

  #checkFormat(format: string): void {
    const known: readonly string[] = formats;
    if (!known.includes(format)) this.refuse("not_allowed", `must be one of ${known.join(", ")}`);
  }

  #checkDraft(uri: string): void {
    if (uri.replace(/#$/, "") !== draftUri || this.#path.length > 1)
      this.refuse("not_allowed", `must stand at the top of the schema and be ${draftUri}`);
  }
}

function reasonAgainst(keyword: string): string {
  return /^\$|^definitions$/.test(keyword)
    ? "is not supported: refer with $ref to the $defs of this schema"
    : "is not a keyword of JSON Schema 2020-12";
}

/** Of one part and all these within it. */
function sum(weights: Weight[]): Weight {
  return weights.reduce(
    (all, weight) => ({ plain: all.plain + weight.plain, kept: all.kept + weight.kept }),
    plain(1),
  );
}

function plain(steps: number): Weight {
  return { plain: steps, kept: 0 };
}

function kept({ plain: steps, kept: already }: Weight): Weight {
  return { plain: 0, kept: steps + already };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
