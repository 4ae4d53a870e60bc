import { createHmac } from "node:crypto";

export type SignInput = {
  event: { id: string; type: string; /** ISO-8601, of the event. */ timestamp: string };
  deliveryId: string;
  attempt: number;
  /** Of this attempt, in seconds since 1970. */
  timestampSeconds: number;
  /** The very bytes that are posted. */
  body: Buffer;
  /** In use now, newest first. */
  secrets: string[];
  userAgent: string;
};

/**
 * The headers of one attempt: ours and those of Standard Webhooks. `X-Turbo-Signature` is by the
 * newest secret, `webhook-signature` by each of them. Throws when there is no secret: nothing goes
 * out unsigned.
 */
export function deliveryHeaders(input: SignInput): Record<string, string> {
  const { event, body, secrets } = input;
  const [newest] = secrets;
  if (!newest) throw new Error("there is no secret to sign with");
  const prefix = `${event.id}.${input.timestampSeconds}.`;
  const signatures = secrets.map(
    (secret) =>
      `v1,${createHmac("sha256", signingKey(secret)).update(prefix).update(body).digest("base64")}`,
  );
  return {
    "Content-Type": "application/json",
    "User-Agent": input.userAgent,
    "X-Turbo-Event": event.type,
    "X-Turbo-Event-ID": event.id,
    "X-Turbo-Timestamp": event.timestamp,
    "X-Turbo-Delivery-ID": input.deliveryId,
    "X-Turbo-Attempt": String(input.attempt),
    "X-Turbo-Signature": `sha256=${createHmac("sha256", newest).update(body).digest("hex")}`,
    "webhook-id": event.id,
    "webhook-timestamp": String(input.timestampSeconds),
    "webhook-signature": signatures.join(" "),
  };
}

/** Standard Webhooks: the bytes behind `whsec_`; any other secret is its own UTF-8 bytes. */
function signingKey(secret: string): Buffer {
  return secret.startsWith("whsec_")
    ? Buffer.from(secret.slice("whsec_".length), "base64")
    : Buffer.from(secret, "utf8");
}
