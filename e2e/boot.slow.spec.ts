import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { runUntilExit, type Settings } from "./support/app";
import { embedded } from "./support/engine";
import { findFreePort } from "@/test/kit/port";
import { expect, test } from "./support/test";

const exposed: Settings = {
  TURBO_AUTH: "required",
  TURBO_API_KEY: "an-api-key-of-30-characters-it-is",
  TURBO_SECRET_KEY: "a-secret-key-of-many-characters",
  TURBO_PUBLIC_URL: "https://turbo.example",
};

/** Starts where it must refuse: exit code 1 after one line on stderr, which this must fit. */
async function expectRefusal(settings: Settings, line: RegExp): Promise<void> {
  const { exitCode, stderr } = await runUntilExit(settings);
  expect(stderr).toMatch(/^turbo: [^\n]+\n$/);
  expect(stderr).toMatch(line);
  expect(exitCode).toBe(1);
}

const wrong: Record<string, [Settings, RegExp]> = {
  "exposed without a key": [{ ...exposed, TURBO_API_KEY: "" }, /TURBO_API_KEY/],
  "exposed without a secret key": [{ ...exposed, TURBO_SECRET_KEY: "" }, /TURBO_SECRET_KEY/],
  "exposed without its address": [{ ...exposed, TURBO_PUBLIC_URL: "" }, /TURBO_PUBLIC_URL/],
  "on every address without a key": [{ HOST: "0.0.0.0" }, /required when exposed/],
  "with a time-out that is none": [{ WEBHOOK_TIMEOUT: "soon" }, /WEBHOOK_TIMEOUT.*"soon"/],
};

for (const [title, [settings, line]] of Object.entries(wrong)) {
  test(`refuses to start ${title}`, async ({ folder }) => {
    const port = String(await findFreePort());
    await expectRefusal({ PORT: port, DATA_DIR: folder, ...settings }, line);
  });
}

test("refuses to start on a port that is in use", async ({ app, folder }) => {
  const line = new RegExp(`PORT: .*${app.port} is in use`);
  await expectRefusal({ PORT: String(app.port), DATA_DIR: folder }, line);
});

test("refuses to start with a file in place of its data folder", async ({ folder }) => {
  const dataDir = join(folder, "data");
  writeFileSync(dataDir, "");
  const port = String(await findFreePort());
  await expectRefusal({ PORT: port, DATA_DIR: dataDir }, /DATA_DIR: .*cannot be written/);
});

test("refuses to start when its database cannot be reached", async ({ folder }) => {
  const database = createServer((_, response) => response.end("This is no database."));
  const closedPort = await findFreePort();
  const openPort = await findFreePort();
  await new Promise<void>((resolve) => database.listen(openPort, "127.0.0.1", resolve));
  const port = String(await findFreePort());
  for (const databasePort of [closedPort, openPort]) {
    const settings = {
      PORT: port,
      DATA_DIR: folder,
      TURBO_SECRET_KEY: "a-secret-key-of-many-characters",
      DATABASE_URL: `postgres://user:geheim@127.0.0.1:${databasePort}/turbo`,
    };
    const { exitCode, stderr } = await runUntilExit(settings);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^turbo: DATABASE_URL: [^\n]+\n$/);
    expect(stderr).not.toContain("geheim");
  }
  database.closeAllConnections();
  database.close();
});

test("refuses to start beside another on its data, which goes on unharmed", async ({
  app,
  api,
  receiver,
}) => {
  const before = app.postgres.pids[0];
  const port = String(await findFreePort());
  await expectRefusal({ PORT: port, DATA_DIR: app.dataDir }, /DATA_DIR: another .* runs on/);
  expect(app.postgres.pids[0], "its database is the same process").toBe(before);
  await api.createWebhook(receiver.url);
  await api.createIssue();
  await receiver.waitFor();
  expect(app.log).not.toContain("embedded PostgreSQL was gone");
});

test("refuses another secret key than the one its data was sealed with", async ({
  startOwnApp,
  receiver,
}) => {
  const app = await startOwnApp({
    ...embedded,
    TURBO_SECRET_KEY: "a-secret-key-of-many-characters",
  });
  await app.stop();
  const settings = {
    PORT: String(app.port),
    DATA_DIR: app.dataDir,
    TURBO_SECRET_KEY: "another-key-of-many-characters",
  };
  await expectRefusal(settings, /TURBO_SECRET_KEY: not the key/);
  expect(app.postgres.pids, "it leaves no database running").toEqual([]);
  await app.start();
  expect(receiver.posts).toHaveLength(0);
});
