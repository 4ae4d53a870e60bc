import { it } from "vitest";
import { describePromises } from "./keeps-promises";
import { openServer, serverSettings } from "./server";

const settings = serverSettings();

if (settings) {
  const noRestart = settings.restart ? undefined : "INNGEST_TEST_RESTART is not set";
  const open = () => openServer(settings);
  describePromises("an Inngest server", { open, isEmbedded: false, noRestart });
} else {
  const reason = "INNGEST_TEST_URL is not set";
  process.stderr.write(`skipped in server.test.ts: ${reason}\n`);
  it("an Inngest server keeps the same promises", ({ skip }) => skip(reason));
}
