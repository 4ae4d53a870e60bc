import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, it } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { makeCertificate } from "@/lib/outbound/testing-certificate";
import { reasonOf } from "@/lib/log";
import { addWebhook, someCommands, type Model } from "./commands";
import { Spares } from "./process";
import { Receivers } from "./receivers";
import { checkRows } from "./rows";
import { tellStory } from "./story";
import { World } from "./world";

// Longer, by hand: MODEL_RUNS=500 MODEL_SEED=42 npx vitest run test/model
const { MODEL_RUNS, MODEL_SEED } = process.env;
const runs = Number(MODEL_RUNS ?? 12);
const seed = Number(MODEL_SEED ?? Date.now() % 2 ** 31);
const mostCommands = 40;
/** Worlds at once: they wait more than they work. */
const worlds = 4;
/** No run begins later than this, on a machine that is too slow for all. */
const limitMs = MODEL_RUNS ? Infinity : 45_000;
/** After a failure, smaller examples of it are tried for so long. */
const shrinkMs = 60_000;

const folder = mkdtempSync(join(tmpdir(), "turbo-model-"));
const certificate = makeCertificate("localhost");
const certificateFile = join(folder, "certificate.pem");
writeFileSync(certificateFile, certificate.cert);
const spares = new Spares(certificateFile, worlds);
afterAll(async () => {
  await spares.close();
  rmSync(folder, { recursive: true });
});

async function openWorld(isShared: boolean): Promise<{ model: Model; real: World }> {
  const model: Model = { webhooks: [], changes: [], issues: [] };
  const receivers = new Receivers(certificate, (name, time) => {
    const webhook = model.webhooks.find((one) => one.name === name);
    if (webhook) webhook.goneAt = Math.min(webhook.goneAt, time);
  });
  await receivers.open();
  const database = await createTestDatabase();
  const real = new World({ database, receivers, spares, isShared, promised: model });
  await real.start();
  for (const hasSlowDoor of [false, true]) {
    await addWebhook(model, real, { by: 0, isAwaited: true, hasSlowDoor, types: ["*"] });
  }
  return { model, real };
}

/** Heals every receiver, lets go what is held, waits until all is settled, and compares. */
async function checkEnd(model: Model, world: World): Promise<void> {
  await world.quiet();
  world.receivers.heal();
  for (const { id, name } of await world.pausedWebhooks()) {
    const at = { from: Infinity, to: Infinity };
    model.webhooks.find((webhook) => webhook.name === name)?.activated.push(at);
    await world.ask({ verb: "resumeWebhook", input: id, by: 0 }, at);
  }
  await world.settle();
  await world.rest();
  world.problems.push(...(await checkRows(world, model)));
  world.check();
}

let endsAtMs = performance.now() + limitMs;

const promiseIsKept = fc.asyncProperty(
  fc.boolean(),
  someCommands(mostCommands),
  async (isShared, commands) => {
    if (performance.now() > endsAtMs) return;
    const { model, real } = await openWorld(isShared);
    try {
      await fc.asyncModelRun(() => ({ model, real }), commands);
      await checkEnd(model, real);
    } catch (error) {
      endsAtMs = Math.min(endsAtMs, performance.now() + shrinkMs);
      throw new Error(await tellStory(real, model, reasonOf(error)), { cause: error });
    } finally {
      await real.close();
    }
  },
);

it(
  "whatever happens, what is committed is delivered, or shown as failed, and nothing else is",
  async () => {
    const numRuns = Math.ceil(runs / worlds);
    const each = Array.from({ length: worlds }, (_, index) =>
      fc.assert(promiseIsKept, { seed: seed + index, numRuns, includeErrorInReport: true }),
    );
    await Promise.allSettled(each);
    await Promise.all(each);
  },
  runs * 30_000 + 2 * shrinkMs,
);
