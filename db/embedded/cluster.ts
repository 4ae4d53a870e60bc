import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import type { Binaries } from "./binaries";
import { endDeletedServer } from "./process";
import type { EmbeddedState } from "./state";

/** Nothing of our environment reaches the server: PGPORT and the like would change it. */
export const serverEnv: NodeJS.ProcessEnv = {
  NODE_ENV: process.env.NODE_ENV,
  PATH: process.env.PATH,
  LC_ALL: "C",
};

const passwordFile = "turbo-password";

/** Makes the data folder unless there is one. It appears whole or not at all. */
export async function createCluster(
  state: EmbeddedState,
  { initdb, postgres }: Binaries,
  fsync: boolean,
): Promise<void> {
  if (existsSync(state.clusterDir)) return;
  await endDeletedServer(state.clusterDir);
  removeDrafts(state.dir);

  const draft = join(state.dir, `draft-${randomBytes(4).toString("hex")}`);
  const password = `${draft}.password`;
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(password, randomBytes(24).toString("base64url"), { mode: 0o600 });
  if (state.user) {
    for (const path of [draft, password]) chownSync(path, state.user.uid, state.user.gid);
  }
  const durability = fsync ? "on" : "off";
  await runProgram(initdb, initdbArgs(draft, password, fsync), { state });
  await runProgram(
    postgres,
    ["--single", "-D", draft, "-c", `fsync=${durability}`, "-c", "exit_on_error=on", "template1"],
    { state, input: "create database turbo;\n" },
  );
  renameSync(password, join(draft, passwordFile));
  renameSync(draft, state.clusterDir);
}

/** What a killed start left; its initdb may still be writing there for a moment. */
function removeDrafts(stateDir: string): void {
  for (const name of readdirSync(stateDir).filter((entry) => entry.startsWith("draft-"))) {
    const path = join(stateDir, name);
    rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

export function readPassword(state: EmbeddedState): string {
  return readFileSync(join(state.clusterDir, passwordFile), "utf8");
}

function initdbArgs(draft: string, password: string, fsync: boolean): string[] {
  return [
    `--pgdata=${draft}`,
    "--username=turbo",
    `--pwfile=${password}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--set=timezone=UTC",
    "--set=log_timezone=UTC",
    "--no-instructions",
    ...(fsync ? [] : ["--no-sync"]),
  ];
}

/** Throws with the end of what the program wrote when it fails. */
async function runProgram(
  program: string,
  args: string[],
  { state, input = "" }: { state: EmbeddedState; input?: string },
): Promise<void> {
  const child = spawn(program, args, { ...state.user, env: serverEnv, cwd: state.dir });
  const written: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (bytes: Buffer) => written.push(bytes));
  }
  // A program that ends before it reads its input is reported by its exit code.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const failure = await new Promise<string | null>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => resolve(code === 0 ? null : `exit ${code ?? signal}`));
  });
  if (failure === null) return;
  const tail = Buffer.concat(written).toString("utf8").trim().slice(-1_500);
  throw new Error(`${basename(program)} could not make the database (${failure}): ${tail}`);
}
