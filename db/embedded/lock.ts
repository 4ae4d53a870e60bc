import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

const lockTimeoutMs = 180_000;

/** Runs `work` while no other process holds `path`; a lock whose process died is taken over. */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const ticket = `${process.pid}:${readStartTime(process.pid)}:${randomBytes(6).toString("hex")}`;
  const deadline = performance.now() + lockTimeoutMs;
  while (!takeLock(path, ticket)) {
    const holder = readTicket(path);
    if (holder !== null && !isHolderAlive(holder)) breakLock(path, holder);
    else if (performance.now() > deadline) {
      throw new Error(`Another process has been starting PostgreSQL for too long (see ${path}).`);
    } else await delay(25);
  }
  try {
    return await work();
  } finally {
    if (readTicket(path) === ticket) unlinkSync(path);
  }
}

/** A symbolic link appears in one step together with its text, unlike a file. */
function takeLock(path: string, ticket: string): boolean {
  try {
    symlinkSync(ticket, path);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

function readTicket(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

function isHolderAlive(ticket: string): boolean {
  const [pid, startTime] = ticket.split(":");
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    return hasCode(error, "EPERM");
  }
  return readStartTime(Number(pid)) === startTime;
}

/** Two waiters may break the same lock: whoever moved a fresh one away puts it back. */
function breakLock(path: string, holder: string): void {
  const moved = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    renameSync(path, moved);
  } catch {
    return;
  }
  if (readlinkSync(moved) === holder) unlinkSync(moved);
  else renameSync(moved, path);
}

/** Tells a process from a later one with its pid; empty for zombies and where /proc is missing. */
function readStartTime(pid: number): string {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "" : (fields[19] ?? "");
  } catch {
    return "";
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
