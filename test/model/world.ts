import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "@/db/client";
import { Ledger } from "./ledger";
import type { Process, Spares } from "./process";
import type { Verb } from "./process-main";
import type { Moment, Promised } from "./promise";
import { timeoutMs, type Receivers } from "./receivers";

const settings = {
  TURBO_SECRET_KEY: "a secret key for tests only",
  WEBHOOK_TIMEOUT: `${timeoutMs / 1000}s`,
  // The last delay is longer than what a drain waits for with the lane in hand: it takes an alarm.
  WEBHOOK_RETRY_SCHEDULE: "0.05s,0.1s,0.3s,3.5s",
};
export const mostSteps = 4;
const mostProcesses = 3;
const mostStarts = 3;
/** Longer than the minute after which a recovery whose bell was lost is rung again. */
const settleLimitMs = 100_000;
const sweepEveryMs = 500;

type Parts = {
  database: Database & { url: string };
  receivers: Receivers;
  spares: Spares;
  isShared: boolean;
  promised: Promised;
};
type Order = { verb: Verb; input?: unknown; by: number };

/** The real thing: a database, receivers, and the processes that serve and deliver. */
export class World {
  readonly database: Database & { url: string };
  readonly receivers: Receivers;
  /** Several processes on one database, or one that owns it as the embedded one is owned. */
  readonly isShared: boolean;
  readonly #spares: Spares;
  readonly #ledger: Ledger;
  processes: Process[] = [];
  readonly ended: Process[] = [];
  /** What has gone wrong, each in a sentence. */
  readonly problems: string[] = [];
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(parts: Parts) {
    this.database = parts.database;
    this.receivers = parts.receivers;
    this.isShared = parts.isShared;
    this.#spares = parts.spares;
    this.#ledger = new Ledger(parts.promised);
  }

  /** Throws if anything has gone wrong so far. */
  check(): void {
    this.problems.push(...this.#ledger.check(this.receivers.posts));
    if (this.problems.length > 0) throw new Error(this.problems.slice(0, 10).join("\n"));
  }

  /** One more process on the database, where there may be several. */
  async startAnother(): Promise<void> {
    if (this.isShared && this.processes.length < mostProcesses) await this.start();
  }

  async start(): Promise<void> {
    for (let left = mostStarts; left > 0; left -= 1) {
      const process = await this.#spares.take();
      const variables = { ...settings, DATABASE_URL: this.database.url };
      const answer = await process.ask("start", { variables, isOwner: !this.isShared });
      if (answer.kind === "done") return void this.processes.push(process);
      // As after a boot that gave up, whatever watches over it begins the next.
      await process.kill();
      if (left === 1) this.problems.push(`no process starts: ${JSON.stringify(answer)}`);
    }
  }

  /** kill -9 of one process; there is always one that runs. */
  async crash(which: number): Promise<void> {
    const killed = this.#remove(which);
    await killed?.kill();
    if (this.processes.length === 0) await this.start();
  }

  freeze(which: number, ms: number): void {
    void this.processes[which % this.processes.length]?.freeze(ms);
  }

  /** Ends one process as SIGTERM does. */
  async stop(which: number): Promise<void> {
    const stopped = this.#remove(which);
    if (stopped) await this.#retire(stopped);
    if (this.processes.length === 0) await this.start();
  }

  #remove(which: number): Process | undefined {
    const [removed] = this.processes.splice(which % this.processes.length, 1);
    if (removed) this.ended.push(removed);
    return removed;
  }

  async #retire(process: Process): Promise<void> {
    const answer = await process.ask("stop");
    if (answer.kind === "done") return this.#spares.giveBack(process);
    this.problems.push(`a process did not stop: ${JSON.stringify(answer)}`);
    await process.kill();
  }

  /** How many processes have ended, one way or the other. */
  get ends(): number {
    return this.ended.length;
  }

  /** Asks a process for a verb; `at` comes to say when it took effect. Undefined: no answer, or a refusal. */
  async ask({ verb, input, by }: Order, at: Moment = { from: 0, to: 0 }): Promise<unknown> {
    const process = this.processes[by % this.processes.length];
    Object.assign(at, { from: performance.now(), to: Infinity });
    const answer = await process?.ask(verb, input);
    if (answer?.kind === "done") at.to = await this.receivers.sentinel();
    if (answer?.kind === "broken") this.problems.push(`${verb} broke: ${answer.reason}`);
    return answer?.kind === "done" ? answer.value : undefined;
  }

  /** Goes on with this in the background, or, if asked to, waits for it. */
  async let(work: Promise<unknown>, isAwaited: boolean): Promise<void> {
    const tracked = work.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
    if (isAwaited) await tracked;
  }

  async quiet(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** The id of a webhook by its name, once it is there; undefined: it is not. */
  async idOf(name: string): Promise<string | undefined> {
    const [row] = await this.database.sql<{ id: string }[]>`
      select id from webhook_subscriptions where name = ${name}`;
    return row?.id;
  }

  async pausedWebhooks(): Promise<{ id: string; name: string }[]> {
    return this.database.sql`select id, name from webhook_subscriptions where state = 'paused'`;
  }

  /** Some delivery, if there is one. */
  async anyDelivery(which: number): Promise<string | undefined> {
    const rows = await this.database.sql<{ id: string }[]>`
      select id from webhook_deliveries order by id desc limit 100`;
    return rows[which % rows.length]?.id;
  }

  /** Sweeps, as the clocks would in time, until every delivery has come to an end. */
  async settle(): Promise<void> {
    const deadlineMs = performance.now() + settleLimitMs;
    while ((await this.#countUnsettled()) > 0) {
      if (performance.now() > deadlineMs) {
        this.problems.push(`not settled within ${settleLimitMs} ms`);
        break;
      }
      await Promise.all(this.processes.map((process) => process.ask("sweep")));
      await this.#settledWithin(sweepEveryMs);
    }
    for (const process of [...this.processes, ...this.ended]) {
      if (process.hasDied)
        this.problems.push(`a process ended by itself: ${process.log.slice(-2_000)}`);
    }
  }

  async #settledWithin(ms: number): Promise<void> {
    for (const untilMs = performance.now() + ms; performance.now() < untilMs; await sleep(20)) {
      if ((await this.#countUnsettled()) === 0) return;
    }
  }

  async #countUnsettled(): Promise<number> {
    const [row] = await this.database.sql<{ count: number }[]>`
      select (select count(*) from webhook_deliveries where status = 'pending')::int
        + (select count(*) from webhook_recoveries where status = 'running')::int as count`;
    return row?.count ?? 0;
  }

  /** Ends what delivers, gently. */
  async rest(): Promise<void> {
    const processes = this.processes.splice(0);
    this.ended.push(...processes);
    await Promise.all(processes.map((process) => this.#retire(process)));
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.splice(0).map((process) => process.kill()));
    await this.receivers.close();
    await this.database.close();
  }
}
