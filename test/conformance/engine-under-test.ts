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

/** A process that serves the functions. */
export type App = {
  pid: number;
  /** Sends as the SDK does; resolves once the engine has acknowledged. */
  send(...works: Work[]): Promise<void>;
  /** SIGTERM, and its end. */
  stop(): Promise<void>;
  /** `kill -9`, and its end. */
  kill(): Promise<void>;
};

export type AppOptions = {
  /** Its functions never end. */
  hangs?: boolean;
  /** Its clock stands before a full minute until `passTick`, if the engine can be given a clock. */
  isBeforeTick?: boolean;
};

/** One engine with state and functions of its own, as the promises see it. */
export type Engine = {
  /** By how many ms it may begin a run before its time. */
  earlyMs: number;
  /** The least delay before the first retry and before the second, ms. */
  backoffMs: readonly [number, number];
  /** What it may take over its time, or to notice that a process died, ms. */
  patienceMs: number;
  /** A process that dies in a run uses up an attempt of it. */
  crashUsesAttempt: boolean;
  startApp(options?: AppOptions): Promise<App>;
  /** Sends from outside, when no app is there. */
  send(...works: Work[]): Promise<void>;
  /** The full name of an event. */
  nameOf(name: Work["name"]): string;
  /** One bare POST of events, as the SDK makes it. */
  post(body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Every call so far, in the order they were told. */
  calls: Call[];
  /** How a run ended, null while it has not. */
  endOf(runId: string): Promise<"completed" | "failed" | null>;
  /** Lets clocks that stand before a tick pass it; a tick by the wall clock comes by itself. */
  passTick(): Promise<void>;
  /** Kills the engine at once and brings it back, and its apps with it if it lives in them. */
  restart(): Promise<void>;
  close(): Promise<void>;
};

/** A promise that every engine keeps. */
export type EnginePromise = {
  title: string;
  /** What the embedded engine promises beyond it. */
  stricter?: string;
};

/** Kept by an engine that serves others as well; `app` is its process. */
export type SharedPromise = EnginePromise & {
  keep(engine: Engine, app: App): Promise<void>;
};

/** Kept by an engine of its own, which has no process yet. */
export type OwnPromise = EnginePromise & {
  /** It kills the engine. */
  restarts?: true;
  /** Why it is not asked of a server. */
  embeddedOnly?: string;
  keep(engine: Engine): Promise<void>;
};
