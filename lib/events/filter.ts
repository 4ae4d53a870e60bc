import { invalid, type FieldError } from "@/lib/errors";
import { pointerTo } from "@/lib/input";
import { nearest } from "@/lib/nearest";
import { findField, type Field, type SubscribedTypes } from "./filter-fields";
import type { Leaf, Plan } from "./filter-plan";
import { findFault, isOperator, operators, planCondition, type Operator } from "./filter-values";
import { isObject } from "@/lib/event-types/schema-rules";

const mostConditions = 100;
const mostInList = 100;
const deepest = 10;
const largestBytes = 16 * 1024;
/** So many are told of at most. */
const mostErrors = 20;

/**
 * Reads the `filters` of a webhook: an object whose keys must all be fulfilled. A key is
 * - a shorthand: `project_id`, `milestone_id`, `initiative_id`, `issue_id`, `priority`, `status`,
 *   `actor` ("ai:claude", or the name alone);
 * - a dotted path from the top of an event, or from `current`, `previous` or `changes`; of a list
 *   that stands there, any element counts;
 * - `and` or `or` with a list of filters, `not` with a filter.
 * A condition is a value, a list of values, or an object of operators. `{}` is no filter: null.
 * Refuses as `validation_failed` with pointers under `/filters`; `types` are those subscribed to.
 */
export function planFilters(filters: Record<string, unknown>, types: SubscribedTypes): Plan | null {
  if (Object.keys(filters).length === 0) return null;
  const planner = new Planner(types);
  const plan = planner.planFilter(filters);
  planner.checkSize(filters);
  if (planner.errors.length > 0) throw invalid(...planner.errors);
  return plan;
}

/** Stands for what was refused: with an error there is no plan. */
const nothing: Plan = { all: [], at: "" };

class Planner {
  readonly errors: FieldError[] = [];
  readonly #types: SubscribedTypes;
  readonly #path: PropertyKey[] = ["filters"];
  #depth = 0;
  #conditions = 0;

  constructor(types: SubscribedTypes) {
    this.#types = types;
  }

  planFilter(value: unknown): Plan {
    if (!isObject(value))
      return this.#refuse("wrong_type", 'must be an object, such as {"priority": "high"}');
    if (this.#depth > deepest)
      return this.#refuse("too_deep", `must not be nested: it is ${deepest} deep already`);
    return this.#planEach(value, "must have a condition", (key, part) => this.#planKey(key, part));
  }

  /** Of what has proved not to be too deep. */
  checkSize(filters: unknown): void {
    if (this.errors.length > 0) return;
    if (Buffer.byteLength(JSON.stringify(filters)) > largestBytes)
      this.#refuse("too_large", `must have at most ${largestBytes / 1024} KiB of JSON`);
  }

  #planKey(key: string, value: unknown): Plan {
    const at = this.#pointer();
    if (key === "not") return { not: this.#planDeeper(value), at };
    if (key === "and") return { all: this.#planList(value), at };
    if (key === "or") return { any: this.#planList(value), at };
    const field = findField(key, this.#types);
    if ("code" in field) return this.#refuse(field.code, field.message);
    if (Array.isArray(value)) return this.#planCondition(field, "in", value);
    if (!isObject(value)) return this.#planCondition(field, "eq", value);
    return this.#planEach(value, "must have an operator", (word, operand) =>
      isOperator(word)
        ? this.#planCondition(field, word, operand)
        : this.#refuse("unknown_operator", hintAt(word, key)),
    );
  }

  #planList(value: unknown): Plan[] {
    if (!Array.isArray(value)) return [this.#refuse("wrong_type", "must be a list of filters")];
    if (!this.#checkLength(value)) return [];
    return value.map((part, index) => this.#at(index, () => this.#planDeeper(part)));
  }

  #planDeeper(value: unknown): Plan {
    this.#depth += 1;
    const plan = this.planFilter(value);
    this.#depth -= 1;
    return plan;
  }

  /** Every part must hold. */
  #planEach(
    given: Record<string, unknown>,
    ifEmpty: string,
    planPart: (key: string, part: unknown) => Plan,
  ): Plan {
    const parts: Plan[] = [];
    for (const [key, part] of Object.entries(given)) {
      if (this.#isFull()) return nothing;
      parts.push(this.#at(key, () => planPart(key, part)));
    }
    const [only] = parts;
    if (!only) return this.#refuse("invalid", ifEmpty);
    return parts.length === 1 ? only : { all: parts, at: this.#pointer() };
  }

  #planCondition(field: Field, op: Operator, value: unknown): Plan {
    this.#conditions += 1;
    if (this.#conditions === mostConditions + 1)
      return this.#refuseWhole(`must have at most ${mostConditions} conditions`);
    const before = this.errors.length;
    if (op !== "in" && op !== "nin") this.#checkValue(field, op, value);
    else if (!Array.isArray(value)) this.#refuse("wrong_type", "must be a list");
    else if (this.#checkLength(value))
      value.forEach((one, index) => this.#at(index, () => this.#checkValue(field, op, one)));
    if (this.errors.length > before) return nothing;
    return planCondition(field, { op, value: value as Leaf["value"], at: this.#pointer() });
  }

  #checkValue(field: Field, op: Operator, value: unknown): void {
    const fault = findFault(field, op, value);
    if (fault) this.#refuse(fault.code, fault.message);
  }

  #checkLength(list: unknown[]): boolean {
    if (list.length === 0) this.#refuse("invalid", "must not be empty");
    if (list.length > mostInList)
      this.#refuse("too_large", `must have at most ${mostInList} entries`);
    return list.length > 0 && list.length <= mostInList;
  }

  #isFull(): boolean {
    return this.errors.length >= mostErrors || this.#conditions > mostConditions;
  }

  #refuse(code: string, message: string): Plan {
    if (this.errors.length < mostErrors)
      this.errors.push({ pointer: this.#pointer(), code, message });
    return nothing;
  }

  #refuseWhole(message: string): Plan {
    this.errors.push({ pointer: "/filters", code: "too_large", message });
    return nothing;
  }

  #pointer(): string {
    return pointerTo(this.#path);
  }

  #at<T>(key: PropertyKey, look: () => T): T {
    this.#path.push(key);
    const seen = look();
    this.#path.pop();
    return seen;
  }
}

function hintAt(word: string, key: string): string {
  const near = nearest(word, operators);
  if (near) return `is not an operator: did you mean ${near}?`;
  const within = `a field within is written "${key}.${word}"`.slice(0, 200);
  return `is not an operator: use ${operators.join(", ")}; ${within}`;
}
