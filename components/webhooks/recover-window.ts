/** What the recover dialog asks for, before a time is made of it. */
export type RecoverDraft = {
  scope: "failed" | "missing";
  since: "hour" | "day" | "week" | "own";
  /** As a datetime-local field has it, in the user's own time zone. */
  ownTime: string;
};

const hourMs = 3_600_000;
const lengthsMs = { hour: hourMs, day: 24 * hourMs, week: 7 * 24 * hourMs };

/** The time from when on, as the API takes it, or what is wrong with the one that was given. */
export function sinceOf(
  { since, ownTime }: RecoverDraft,
  nowMs: number,
): { since: string } | { error: string | null } {
  if (since !== "own") return { since: new Date(nowMs - lengthsMs[since]).toISOString() };
  // Still being typed, or never was.
  if (ownTime === "") return { error: null };
  const atMs = Date.parse(ownTime);
  if (Number.isNaN(atMs) || atMs < 0) return { error: "This is not a time." };
  if (atMs >= nowMs) return { error: "Choose a time in the past." };
  return { since: new Date(atMs).toISOString() };
}

/** "1 failed delivery", "40 missing deliveries". */
export function describeDeliveries(count: number, scope: RecoverDraft["scope"]): string {
  return `${count.toLocaleString("en")} ${scope} ${count === 1 ? "delivery" : "deliveries"}`;
}

/** A time as the user's own clock shows it: "Nov 23, 2026, 9:05 AM". */
export function formatLocal(at: string): string {
  return new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}
