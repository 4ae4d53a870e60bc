import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, expect, it } from "vitest";
import { clock } from "@/lib/clock";
import { newId } from "@/lib/id";
import { mostWaiting } from "./engine";
import { createApp, until } from "./testing";

const bytesAnAlarm = 1_000;
const calls: string[] = [];
const { client, engine } = createApp((client) => [
  client.createFunction(
    { id: "f", triggers: [{ event: "a/f" }], retries: 0 },
    async ({ event }) => {
      calls.push(event.id ?? "");
    },
  ),
]);
const nowMs = () => Math.ceil(clock().nowMs());

afterAll(() => engine.stop(0));

it("a million alarms take no more memory than the soonest of them, which still come", async () => {
  await engine.start();
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const heapBytes = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = heapBytes();
  const webhookId = newId();
  const aYearMs = 365 * 86_400_000;
  for (let sent = 0; sent < 1_000_000; sent += 5_000) {
    const dueMs = nowMs() + 3_600_000;
    const events = Array.from({ length: 5_000 }, (_, n) => ({
      id: `${sent + n}`,
      name: "a/f",
      data: { webhookId },
      ts: dueMs + Math.floor(Math.random() * aYearMs),
    }));
    await engine.fetch("http://x/e/key", { method: "POST", body: JSON.stringify(events) });
  }
  expect(engine.queued).toBe(mostWaiting);
  const grownBytes = heapBytes() - before;
  process.stdout.write(`1,000,000 alarms: ${Math.round(grownBytes / 1_024)} KiB of heap\n`);
  expect(grownBytes).toBeLessThan(mostWaiting * bytesAnAlarm);
  await client.send({ name: "a/f", id: "soon", ts: nowMs() + 100 });
  await until(() => calls.includes("soon"));
  expect(engine.queued).toBe(mostWaiting - 1);
}, 120_000);
