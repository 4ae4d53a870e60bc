/* oxlint-disable no-empty-pattern -- Playwright reads the pattern, even an empty one. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base, type TestInfo } from "@playwright/test";
import { Api, ok, type Webhook } from "./api";
import type { PostgresServer } from "@/test/kit/postgres-server";
import { startApp, startDatabaseServer, type App, type Settings } from "./app";
import { engineSettings, forget, untilRegistered } from "./engine";
import { startReceiver, type Receiver } from "./receiver";

/**
 * Retries within seconds, so that the tests need not wait for hours; a time-out that receivers keep
 * to on a machine that is busy.
 */
export const quickSettings: Settings = {
  WEBHOOK_RETRY_SCHEDULE: "1s,1s,2s,2s",
  WEBHOOK_TIMEOUT: "10",
};

type WorkerFixtures = {
  /** What the shared installation of a file is started with beside the quick settings. */
  appSettings: Settings;
  /** A local installation that all tests share; what webhooks they leave are deleted behind them. */
  app: App;
};

type TestFixtures = {
  appUrl: string;
  api: Api;
  receiver: Receiver;
  /** Another receiver, for whoever needs two. */
  secondReceiver: Receiver;
  /** A database server of its own, for installations that share one. */
  postgres: PostgresServer;
  /** An empty folder that is gone after the test. */
  folder: string;
  /** Starts an installation for this test alone, with the quick settings and these. */
  startOwnApp: (settings?: Settings) => Promise<App>;
};

export const test = base.extend<TestFixtures, WorkerFixtures>({
  appSettings: [{}, { option: true, scope: "worker" }],
  app: [
    async ({ appSettings }, use) => {
      const app = await startOnEngine(appSettings);
      await use(app);
      await app.remove();
      await forget(app);
    },
    { scope: "worker", timeout: 300_000 },
  ],
  appUrl: async ({ app }, use, info) => {
    const logStart = app.log.length;
    await use(app.url);
    await attachLog(info, app.log.slice(logStart));
    await deleteWebhooks(new Api(app.url));
  },
  api: async ({ appUrl }, use) => {
    await use(new Api(appUrl));
  },
  receiver: async ({}, use) => {
    const receiver = await startReceiver();
    await use(receiver);
    await receiver.close();
  },
  secondReceiver: async ({}, use) => {
    const receiver = await startReceiver();
    await use(receiver);
    await receiver.close();
  },
  postgres: async ({}, use) => {
    const postgres = await startDatabaseServer();
    await use(postgres);
    await postgres.remove();
  },
  folder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), "turbo-e2e-"));
    await use(folder);
    rmSync(folder, { recursive: true, force: true });
  },
  startOwnApp: async ({}, use, info) => {
    const apps: App[] = [];
    await use(async (settings = {}) => {
      const app = await startOnEngine(settings);
      apps.push(app);
      return app;
    });
    for (const app of apps) {
      await attachLog(info, app.log);
      await app.remove();
      await forget(app);
    }
  },
});

export { expect } from "@playwright/test";

/** With the quick settings and these, on the engine under test unless they name another. */
async function startOnEngine(settings: Settings): Promise<App> {
  const engine = engineSettings(settings);
  const app = await startApp({ ...quickSettings, ...engine, ...settings });
  if (Object.keys(engine).length > 0) await untilRegistered(app);
  return app;
}

async function deleteWebhooks(api: Api): Promise<void> {
  for (const { id } of ok(await api.get<Webhook[]>("/webhooks?limit=100")))
    await api.delete(`/webhooks/${id}`);
}

async function attachLog(info: TestInfo, text: string): Promise<void> {
  if (info.status !== info.expectedStatus) await info.attach("app.log", { body: text });
}
