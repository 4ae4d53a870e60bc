const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** How long ago, in one unit: "just now", "12 s ago", "3 min ago", "5 h ago", "2 days ago". */
export function describeAgo(elapsedMs: number): string {
  if (elapsedMs < 2 * second) return "just now";
  if (elapsedMs < minute) return `${Math.floor(elapsedMs / second)} s ago`;
  if (elapsedMs < hour) return `${Math.floor(elapsedMs / minute)} min ago`;
  if (elapsedMs < day) return `${Math.floor(elapsedMs / hour)} h ago`;
  const days = Math.floor(elapsedMs / day);
  return days === 1 ? "1 day ago" : `${days} days ago`;
}

/** How long until, in two units: "now", "in 8 s", "in 4 min 12 s", "in 2 h 5 min". */
export function describeUntil(leftMs: number): string {
  if (leftMs <= 0) return "now";
  const seconds = Math.ceil(leftMs / second);
  if (seconds < 60) return `in ${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return inTwo([minutes, "min"], [seconds % 60, "s"]);
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return inTwo([hours, "h"], [minutes % 60, "min"]);
  return inTwo([Math.floor(hours / 24), "d"], [hours % 24, "h"]);
}

type Amount = [count: number, unit: string];

function inTwo([whole, unit]: Amount, [rest, restUnit]: Amount): string {
  return rest === 0 ? `in ${whole} ${unit}` : `in ${whole} ${unit} ${rest} ${restUnit}`;
}

/** "2026-11-23 18:05:01 UTC". */
export function formatUtc(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`;
}

/** "43 ms", "1.2 s". */
export function formatDuration(durationMs: number): string {
  return durationMs < 1_000 ? `${durationMs} ms` : `${(durationMs / 1_000).toFixed(1)} s`;
}
