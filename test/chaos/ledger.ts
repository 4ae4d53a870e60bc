import { Book, isArrival, type Finding } from "./book";
import { answerLost, checkChanges } from "./check-changes";
import { checkDeliveries, type Duplicate, type Terms } from "./check-deliveries";
import { checkTerms } from "./check-terms";
import type { Journal, Post } from "./journal";
import { countBy } from "./group";
import type { FaultKind } from "./plan";
import type { Rows } from "./rows";

export type Ledger = {
  /** Changes that were answered as done; changes that were done without an answer. */
  committed: number;
  answersLost: number;
  events: number;
  deliveries: number;
  posts: number;
  /** Deliveries whose receiver answered 2xx. */
  arrived: number;
  statuses: Map<string, number>;
  duplicates: Duplicate[];
  findings: Finding[];
  explained: Map<string, number>;
  /** Milliseconds from a fault's end to the next delivery, for each fault and steady receiver. */
  recoveries: { kind: FaultKind; ms: number }[];
  /** The longest that a steady receiver heard nothing while the load ran. */
  longestSilenceMs: number;
};

/** Compares what was committed with what arrived, and both with the rows. */
export function balance(
  journal: Journal,
  rows: Rows,
  { terms, steady }: { terms: Terms; steady: readonly string[] },
): Ledger {
  const book = new Book(journal, rows);
  checkChanges(book);
  const duplicates = checkDeliveries(book, terms);
  checkTerms(book);
  return {
    committed: journal.changes.filter(({ outcome }) => outcome === "committed").length,
    answersLost: book.explained.get(answerLost) ?? 0,
    events: rows.events.length,
    deliveries: rows.deliveries.length,
    posts: journal.posts.length,
    arrived: book.entries.filter(({ posts }) => posts.some(isArrival)).length,
    statuses: countBy(rows.deliveries.map(({ status }) => status)),
    duplicates,
    findings: book.findings,
    explained: book.explained,
    recoveries: steady.flatMap((name) => recoveriesOf(journal, name)),
    longestSilenceMs: Math.max(0, ...steady.map((name) => longestSilenceOf(journal, name))),
  };
}

/** Only where no other fault came first: that one would be measured. */
function recoveriesOf({ faults, posts }: Journal, subscription: string): Ledger["recoveries"] {
  const arrivals = arrivalsAt(posts, subscription);
  return faults.flatMap(({ kind, endedMs }) => {
    const first = arrivals.find(({ beganMs }) => beganMs > endedMs);
    if (!first?.endedMs) return [];
    const ms = first.endedMs - endedMs;
    const isDisturbed = faults.some(({ beganMs }) => beganMs > endedMs && beganMs < first.beganMs);
    return isDisturbed ? [] : [{ kind, ms }];
  });
}

/** The longest time between two arrivals while the load ran. */
function longestSilenceOf({ posts, changes }: Journal, subscription: string): number {
  const lastMs = changes.at(-1)?.beganMs ?? 0;
  const times = arrivalsAt(posts, subscription)
    .map(({ beganMs }) => beganMs)
    .filter((ms) => ms < lastMs);
  return Math.max(0, ...times.map((ms, index) => ms - (times[index - 1] ?? ms)));
}

function arrivalsAt(posts: readonly Post[], subscription: string): Post[] {
  return posts.filter((post) => post.subscription === subscription && isArrival(post));
}
