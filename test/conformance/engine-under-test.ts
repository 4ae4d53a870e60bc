/** What a function does with an event, attempt by attempt; past the end of its list it succeeds. */
export type Act =
  | { throws: string }
  | { throwsForGood: string }
  | { retryAfterSeconds: number }
  | { retryAtMs: number }
  | { lastsMs: number };

/** An event for the functions of `app.ts`: `both` is wanted by `one` and `two`, `nobody` by none. */
export type Work = {
  name: "one" | "both" | "nobody";
  id?: string;
  ts?: number;
  data?: Record<string, unknown> & { acts?: Act[] };
};

/** One call of a function, as the process that was called tells it. */
export type Call = {
  pid: number;
  fn: "one" | "two" | "tick";
  runId: string;
  attempt: number;
  maxAttempts: number | undefined;
  event: { id?: string; name: string; ts?: number; data: Record<string, unknown> };
  /** When it was called, epoch ms by this machine's clock. */
  atMs: number;
};

/** Whoever serves the functions. */
export type App = {
  /** Sends as the SDK does; resolves once the engine has acknowledged. */
  send(...works: Work[]): Promise<void>;
};

/** One engine with functions of its own, as the promises see it. */
export type Engine = {
  /** By how many ms it may begin a run before its time. */
  earlyMs: number;
  /** The least delay before the first retry and before the second, ms. */
  backoffMs: readonly [number, number];
  /** What it may take over its time, or to notice that a process died, ms. */
  patienceMs: number;
  startApp(): Promise<App>;
  /** Sends from outside, if there is an outside. */
  send(...works: Work[]): Promise<void>;
  /** The full name of an event. */
  nameOf(name: Work["name"]): string;
  /** One bare POST of events, as the SDK makes it. */
  post(body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Every call so far, in the order they were told. */
  calls: Call[];
  /** How a run ended, null while it has not. */
  endOf(runId: string): Promise<"completed" | "failed" | null>;
  /** Lets a clock that can be set come to the next full minute; another comes by itself. */
  passTick(): Promise<void>;
  close(): Promise<void>;
};

/** A process of its own that serves the functions. */
export type ServedApp = App & {
  pid: number;
  /** SIGTERM, and its end. */
  stop(): Promise<void>;
  /** `kill -9`, and its end. */
  kill(): Promise<void>;
};

/** An Inngest server: what it is given outlives the processes that serve it. */
export type Server = Omit<Engine, "startApp"> & {
  /** `hangs`: its functions never end. */
  startApp(options?: { hangs?: boolean }): Promise<ServedApp>;
  /** Kills the server at once and brings it back. */
  restart(): Promise<void>;
};

/** A promise that the embedded engine and an Inngest server keep; `app` serves others as well. */
export type SharedPromise = {
  title: string;
  /** What the embedded engine promises beyond it. */
  stricter?: string;
  keep(engine: Engine, app: App): Promise<void>;
};

/** A promise that an Inngest server adds. In the embedded engine's place the sweep keeps the lanes going. */
export type ServerPromise = {
  title: string;
  /** It kills the server. */
  restarts?: true;
  keep(server: Server): Promise<void>;
};
