import { defineConfig } from "@playwright/test";
import { chromiumArgs, findChromium } from "./scripts/find-chromium";

const slow = /\.slow\.spec\.ts|@slow/;

export default defineConfig({
  testDir: "e2e",
  globalSetup: "./e2e/support/global-setup.ts",
  outputDir: "test-results/e2e",
  reporter: [["list"], ["json", { outputFile: "test-results/e2e.json" }]],
  // Two files at a time: each test has its installations to itself, and waits more than it works.
  workers: 2,
  // `npm test` runs the main one alone. Slow is a file by its name, or one test of others by the tag in its title.
  projects: [
    { name: "main", grepInvert: slow },
    { name: "slow", grep: slow },
  ],
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  forbidOnly: Boolean(process.env.CI),
  use: {
    browserName: "chromium",
    launchOptions: { executablePath: findChromium(), args: chromiumArgs },
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
  },
});
