import { type FieldError, mostErrors } from "@/lib/errors";
import { pointerTo } from "@/lib/input";
import { isStorable } from "@/lib/text";

type Path = (string | number)[];

/** What is wrong with a value of JSON, and how much it is to read: its parts, and 1 for 8 characters. */
export type Inspection = { errors: FieldError[]; size: number };

/**
 * Looks through a parsed JSON value for what PostgreSQL, or whoever reads it again, could not take:
 * texts with NUL or half a surrogate pair, numbers beyond those of JavaScript, the key `__proto__`,
 * and nesting deeper than `deepest`. `at` is where it stands in the input.
 */
export function inspectJson(
  value: unknown,
  { deepest = 64, at = [] }: { deepest?: number; at?: Path } = {},
): Inspection {
  const inspector = new Inspector(deepest, [...at]);
  inspector.walk(value);
  return inspector;
}

class Inspector implements Inspection {
  readonly errors: FieldError[] = [];
  size = 0;
  readonly #deepest: number;
  readonly #path: Path;

  constructor(deepest: number, path: Path) {
    this.#deepest = deepest;
    this.#path = path;
  }

  walk(value: unknown): void {
    this.size += 1;
    if (typeof value === "string") this.#text(value);
    else if (typeof value === "number" && !Number.isFinite(value))
      this.#refuse("invalid", "must be a number between -1.79e308 and 1.79e308");
    else if (typeof value === "object" && value !== null) this.#parts(value);
  }

  #parts(value: object): void {
    if (this.#path.length >= this.#deepest) {
      this.#refuse("too_deep", `must not be nested: it is ${this.#deepest} deep already`);
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) this.#part(index, item);
    } else {
      for (const [key, item] of Object.entries(value)) {
        this.#part(key, item);
        this.#key(key);
      }
    }
  }

  #part(key: string | number, item: unknown): void {
    this.#path.push(key);
    this.walk(item);
    this.#path.pop();
  }

  #text(text: string): void {
    this.size += text.length / 8;
    if (!isStorable(text)) this.#refuse("invalid", "must not contain NUL or half a surrogate pair");
  }

  #key(key: string): void {
    this.size += key.length / 8;
    if (!isStorable(key))
      this.#refuse("invalid", "must not have a key with NUL or half a surrogate pair");
    if (key === "__proto__") this.#refuse("not_allowed", "must not have the key __proto__");
  }

  #refuse(code: string, message: string): void {
    if (this.errors.length < mostErrors)
      this.errors.push({ pointer: pointerTo(this.#path), code, message });
  }
}
