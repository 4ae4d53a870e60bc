import { randomUUID } from "node:crypto";
import { clock } from "./clock";

let lastMs = 0;
let sequence = 0;

/** Further back than this the clock goes only when it was wrong before. */
const correctionMs = 1_000;

/**
 * A UUID version 7 (RFC 9562) by the database's clock, like those the database makes. Ids made
 * later by one process sort later, within a millisecond too.
 */
export function newId(): string {
  const nowMs = Math.floor(clock().nowMs());
  if (nowMs > lastMs || nowMs < lastMs - correctionMs) {
    lastMs = nowMs;
    sequence = 0;
  } else if (++sequence > 0xfff) {
    lastMs += 1;
    sequence = 0;
  }
  const time = lastMs.toString(16).padStart(12, "0");
  const place = sequence.toString(16).padStart(3, "0");
  // Random from its variant on, and drawn in advance: asking for random bytes costs ten times more.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${place}-${randomUUID().slice(19)}`;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isId(text: string): boolean {
  return uuid.test(text);
}

/** Sorts before every UUID version 7 of this moment or a later one. */
export function leastIdAt(at: Date): string {
  const hex = at.getTime().toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
