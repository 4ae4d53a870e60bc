import type { Book } from "./book";
import { groupBy } from "./group";
import type { Change, Subscription } from "./journal";

export const answerLost = "changes committed though their answer was lost";

/** Every change that was answered has its events, whole; each event has its deliveries, no others. */
export function checkChanges(book: Book): void {
  const { journal, rows } = book;
  const events = groupBy(rows.events, ({ title }) => title);
  for (const change of journal.changes) {
    const types = (events.get(String(change.number)) ?? []).map(({ type }) => type);
    checkTypes(book, change, types.toSorted());
  }
  for (const { id, title } of rows.events) {
    if (!journal.changes[Number(title) - 1]) {
      book.find("unexpected", `event ${id} tells of a change that nobody asked for: "${title}"`);
    }
  }
  checkMatches(book);
}

function checkTypes(book: Book, { number, outcome, eventTypes }: Change, found: string[]): void {
  const isWhole = found.join() === eventTypes.toSorted().join();
  const text = `change ${number} (${outcome}) means ${eventTypes.join()}; there are events ${found.join()}`;
  if (outcome === "committed" && !isWhole) book.find("unrecorded", text);
  if (outcome === "unreached" && found.length > 0) book.find("unexpected", text);
  if (outcome === "unknown" && found.length > 0) {
    if (isWhole) book.explain(answerLost);
    else book.find("unrecorded", text);
  }
}

function checkMatches(book: Book): void {
  const made = new Set<string>();
  for (const { row, event, subscription } of book.entries) {
    const pair = `${event.id} ${subscription.id}`;
    if (made.has(pair)) book.find("unexpected", `delivery ${row.id} is the second of its event`);
    made.add(pair);
  }
  for (const event of book.rows.events) {
    const change = book.journal.changes[Number(event.title) - 1];
    if (!change) continue;
    for (const subscription of book.journal.subscriptions) {
      const isMade = made.has(`${event.id} ${subscription.id}`);
      const wanted = isWanted(subscription, event.type, change);
      const text = `event ${event.id} (${event.type}, change ${change.number}) and ${subscription.name}`;
      if (wanted === "must" && !isMade) book.find("lost", `no delivery for ${text}`);
      if (wanted === "never" && isMade) book.find("unexpected", `a delivery for ${text}`);
    }
  }
}

/** Does the webhook want the event? `may`: it came or went while the change was under way. */
export function isWanted(
  { eventTypes, askedMs, createdMs, deleteAskedMs, deletedMs }: Subscription,
  eventType: string,
  { beganMs, endedMs, outcome }: Change,
): "must" | "may" | "never" {
  const [entity] = eventType.split(".");
  if (!eventTypes.some((type) => type === eventType || type === `${entity}.*`)) return "never";
  // Without an answer, a change may be committed later than it was given up.
  const latestMs = outcome === "committed" ? endedMs : Infinity;
  if (latestMs < askedMs || beganMs > (deletedMs ?? Infinity)) return "never";
  return beganMs > createdMs && latestMs < (deleteAskedMs ?? Infinity) ? "must" : "may";
}
