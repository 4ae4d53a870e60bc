const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86400 };

/** Seconds in "90s", "5m", "2h", "1d" or a bare number of seconds; null for anything else. */
export function parseDelaySeconds(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text.trim());
  if (!match?.[1]) return null;
  return Number(match[1]) * (units[match[2] || "s"] ?? 1);
}

/** The delays of the guide's simple form: `count` retries, the first after `firstSeconds`, doubling. */
export function doublingSchedule(count: number, firstSeconds: number): number[] {
  return Array.from({ length: count }, (_, index) => firstSeconds * 2 ** index);
}

/** `seconds` spread evenly over +-20 %, so that many retries do not fall on one instant. */
export function withJitter(seconds: number, random: () => number = Math.random): number {
  return seconds * (0.8 + 0.4 * random());
}
