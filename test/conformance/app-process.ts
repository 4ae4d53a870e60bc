import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Call, ServedApp, Work } from "./engine-under-test";
import type { ServerTarget } from "./server-client";

/** What a process of `app.ts` is started with. */
export type Role = { hangs: boolean; target: ServerTarget };

export type ToApp = { nr: number; works: Work[] };
export type FromApp = { port: number } | { call: Call } | { sent: number; error?: string };

const program = fileURLToPath(new URL("./app.ts", import.meta.url));

/** A process of its own that serves the functions. */
export class AppProcess implements ServedApp {
  readonly pid: number;
  /** Where it serves HTTP, 0 when it does not. */
  port = 0;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #sends = new Map<number, (error: string | undefined) => void>();
  #log = "";

  private constructor(child: ChildProcess, onCall: (call: Call) => void) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.#ended = once(child, "exit");
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => (this.#log += text));
    }
    child.on("exit", () => {
      for (const settle of this.#sends.values()) settle("the process has ended");
    });
    child.on("message", (message: FromApp) => {
      if ("call" in message) onCall(message.call);
      if ("sent" in message) this.#sends.get(message.sent)?.(message.error);
    });
  }

  /** Resolves when it serves. */
  static async start(role: Role, onCall: (call: Call) => void): Promise<AppProcess> {
    const child = fork(program, [JSON.stringify(role)], {
      execArgv: ["--import", "tsx"],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const app = new AppProcess(child, onCall);
    const ready = new Promise<number>((resolve) => {
      child.on("message", (message: FromApp) => {
        if ("port" in message) resolve(message.port);
      });
    });
    const died = app.#ended.then(() => {
      throw new Error(`The app ended while it started:\n${app.#log}`);
    });
    app.port = await Promise.race([ready, died]);
    died.catch(() => {});
    return app;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async send(...works: Work[]): Promise<void> {
    const nr = this.#sends.size + 1;
    const error = await new Promise<string | undefined>((resolve) => {
      this.#sends.set(nr, resolve);
      this.#child.send({ nr, works } satisfies ToApp);
    });
    if (error) throw new Error(error);
  }

  async stop(): Promise<void> {
    if (this.isAlive) this.#child.kill("SIGTERM");
    await this.#ended;
  }

  async kill(): Promise<void> {
    if (this.isAlive) this.#child.kill("SIGKILL");
    await this.#ended;
  }
}
