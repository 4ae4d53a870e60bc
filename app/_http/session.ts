import { createHash } from "node:crypto";
import { clock } from "@/lib/clock";
import { env } from "@/lib/env";
import { secretKey } from "@/lib/webhooks/policy";
import { signValue, verifyValue } from "@/lib/webhooks/secret";

export const sessionSeconds = 7 * 24 * 3600;
const purpose = "session";

/** `__Host-` needs https; a session over plain http can only be a test of the exposed mode. */
export function sessionCookieName(): string {
  return isSecure() ? "__Host-turbo-session" : "turbo-session";
}

export function isSecure(): boolean {
  return env().publicUrl?.startsWith("https://") ?? false;
}

/** Good until it expires, the secret key changes or TURBO_API_KEY changes. */
export function makeSession(): string {
  const expiresAt = Math.floor(clock().nowMs() / 1000) + sessionSeconds;
  return `${expiresAt}.${signValue(secretKey(), signed(expiresAt), purpose)}`;
}

export function isSession(text: string | undefined): boolean {
  const match = /^(\d{1,12})\.(.+)$/.exec(text ?? "");
  if (!match?.[1] || !match[2]) return false;
  const expiresAt = Number(match[1]);
  return (
    expiresAt * 1000 > clock().nowMs() &&
    verifyValue(secretKey(), { value: signed(expiresAt), purpose, mac: match[2] })
  );
}

function signed(expiresAt: number): string {
  const keyMark = createHash("sha256")
    .update(env().apiKey ?? "")
    .digest("base64url");
  return `${expiresAt}:${keyMark}`;
}
