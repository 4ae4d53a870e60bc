import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { openEmbedded } from "./embedded";
import { describeShared, longestMs } from "./keeps-promises";
import { promisesOfEvents } from "./promises-of-events";
import { promisesOfServers } from "./promises-of-servers";
import { promiseOfTicks, promisesOfTime } from "./promises-of-time";

describe("the embedded engine", { timeout: longestMs }, () => {
  describeShared(openEmbedded, { isEmbedded: true });
});

describe("docs/inngest.md", () => {
  it("says of each promise who keeps it", async () => {
    const docs = await readFile(new URL("../../docs/inngest.md", import.meta.url), "utf8");
    const rows = docs
      .split("\n")
      .filter((line) => /\| (yes|no) /.test(line))
      .map((line) => line.split("|").map((cell) => cell.trim()))
      .map(([, title, embedded, server]) => `${title}: ${embedded}, ${server}`);
    const shared = [...promisesOfEvents, ...promisesOfTime, promiseOfTicks];
    expect(rows).toEqual([
      ...shared.map(({ title }) => `${title}: yes, yes`),
      ...promisesOfServers.map(({ title }) => `${title}: no, yes`),
    ]);
  });
});
