import { setTimeout as sleep } from "node:timers/promises";
import type { Victim } from "@/test/kit/postgres-server";
import type { Relay } from "@/test/kit/relay";
import type { AppProcess } from "./app-process";
import type { FaultKind } from "./plan";
import type { Random } from "./random";
import type { Topology } from "./topology";

const healthyTimeoutMs = 90_000;
/** Longer than a lane stays with a holder that is dead. */
const longDowntimeMs = 11_000;
const victims: readonly Victim[] = ["all", "all", "all", "postmaster", "backend"];

/** Breaks things, one fault at a time, and sets right what would not come back by itself. */
export class Faults {
  readonly #topology: Topology;
  readonly #random: Random;

  constructor(topology: Topology, random: Random) {
    this.#topology = topology;
    this.#random = random;
  }

  /** Makes one fault at a random moment; resolves when the next may come. */
  async make(kind: FaultKind): Promise<void> {
    await sleep(this.#random.between(200, 3_200));
    const { receiverProxies, stallableProxies, databaseProxies, engineProxies } = this.#topology;
    const makers: Record<FaultKind, () => Promise<void>> = {
      "kill app": () => this.#killApp(),
      "kill app and database": () => this.#killBoth(),
      "kill database": () => this.#killDatabase(),
      "freeze database": () => this.#freezeDatabase(),
      "freeze app": () => this.#freezeApp(),
      "restart engine": () => this.#restart(),
      "cut receivers": () => this.#cut("cut receivers", receiverProxies),
      "stall receivers": () => this.#stall("stall receivers", stallableProxies),
      "cut database": () => this.#cut("cut database", databaseProxies),
      "stall database": () => this.#stall("stall database", databaseProxies),
      "cut engine": () => this.#cut("cut engine", engineProxies),
      "stall engine": () => this.#stall("stall engine", engineProxies),
    };
    await makers[kind]();
  }

  /** Every process is healthy again; one that does not become so is a surprise. */
  async awaitHealth(): Promise<void> {
    for (const app of this.#topology.apps) await this.#awaitHealth(app);
  }

  get #isAlone(): boolean {
    return this.#topology.apps.length === 1;
  }

  async #killApp(): Promise<void> {
    const app = await this.#strikable();
    await this.#killAndStart(app);
    // Some kills come while it starts.
    if (this.#random.chance(0.15)) {
      await sleep(this.#random.between(200, 2_000));
      await this.#killAndStart(app);
    }
    if (this.#isAlone) await this.#awaitHealth(app);
  }

  async #killAndStart(app: AppProcess): Promise<void> {
    const end = this.#topology.journal.begin("kill app", app.name);
    await app.kill();
    if (!this.#isAlone) {
      await sleep(this.#random.chance(0.1) ? longDowntimeMs : this.#random.between(0, 1_000));
    }
    app.start();
    end();
  }

  async #killBoth(): Promise<void> {
    const { database, journal } = this.#topology;
    const app = await this.#strikable();
    const end = journal.begin("kill app and database", `${app.name} and database`);
    await Promise.all([app.kill(), database.kill("all")]);
    await this.#startDatabase();
    app.start();
    end();
    await this.#awaitHealth(app);
  }

  async #killDatabase(): Promise<void> {
    const { database, journal } = this.#topology;
    await this.awaitHealth();
    const victim = this.#random.pick(victims);
    const end = journal.begin("kill database", victim === "all" ? "database" : victim);
    await database.kill(victim);
    if (victim !== "backend") await this.#startDatabase();
    end();
    await this.awaitHealth();
  }

  /** The embedded database is brought back by its app; any other, by whoever runs it: us. */
  async #startDatabase(): Promise<void> {
    const { databaseProxies, database } = this.#topology;
    if (databaseProxies.length === 0) return;
    await sleep(this.#random.between(0, 1_500));
    await database.start();
  }

  async #freezeDatabase(): Promise<void> {
    const { database, journal } = this.#topology;
    const end = journal.begin("freeze database", "database");
    // Now and then longer than a lease.
    await database.freezeFor(
      this.#random.chance(0.12)
        ? this.#random.between(11_000, 15_000)
        : this.#random.between(1_000, 5_000),
    );
    end();
    await this.awaitHealth();
  }

  /** SIGSTOP of a process, now and then until its leases are nearly over, or just so. */
  async #freezeApp(): Promise<void> {
    const app = await this.#strikable();
    const end = this.#topology.journal.begin("freeze app", app.name);
    await app.freeze(
      this.#random.chance(0.3)
        ? this.#random.between(8_000, 9_500)
        : this.#random.between(1_000, 4_000),
    );
    end();
  }

  /** SIGTERM and a start, of one process after the other. */
  async #restart(): Promise<void> {
    for (const app of this.#topology.apps) {
      await this.#awaitHealth(app);
      const end = this.#topology.journal.begin("restart engine", app.name);
      await app.stop();
      app.start();
      end();
      await this.#awaitHealth(app);
    }
  }

  async #cut(kind: FaultKind, proxies: Relay[]): Promise<void> {
    await this.#strikePaths(kind, proxies, (proxy) =>
      proxy.cut({
        isHalfway: this.#random.chance(0.5),
        refuseMs: this.#random.chance(0.3) ? this.#random.between(200, 1_500) : 0,
      }),
    );
  }

  async #stall(kind: FaultKind, proxies: Relay[]): Promise<void> {
    await this.#strikePaths(kind, proxies, (proxy) => {
      const forMs = this.#random.between(500, 2_000);
      return this.#random.chance(0.5)
        ? proxy.hold({ forMs, thenCut: this.#random.chance(0.4) })
        : proxy.slow({ delayMs: this.#random.between(20, 300), forMs });
    });
  }

  /** Some of the paths at once, at least one. */
  async #strikePaths(
    kind: FaultKind,
    proxies: Relay[],
    strike: (proxy: Relay) => Promise<void>,
  ): Promise<void> {
    const [first, ...others] = this.#random.shuffle(proxies);
    const struck = [first, ...others.filter(() => this.#random.chance(0.3))];
    await Promise.all(
      struck.map(async (proxy) => {
        if (!proxy) return;
        const end = this.#topology.journal.begin(kind, proxy.name);
        await strike(proxy);
        end();
      }),
    );
  }

  /** A process to be killed: any that is healthy; waits for one. */
  async #strikable(): Promise<AppProcess> {
    for (;;) {
      for (const app of this.#random.shuffle(this.#topology.apps)) {
        if (await app.isHealthyWithin(0)) return app;
      }
      await this.awaitHealth();
    }
  }

  async #awaitHealth(app: AppProcess): Promise<void> {
    if (await app.isHealthyWithin(healthyTimeoutMs)) return;
    throw new Error(`${app.name} was not healthy within ${healthyTimeoutMs / 1000} s`);
  }
}
