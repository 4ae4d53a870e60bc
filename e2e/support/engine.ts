import { createHash } from "node:crypto";
import { test } from "@playwright/test";
import type { App, Settings } from "./app";
import { until } from "@/test/kit/until";

const {
  INNGEST_TEST_URL = "",
  INNGEST_TEST_EVENT_KEY: eventKey = "",
  INNGEST_TEST_SIGNING_KEY: signingKey = "",
} = process.env;
const url = INNGEST_TEST_URL.replace(/\/+$/, "");

/** The engine under test is the embedded one; with INNGEST_TEST_URL it is that Inngest server. */
export const isEmbedded = url === "";

/** For an installation that has the embedded engine whatever is under test. */
export const embedded: Settings = { INNGEST_DEV: "" };

/** Skips the running test, saying why, when an Inngest server is under test. */
export function skipUnlessEmbedded(reason: string): void {
  if (isEmbedded) return;
  console.log(`skipped: ${reason}`);
  test.skip(true, reason);
}

/** What gives an installation the engine under test; nothing if its settings name an engine. */
export function engineSettings(settings: Settings): Settings {
  const isNamed = Object.keys(settings).some((name) => name.startsWith("INNGEST_"));
  if (isEmbedded || isNamed) return {};
  if (!signingKey) return { INNGEST_DEV: url };
  return {
    INNGEST_BASE_URL: url,
    INNGEST_EVENT_KEY: eventKey,
    INNGEST_SIGNING_KEY: signingKey,
  };
}

/** Waits until the Inngest server under test knows the functions of this installation. */
export async function untilRegistered(app: App): Promise<void> {
  if (isEmbedded) return;
  await until("the functions are registered", () => app.log.includes("functions registered"));
}

/** Has the Inngest server under test forget an installation that is gone, or it calls it for ever. */
export async function forget(app: App): Promise<void> {
  if (isEmbedded) return;
  const appUrl = encodeURIComponent(`${app.url}/api/inngest`);
  const headers = { authorization: `Bearer ${hashKey()}` };
  await fetch(`${url}/fn/remove?url=${appUrl}`, { method: "DELETE", headers });
}

/** What its API takes for proof of the signing key. */
function hashKey(): string {
  const [, prefix = "", hex = ""] = /^(signkey-\w+-)?(.*)$/.exec(signingKey) ?? [];
  return prefix + createHash("sha256").update(Buffer.from(hex, "hex")).digest("hex");
}
