import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Api, type Webhook } from "./support/api";
import type { Settings } from "./support/app";
import { until } from "@/test/kit/until";
import { startInngestProxy } from "./support/inngest-proxy";
import { expect, test } from "./support/test";

const {
  INNGEST_TEST_URL: serverUrl,
  INNGEST_TEST_RESTART: restart,
  INNGEST_TEST_EVENT_KEY: eventKey,
  INNGEST_TEST_SIGNING_KEY: signingKey,
} = process.env;

/** What a lost bell may cost with an Inngest server. */
const promiseMs = 120_000;
const lanes = 20;
const issuesPerRound = 10;
const rounds = 3;

test("an Inngest server killed with bells just acknowledged loses nothing, and repeats nothing", async ({
  startOwnApp,
  receiver,
}) => {
  if (!serverUrl || !restart) {
    const why =
      "INNGEST_TEST_URL and INNGEST_TEST_RESTART do not name an Inngest server and what kills and restarts it";
    console.log(`skipped: ${why}`);
    test.skip(true, why);
    return;
  }
  test.setTimeout(600_000);
  const proxy = await startInngestProxy(serverUrl.replace(/\/+$/, ""));
  const app = await startOwnApp(settingsFor(proxy.url));
  await until("the functions are registered", () => app.log.includes("functions registered"));
  const api = new Api(app.url);
  const total = lanes * issuesPerRound;

  for (let round = 1; round <= rounds; round += 1) {
    receiver.posts.length = 0;
    // New lanes: nobody holds one, so that each needs a bell.
    const webhooks: Webhook[] = [];
    for (let n = 1; n <= lanes; n += 1)
      webhooks.push(await api.createWebhook(receiver.url, { event_types: ["issue.created"] }));
    const isOurs = ({ data }: { data: Record<string, unknown> }) =>
      webhooks.some(({ id }) => id === data.webhookId);

    let killedAt = 0;
    let killing: Promise<unknown> | undefined;
    proxy.onAcknowledged = () => {
      if (killing || proxy.acknowledged.filter(isOurs).length < lanes) return;
      killedAt = Date.now();
      killing = promisify(execFile)("sh", ["-c", restart]);
    };
    await Promise.all(Array.from({ length: issuesPerRound }, () => api.createIssue()));
    await until("every bell is acknowledged, and the server killed", () => killedAt > 0);
    const missing = total - receiver.posts.length;
    expect(missing, "deliveries that waited for the bells it took with it").toBeGreaterThan(0);
    await killing;

    await receiver.waitForAll(total, undefined, promiseMs - (Date.now() - killedAt));
    const last = Math.max(...receiver.posts.map(({ at }) => at));
    const tookSeconds = ((last - killedAt) / 1000).toFixed(1);
    console.log(
      `round ${round}: ${missing} of ${total} deliveries had not been made when the server was killed; all had ${tookSeconds} s later`,
    );
    for (const webhook of webhooks) {
      const rows = await api.waitForDeliveries(webhook, issuesPerRound, isSuccess);
      expect(rows.map(({ attempts }) => attempts)).toEqual(rows.map(() => 1));
      await api.delete(`/webhooks/${webhook.id}`);
    }
    const ids = receiver.posts.map(({ headers }) => headers["x-turbo-delivery-id"]);
    expect(ids).toHaveLength(total);
    expect(new Set(ids).size, "none came twice").toBe(total);
  }
  await proxy.close();
});

const isSuccess = ({ status }: { status: string }) => status === "success";

function settingsFor(url: string): Settings {
  if (!signingKey) return { INNGEST_DEV: url };
  return {
    INNGEST_BASE_URL: url,
    INNGEST_EVENT_KEY: eventKey ?? "",
    INNGEST_SIGNING_KEY: signingKey,
  };
}
