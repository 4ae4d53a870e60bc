import { createHmac } from "node:crypto";
import { expect } from "@playwright/test";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import type { Received } from "./receiver";

/** Both official libraries take the signature, and `X-Turbo-Signature` is that of these bytes. */
export function expectSigned(request: Received, secret: string): void {
  expect(isSignedBy(request, secret)).toBe(true);
  const mac = createHmac("sha256", secret).update(request.raw).digest("hex");
  expect(request.headers["x-turbo-signature"]).toBe(`sha256=${mac}`);
}

/** Does `webhook-signature` hold a signature by this secret? Throws when the libraries disagree. */
export function isSignedBy({ raw, headers }: Received, secret: string): boolean {
  const signed = Object.fromEntries(
    ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => [
      name,
      String(headers[name]),
    ]),
  );
  const options = secret.startsWith("whsec_") ? undefined : ({ format: "raw" } as const);
  const verdicts = [StandardWebhook, SvixWebhook].map((Library) => {
    try {
      new Library(secret, options).verify(raw, signed);
      return true;
    } catch {
      return false;
    }
  });
  expect(verdicts[1], "standardwebhooks and svix agree").toBe(verdicts[0]);
  return verdicts[0] === true;
}
