import { setTimeout as sleep } from "node:timers/promises";
import { isSoWithin } from "@/test/kit/until";
import { Faults } from "./faults";
import { balance, type Ledger } from "./ledger";
import { Load } from "./load";
import { planFaults } from "./plan";
import { tellProgress } from "./progress";
import type { Random } from "./random";
import { countPending, readRows } from "./rows";
import {
  leastRetrySeconds,
  longestRetrySeconds,
  mostAttempts,
  parallelism,
  timeoutSeconds,
  type Topology,
} from "./topology";
import { WebhookLife } from "./webhook-life";

const leaseSeconds = 10;
/** An Inngest server's alarm may be lost, and is made up for by the sweep. */
const sweepSeconds = 120;
/** The short form makes no further fault after this, however slow the machine is. */
const shortFaultsMs = 65_000;
/** The load goes on so long after the last fault: it shows that all works again. */
const afterglowMs = 2_000;
/** A backlog is worked off within this time, or never. */
const mostPeaceMs = 300_000;
/** Between two changes a worker rests about so long. */
const restMs = 180;
/** A late POST would come by then. */
const quietMs = 1_000;

export type Outcome = {
  ledger: Ledger;
  /** How many entries the product's own auditor holds to be wrong; null: it has none. */
  audit: number | null;
  /** Of PostgreSQL. */
  databaseVersion: string;
  durationMs: number;
  /** From the end of load and faults until nothing was pending. */
  settledMs: number;
};

/** One whole run of a topology: load and faults, peace, the ledger. */
export async function run(
  topology: Topology,
  { share, random }: { share: number | null; random: (purpose: string) => Random },
): Promise<Outcome> {
  const { journal, apps, database } = topology;
  const startedMs = performance.now();
  const faults = new Faults(topology, random("faults"));
  await faults.awaitHealth();
  const life = await setUp(topology, random("webhooks"));
  const load = new Load(journal, apps, { random: random("load"), pauseMs: restMs });
  const progress = tellProgress(topology);
  try {
    load.start();
    const plan = planFaults(topology.name, share, random("plan"));
    const endMs = performance.now() + (share === null ? shortFaultsMs : Infinity);
    for (const [index, kind] of plan.entries()) {
      if (performance.now() > endMs) break;
      progress.phase = `fault ${index + 1} of ${plan.length}`;
      await faults.make(kind);
    }
    progress.phase = "peace";
    topology.heal();
    await faults.awaitHealth();
    await sleep(afterglowMs);
    await Promise.all([load.stop(), life.stop()]);
    const url = await database.start();
    const settledMs = await settle(topology, url);
    const audit = await readAudit(topology);
    const rows = await readRows(url);
    const ledger = balance(journal, rows, { terms, steady: steadyOf(topology) });
    for (const app of apps) await app.stop();
    const durationMs = performance.now() - startedMs;
    return { ledger, audit, settledMs, durationMs, databaseVersion: rows.version };
  } finally {
    progress.end();
  }
}

const terms = {
  timeoutMs: timeoutSeconds * 1000,
  leastRetryMs: leastRetrySeconds * 1000,
  mostAttempts,
};

/** A webhook for each receiver; one is paused again and again, others come and go. */
async function setUp(topology: Topology, random: Random): Promise<WebhookLife> {
  const { journal, apps, receivers, reachable } = topology;
  const life = new WebhookLife(journal, apps, { receivers, random });
  const find = (name: string) => {
    const found = reachable.find((receiver) => receiver.name === name);
    if (!found) throw new Error(`There is no receiver "${name}".`);
    return found;
  };
  for (const receiver of reachable) {
    if (receiver.name !== "deleted") await life.create(receiver, receiver.name);
  }
  const paused = journal.subscriptions.find(({ name }) => name === "paused");
  if (paused) life.start(paused, find("deleted"));
  return life;
}

/**
 * Waits until nothing is pending; how long it took. What stands still for longer than all that may
 * hold a delivery up is stuck; a backlog that is being worked off is not.
 */
async function settle({ name }: Topology, databaseUrl: string): Promise<number> {
  const startedMs = performance.now();
  const engineSeconds = name === "C" ? sweepSeconds : 0;
  const seconds = 2 * leaseSeconds + timeoutSeconds + longestRetrySeconds + engineSeconds;
  let least = Infinity;
  let movedMs = startedMs;
  await isSoWithin(mostPeaceMs, async () => {
    const pending = await countPending(databaseUrl);
    if (pending <= least - parallelism) {
      least = pending;
      movedMs = performance.now();
    }
    return pending === 0 || performance.now() > movedMs + seconds * 1000;
  });
  const settledMs = performance.now() - startedMs;
  await sleep(quietMs);
  return settledMs;
}

/** Its count is from its last look; a mismatch that is real is still there at the next. */
async function readAudit({ apps: [app] }: Topology): Promise<number | null> {
  let count: number | null = null;
  await isSoWithin(2 * leaseSeconds * 1000, async () => {
    const { audit } = (await app?.health()) ?? {};
    count = mismatchesOf(audit);
    return count === null || count === 0;
  });
  return count;
}

function mismatchesOf(audit: unknown): number | null {
  if (typeof audit === "number") return audit;
  if (typeof audit !== "object" || audit === null) return null;
  return "mismatches" in audit ? Number(audit.mismatches) : null;
}

function steadyOf({ reachable }: Topology): string[] {
  return reachable.filter(({ isSteady }) => isSteady).map(({ name }) => name);
}
