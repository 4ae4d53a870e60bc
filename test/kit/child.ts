import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { isSoWithin } from "./until";

const mostLogCharacters = 2_000_000;

/** A process that was started, what it says, and the ways to end it. */
export class Child {
  readonly process: ChildProcess;
  /** Resolves when it has ended. */
  readonly ended: Promise<unknown>;
  readonly #isGroup: boolean;
  #log = "";

  /** `isGroup`: it leads a process group, which signals strike as a whole. */
  constructor(child: ChildProcess, { isGroup = false }: { isGroup?: boolean } = {}) {
    this.process = child;
    this.#isGroup = isGroup;
    this.ended = once(child, "exit");
    this.ended.catch(() => {});
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#log = (this.#log + text).slice(-mostLogCharacters);
      });
    }
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** How it ended: a signal, or its exit code. */
  get end(): string {
    return this.process.signalCode ?? `exit code ${this.process.exitCode}`;
  }

  /** The end of all that it has printed. */
  get log(): string {
    return this.#log;
  }

  signal(name: NodeJS.Signals): void {
    if (this.pid === 0 || !this.isRunning) return;
    try {
      process.kill(this.#isGroup ? -this.pid : this.pid, name);
    } catch {
      // It left by itself in the meantime.
    }
  }

  /** Asks it to end as Ctrl-C does, itself alone; whether it did within this time. */
  async terminate(timeoutMs: number): Promise<boolean> {
    this.process.kill("SIGTERM");
    return isSoWithin(timeoutMs, () => !this.isRunning);
  }

  /** `kill -9`; resolves when it is gone. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    this.signal("SIGKILL");
    await this.ended;
  }

  /** Lets it stand still for a while, as on a machine that is short of everything. */
  async freeze(forMs: number): Promise<void> {
    this.signal("SIGSTOP");
    await sleep(forMs);
    this.signal("SIGCONT");
  }
}
