import { randomBytes } from "node:crypto";
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
  const bytes = randomBytes(16);
  bytes.writeUIntBE(lastMs, 0, 6);
  bytes.writeUInt16BE(0x7000 | sequence, 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
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
