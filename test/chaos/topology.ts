import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort } from "@/test/kit/port";
import { PostgresServer } from "@/test/kit/postgres-server";
import { Relay } from "@/test/kit/relay";
import { AppProcess } from "./app-process";
import { planReceivers } from "./behaviours";
import { Journal } from "./journal";
import type { TopologyName } from "./options";
import type { Random } from "./random";
import { Receivers } from "./receivers";
import type { Reachable } from "./webhook-life";

export const titles: Record<TopologyName, string> = {
  A: "one process with its embedded database",
  B: "two processes on one PostgreSQL",
  C: "one process with an Inngest server",
};

/** Seconds: how long an attempt may take, and what follows the attempts that failed. */
export const timeoutSeconds = 3;
export const parallelism = 10;
const retrySchedule = Array.from({ length: 60 }, (_, step) => (step < 4 ? 1 : 3));
export const leastRetrySeconds = Math.min(...retrySchedule) * 0.8;
export const longestRetrySeconds = Math.max(...retrySchedule) * 1.2;
export const mostAttempts = retrySchedule.length + 1;

/** Everything of one run: the processes, the paths between them, and what can break. */
export type Topology = {
  name: TopologyName;
  journal: Journal;
  apps: AppProcess[];
  database: PostgresServer;
  databaseProxies: Relay[];
  receiverProxies: Relay[];
  /** Of those, whose paths may be stalled. */
  stallableProxies: Relay[];
  engineProxies: Relay[];
  receivers: Receivers;
  reachable: Reachable[];
  /** From now on, every receiver is healthy. */
  heal: () => void;
};

type Given = { name: TopologyName; dir: string; random: Random; engineUrl: string | undefined };

/** Lays it out and starts it; in `made` is what there is to clear up even when this fails. */
export async function openTopology(given: Given, made: Partial<Topology>): Promise<Topology> {
  const journal = (made.journal = new Journal());
  const receivers = (made.receivers = new Receivers(journal));
  const dataDir = join(given.dir, "data");
  await mkdir(dataDir, { recursive: true });
  const database = (made.database = new PostgresServer(await realpath(dataDir)));
  const databaseProxies: Relay[] = (made.databaseProxies = []);
  const receiverProxies: Relay[] = (made.receiverProxies = []);
  const engineProxies: Relay[] = (made.engineProxies = []);
  const { plans, heal } = planReceivers(given.random);
  const reachable: Reachable[] = [];
  for (const plan of plans) {
    const port = await findFreePort();
    await receivers.listen(port, plan.behaviour);
    const proxy = await openProxy(
      `receiver ${plan.name}`,
      `http://127.0.0.1:${port}`,
      receiverProxies,
    );
    reachable.push({ ...plan, url: new URL(proxy.url).origin });
  }
  const stallable = new Set(plans.filter((plan) => plan.canStall).map(({ name }) => name));
  const topology: Topology = {
    name: given.name,
    journal,
    apps: (made.apps = []),
    database,
    receivers,
    reachable,
    heal,
    databaseProxies,
    receiverProxies,
    engineProxies,
    stallableProxies: receiverProxies.filter(({ name }) => stallable.has(name.slice(9))),
  };
  const settings = await layOut(given, topology);
  for (const [index, own] of settings.entries()) {
    const app = new AppProcess({
      name: `app ${index + 1}`,
      port: await findFreePort(),
      dataDir,
      settings: { ...common, ...own },
      logFile: join(given.dir, `app-${index + 1}.log`),
      journal,
      mayFailToStart: (beganMs) => wasDatabaseAway(journal, beganMs),
    });
    topology.apps.push(app);
    app.start();
  }
  return topology;
}

const common = {
  WEBHOOK_TIMEOUT: String(timeoutSeconds),
  WEBHOOK_PARALLELISM: String(parallelism),
  WEBHOOK_RETRY_SCHEDULE: retrySchedule.map((seconds) => `${seconds}s`).join(),
};

/** What sets the processes apart: one object of settings for each. */
async function layOut(
  { name, engineUrl }: Given,
  { database, databaseProxies, engineProxies }: Topology,
): Promise<Record<string, string>[]> {
  if (name === "A") return [{}];
  if (name === "C") {
    const { url } = await openProxy("engine", engineUrl ?? "", engineProxies);
    return [{ INNGEST_DEV: new URL(url).origin }];
  }
  const direct = await database.start();
  const settings: Record<string, string>[] = [];
  for (const app of ["app 1", "app 2"]) {
    const { url } = await openProxy(`${app} to database`, direct, databaseProxies);
    settings.push({ DATABASE_URL: url, TURBO_SECRET_KEY: "chaos-".repeat(6) });
  }
  return settings;
}

async function openProxy(name: string, target: string, list: Relay[]) {
  const proxy = new Relay({ name, target });
  list.push(proxy);
  return proxy.listen();
}

/** Was there a fault of the database, or of the path to it, at any time since then? */
function wasDatabaseAway({ faults }: Journal, sinceMs: number): boolean {
  return faults.some(({ kind, endedMs }) => kind.includes("database") && endedMs > sinceMs - 5_000);
}

/** Ends everything that was started; the database's files stay unless it is told to remove them. */
export async function closeTopology(
  { apps, database, receivers, ...paths }: Partial<Topology>,
  { keepFiles }: { keepFiles: boolean },
): Promise<string | null> {
  for (const app of apps ?? []) await app.kill();
  const kept = keepFiles ? await database?.end() : await database?.remove();
  const proxies = [paths.databaseProxies, paths.receiverProxies, paths.engineProxies];
  for (const proxy of proxies.flatMap((list) => list ?? [])) await proxy.close();
  await receivers?.close();
  return kept ?? null;
}
