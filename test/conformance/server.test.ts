import { describe, it } from "vitest";
import { describeShared, longestMs } from "./keeps-promises";
import { promisesOfServers } from "./promises-of-servers";
import { openServer, serverSettings } from "./server";

const settings = serverSettings();

if (settings) {
  const open = () => openServer(settings);
  describe("an Inngest server", { timeout: longestMs }, () => {
    describe("serving", () => describeShared(open));

    describe("with processes that end", () => {
      for (const { title, restarts, keep } of promisesOfServers) {
        // A server that is killed takes the work of all others along.
        it(title, { concurrent: !restarts }, async ({ skip, onTestFinished }) => {
          if (restarts && !settings.restart) {
            process.stderr.write(`not asked: ${title}: INNGEST_TEST_RESTART is not set\n`);
            skip("INNGEST_TEST_RESTART is not set");
          }
          const server = await open();
          onTestFinished(() => server.close());
          await keep(server);
        });
      }
    });
  });
} else {
  const reason = "INNGEST_TEST_URL is not set";
  process.stderr.write(`skipped in server.test.ts: ${reason}\n`);
  it("an Inngest server keeps the same promises", ({ skip }) => skip(reason));
}
