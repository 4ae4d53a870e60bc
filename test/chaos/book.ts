import { groupBy } from "./group";
import type { Fault, Journal, Post, Subscription } from "./journal";
import type { FaultKind } from "./plan";
import type { AttemptRow, DeliveryRow, EventRow, Rows } from "./rows";

/** What kinds of things must not be found; each is a column of the result. */
export const findingKinds = [
  "lost",
  "stuck",
  "unrecorded",
  "unexpected",
  "unexplained",
  "overlaps",
  "disorder",
  "early",
  "bytes",
  "unsigned",
  "after_delete",
  "while_paused",
] as const;
export type FindingKind = (typeof findingKinds)[number];

export type Finding = { kind: FindingKind; text: string };

/** One delivery from both sides. */
export type Entry = {
  row: DeliveryRow;
  subscription: Subscription;
  event: EventRow;
  /** By number. */
  attempts: AttemptRow[];
  /** By beginning. */
  posts: Post[];
};

/** Both sides of the ledger, side by side. */
export class Book {
  readonly journal: Journal;
  readonly rows: Rows;
  readonly entries: Entry[] = [];
  /** POSTs that no delivery row accounts for. */
  readonly strays: Post[];
  readonly findings: Finding[] = [];
  /** Differences that are as they may be, by their reason. */
  readonly explained = new Map<string, number>();

  constructor(journal: Journal, rows: Rows) {
    this.journal = journal;
    this.rows = rows;
    const subscriptions = new Map(journal.subscriptions.map((one) => [one.id, one]));
    const events = new Map(rows.events.map((event) => [event.id, event]));
    const attempts = groupBy(rows.attempts, ({ delivery_id }) => delivery_id);
    const posts = groupBy(journal.posts, ({ deliveryId }) => deliveryId);
    for (const row of rows.deliveries) {
      const subscription = subscriptions.get(row.subscription_id);
      const event = events.get(row.event_id);
      if (!subscription || !event) {
        this.find("unexpected", `delivery ${row.id} is of no webhook or event that was made`);
        continue;
      }
      this.entries.push({
        row,
        subscription,
        event,
        attempts: attempts.get(row.id) ?? [],
        posts: (posts.get(row.id) ?? []).toSorted((a, b) => a.beganMs - b.beganMs),
      });
    }
    const known = new Set(rows.deliveries.map(({ id }) => id));
    this.strays = journal.posts.filter(({ deliveryId }) => !known.has(deliveryId));
  }

  find(kind: FindingKind, text: string): void {
    this.findings.push({ kind, text });
  }

  explain(reason: string): void {
    this.explained.set(reason, (this.explained.get(reason) ?? 0) + 1);
  }

  /** The first fault of these kinds that touches this time, those that begin in it before others. */
  faultIn(
    kinds: readonly FaultKind[],
    { fromMs, toMs, target }: { fromMs: number; toMs: number; target?: string },
  ): Fault | undefined {
    const touching = this.journal.faults.filter(
      (fault) =>
        kinds.includes(fault.kind) &&
        (target === undefined || fault.target === target) &&
        fault.endedMs >= fromMs &&
        fault.beganMs <= toMs,
    );
    return touching.find(({ beganMs }) => beganMs >= fromMs) ?? touching.at(-1);
  }
}

export function isArrival({ status }: Post): boolean {
  return status !== null && status >= 200 && status < 300;
}

/** An entry in words, for whoever must find out what happened. */
export function describe({ row, subscription, event, attempts, posts }: Entry): string {
  const told = attempts.map(
    ({ number, outcome, response_code, error_class }) =>
      `${number} ${outcome} ${response_code ?? error_class ?? ""}`,
  );
  const seen = posts.map(
    ({ attempt, beganMs, endedMs, status }) =>
      `${attempt} ${Math.round(beganMs)}..${endedMs === null ? "" : Math.round(endedMs)} ${status}`,
  );
  return (
    `delivery ${row.id} of ${event.type} (change ${event.title}) to ${subscription.name}: ` +
    `${row.status} after ${row.attempts}; rows [${told.join(", ")}]; POSTs [${seen.join(", ")}]`
  );
}
