import type { Entity } from "@/lib/entities/define";
import type { EventType } from "@/lib/event-types/catalogue";
import type { Row } from "@/lib/events/changes";
import { sampleOf } from "@/lib/event-types/samples";
import { capital, type Named } from "./endpoint";

/** How the document calls an entity, and what it looks like. */
export function shapeOf({ name, shape }: Entity): Named {
  return { name: capital(name), schema: shape };
}

/** One of an entity, as it is when it is new. */
export function sampleRow({ name }: Entity): Row {
  return sampleOf(`${name}.created` as EventType).current;
}

/** "an issue" of "issue". */
export function a(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`;
}
