import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Child } from "@/test/kit/child";
import type { Question, Reply, Verb } from "./process-main";

/** Whether it was done nobody knows if it is `unknown`, or `lost`: its process was killed. */
export type Answer =
  | { kind: "done"; value: unknown }
  | { kind: "refused" | "unknown" | "broken"; reason: string }
  | { kind: "lost" };

/** A process of the product that can be asked for verbs, and killed. */
export class Process extends Child {
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly ready: Promise<Answer>;
  #asked = 0;
  #isEnded = false;
  /** It ended although nobody ended it. */
  hasDied = false;

  constructor(certificateFile: string) {
    const child = fork(fileURLToPath(new URL("./process-main.ts", import.meta.url)), [], {
      execArgv: ["--import", "tsx"],
      env: { NODE_ENV: "production", PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: certificateFile },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    super(child);
    this.ready = new Promise((resolve) => this.#waiting.set(0, resolve));
    child.on("message", ({ id, ...answer }: Reply) => this.#settle(id, answer));
    child.once("exit", () => {
      this.hasDied = !this.#isEnded;
      for (const id of this.#waiting.keys()) this.#settle(id, { kind: "lost" });
    });
  }

  ask(verb: Verb, input: unknown = null): Promise<Answer> {
    const id = (this.#asked += 1);
    const question: Question = { id, verb, input };
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      if (this.process.connected) this.process.send(question, () => {});
      else this.#settle(id, { kind: "lost" });
    });
  }

  override async kill(): Promise<void> {
    this.#isEnded = true;
    await super.kill();
  }

  #settle(id: number, answer: Answer): void {
    this.#waiting.get(id)?.(answer);
    this.#waiting.delete(id);
  }
}

/** Processes kept warm, so that a crash costs no start. */
export class Spares {
  readonly #certificateFile: string;
  readonly #most: number;
  readonly #idle: Process[] = [];

  constructor(certificateFile: string, most: number) {
    this.#certificateFile = certificateFile;
    this.#most = most;
    for (let i = 0; i < most; i += 1) this.#idle.push(new Process(certificateFile));
  }

  async take(): Promise<Process> {
    const taken = this.#idle.shift() ?? new Process(this.#certificateFile);
    if (this.#idle.length < this.#most) this.#idle.push(new Process(this.#certificateFile));
    await taken.ready;
    return taken;
  }

  /** Takes back one that was stopped. */
  async giveBack(process: Process): Promise<void> {
    if (this.#idle.length < 2 * this.#most) this.#idle.unshift(process);
    else await process.kill();
  }

  async close(): Promise<void> {
    await Promise.all(this.#idle.map((process) => process.kill()));
  }
}
