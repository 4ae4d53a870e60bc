import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

export type SignatureVerdict =
  | { state: "unchecked" }
  | { state: "valid" }
  | { state: "invalid"; reason: string };

const toleranceSeconds = 5 * 60;
const prefix = "whsec_";

/**
 * Judges a request as Standard Webhooks says: HMAC-SHA256 over `id.timestamp.body`, in base64,
 * among the `v1,…` entries of `webhook-signature`, not older or newer than five minutes. Any one
 * of the keys may have signed; without keys nothing is checked.
 */
export function verifySignature(
  keys: readonly Buffer[],
  headers: IncomingHttpHeaders,
  body: Buffer,
): SignatureVerdict {
  if (keys.length === 0) return { state: "unchecked" };
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"];
  const signatures = headers["webhook-signature"];
  if (typeof id !== "string") return invalid("no webhook-id header");
  if (typeof timestamp !== "string") return invalid("no webhook-timestamp header");
  if (typeof signatures !== "string") return invalid("no webhook-signature header");
  const untimely = judgeTimestamp(timestamp);
  if (untimely) return invalid(untimely);
  const given = signatures.split(" ").filter((entry) => entry.startsWith("v1,"));
  if (given.length === 0) return invalid("no v1 signature");
  for (const key of keys) {
    const hmac = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body);
    const expected = Buffer.from(`v1,${hmac.digest("base64")}`);
    if (given.some((entry) => isSame(Buffer.from(entry), expected))) return { state: "valid" };
  }
  return invalid("no signature matches the body and the secret");
}

/** The signing key of a secret: decoded base64 after `whsec_`, else its UTF-8 bytes. */
export function readSecret(secret: string): Buffer {
  if (secret === "") throw new Error("The secret is empty.");
  if (!secret.startsWith(prefix)) return Buffer.from(secret);
  const encoded = secret.slice(prefix.length);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) {
    throw new Error(`What follows ${prefix} in the secret is not base64.`);
  }
  return Buffer.from(encoded, "base64");
}

function judgeTimestamp(timestamp: string): string | undefined {
  if (!/^\d{1,15}$/.test(timestamp)) return "webhook-timestamp is not a number of seconds";
  const ageSeconds = Math.floor(Date.now() / 1000) - Number(timestamp);
  if (Math.abs(ageSeconds) <= toleranceSeconds) return undefined;
  const direction = ageSeconds > 0 ? "old" : "in the future";
  return `webhook-timestamp is ${Math.abs(ageSeconds)} s ${direction}, more than ${toleranceSeconds} s`;
}

function isSame(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function invalid(reason: string): SignatureVerdict {
  return { state: "invalid", reason };
}
