import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chromium } from "@playwright/test";

const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/snap/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** What Chromium is started with: it speaks to loopback alone; as root it cannot have its sandbox. */
export const chromiumArgs = [
  ...(isRoot() ? ["--no-sandbox"] : []),
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

/**
 * The path of a Chromium for the browser tests: CHROMIUM_PATH, an installed one, Playwright's own;
 * as root on Debian it is installed when there is none. Throws one sentence when none can be had.
 */
export function findChromium(): string {
  const given = process.env.CHROMIUM_PATH;
  if (given) {
    if (existsSync(given)) return given;
    throw new Error(`CHROMIUM_PATH: there is no ${given}.`);
  }
  const found = [...places, chromium.executablePath()].find((path) => existsSync(path));
  return found ?? installChromium();
}

function installChromium(): string {
  const [debianPlace = ""] = places;
  if (isRoot() && existsSync("/usr/bin/apt-get")) {
    process.stderr.write("Installing chromium for the browser tests …\n");
    try {
      runAptGet("update");
      runAptGet("install", "-y", "--no-install-recommends", "chromium");
    } catch (cause) {
      throw new Error("The browser tests need Chromium, and apt-get could not install it.", {
        cause,
      });
    }
    if (existsSync(debianPlace)) return debianPlace;
  }
  throw new Error(
    "The browser tests need Chromium: install chromium or Google Chrome, or set CHROMIUM_PATH.",
  );
}

function runAptGet(...args: string[]): void {
  // All of its output goes to stderr: stdout may be a report that somebody parses.
  execFileSync("apt-get", ["-q", ...args], {
    stdio: ["ignore", 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
