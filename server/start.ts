import nextEnv from "@next/env";

const isDev = process.argv.includes("--dev");
Object.assign(process.env, {
  NODE_ENV: isDev ? "development" : "production",
  NEXT_TELEMETRY_DISABLED: "1",
});
nextEnv.loadEnvConfig(process.cwd(), isDev, { info: () => {}, error: () => {} });

// Loaded only now: all of it reads the environment.
const { App } = await import("./app");
const { flushLog, log, reasonOf } = await import("@/lib/log");

const hardStopMs = 9_500;
const app = new App({ isDev, giveUp });
let stopping: Promise<void> | undefined;

/** Stops once, however often it is asked; a second signal, or 9.5 s, ends the process at once. */
function stop(exitCode: number): void {
  if (stopping) return endAtOnce();
  setTimeout(endAtOnce, hardStopMs).unref();
  stopping = app.stop().then(
    () => process.exit(exitCode),
    (error: unknown) => {
      say(reasonOf(error));
      endAtOnce();
    },
  );
}

function endAtOnce(): never {
  app.abandon();
  process.exit(1);
}

function giveUp(reason: string): void {
  say(reason);
  if (!stopping) stop(1);
}

function say(sentence: string): void {
  process.stderr.write(`turbo: ${sentence}\n`);
}

// Whoever reads the log may go away: that costs the log and nothing else.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

// Nobody knows what state an exception that nothing caught has left behind: end in order.
process.on("uncaughtException", (error) => {
  log.error("uncaught exception", { reason: reasonOf(error), stack: error.stack });
  giveUp(`uncaught exception: ${reasonOf(error)}`);
});

process.on("exit", flushLog);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop(0));

// A SIGTERM to `npm start` ends npm and its shell, who do not pass it on: their end is the signal.
if (process.env.npm_lifecycle_event) {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent && !stopping) stop(0);
  }, 500).unref();
}

try {
  await app.start();
} catch (error) {
  giveUp(reasonOf(error));
}
