import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { stopServer } from "./process";

/** Whom the server runs as; undefined: as ourselves. */
export type ServerUser = { uid: number; gid: number } | undefined;

export type EmbeddedState = {
  dir: string;
  clusterDir: string;
  logFile: string;
  portFile: string;
  user: ServerUser;
};

type Pointer = { id: string; dataDir: string };

/**
 * PostgreSQL refuses to run as root, and whoever it runs as instead may not be able to enter the
 * data folder (below /root for one): root's servers live here, the folder only names theirs.
 */
export const rootStateDir = "/var/lib/turbo-webhooks";

/** The state that `dataDir` already has, or null. */
export function findState(dataDir: string): EmbeddedState | null {
  if (!isRoot()) {
    if (existsSync(pointerFile(dataDir))) {
      throw new Error(
        `The database of ${dataDir} was started by root: start as root or use another folder.`,
      );
    }
    return existsSync(ownDir(dataDir)) ? describeState(ownDir(dataDir)) : null;
  }

  if (existsSync(ownDir(dataDir))) {
    throw new Error(
      `The database of ${dataDir} was started by another user than root: start as that user or use another folder.`,
    );
  }
  const pointer = readPointer(dataDir);
  if (!pointer) return null;
  refuseCopy(dataDir, pointer);
  const dir = join(rootStateDir, pointer.id);
  if (!existsSync(dir)) {
    throw new Error(
      `The database of ${dataDir} is gone from ${dir}: delete ${pointerFile(dataDir)} to start an empty one.`,
    );
  }
  return describeState(dir);
}

/** The state of `dataDir`, made when it has none. The caller holds the folder's lock. */
export async function openState(dataDir: string): Promise<EmbeddedState> {
  const known = findState(dataDir);
  if (known) return known;
  if (!isRoot()) {
    mkdirSync(ownDir(dataDir), { mode: 0o700 });
    return describeState(ownDir(dataDir));
  }

  const prefix = createHash("sha256").update(dataDir).digest("hex").slice(0, 12);
  await stopAbandonedServers(prefix);
  const id = `${prefix}-${randomBytes(8).toString("hex")}`;
  makeRootDir(id);
  writePointer(dataDir, id);
  return describeState(join(rootStateDir, id));
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function describeState(dir: string): EmbeddedState {
  const clusterDir = join(dir, "data");
  return {
    dir,
    clusterDir,
    logFile: join(dir, "postgres.log"),
    portFile: join(dir, "port"),
    user: isRoot() ? findServerUser(clusterDir) : undefined,
  };
}

function findServerUser(clusterDir: string): ServerUser {
  if (existsSync(clusterDir)) {
    const { uid, gid } = statSync(clusterDir);
    return { uid, gid };
  }
  // initdb wants a user that exists, and every system has `nobody`.
  for (const name of ["postgres", "nobody"]) {
    const [uid, gid] = [readId("-u", name), readId("-g", name)];
    if (uid !== null && gid !== null) return { uid, gid };
  }
  throw new Error("PostgreSQL does not run as root, and there is no user postgres or nobody.");
}

function readId(flag: "-u" | "-g", name: string): number | null {
  const { status, stdout } = spawnSync("id", [flag, name], { encoding: "utf8" });
  return status === 0 ? Number(stdout) : null;
}

/** The server of a data folder that was deleted while it ran: nothing leads to it any more. */
async function stopAbandonedServers(prefix: string): Promise<void> {
  if (!existsSync(rootStateDir)) return;
  for (const name of readdirSync(rootStateDir)) {
    if (name.startsWith(`${prefix}-`)) await stopServer(join(rootStateDir, name, "data"));
  }
}

/** A moved folder keeps its database; a copied one must not share the original's. */
function refuseCopy(dataDir: string, pointer: Pointer): void {
  if (pointer.dataDir === dataDir || readPointer(pointer.dataDir)?.id !== pointer.id) return;
  throw new Error(
    `${dataDir} is a copy of ${pointer.dataDir}: delete ${pointerFile(dataDir)} to give it a database of its own.`,
  );
}

function makeRootDir(id: string): void {
  try {
    for (const dir of [rootStateDir, join(rootStateDir, id)]) {
      mkdirSync(dir, { recursive: true });
      chmodSync(dir, 0o711);
    }
  } catch (cause) {
    throw new Error(
      `As root the database lives in ${rootStateDir}, which cannot be written: start as another user or set DATABASE_URL.`,
      { cause },
    );
  }
}

function readPointer(dataDir: string): Pointer | null {
  const file = pointerFile(dataDir);
  if (!existsSync(file)) return null;
  const pointer: Partial<Pointer> = JSON.parse(readFileSync(file, "utf8"));
  const { id = "", dataDir: origin = "" } = pointer;
  if (!/^[0-9a-f-]+$/.test(id)) throw new Error(`${file} does not name a database.`);
  return { id, dataDir: origin };
}

function writePointer(dataDir: string, id: string): void {
  const pointer: Pointer = { id, dataDir };
  const draft = `${pointerFile(dataDir)}.new`;
  writeFileSync(draft, `${JSON.stringify(pointer)}\n`, { mode: 0o600 });
  renameSync(draft, pointerFile(dataDir));
}

function ownDir(dataDir: string): string {
  return join(dataDir, "postgres");
}

function pointerFile(dataDir: string): string {
  return join(dataDir, "postgres.json");
}
