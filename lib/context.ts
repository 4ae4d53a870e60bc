import type { Handle } from "@/db/client";

/** Who caused an event. */
export type Actor = {
  type: "user" | "ai" | "system";
  name: string;
  metadata: Record<string, unknown>;
};

export const unknownActor: Actor = { type: "user", name: "unknown", metadata: {} };
/** Who acts when nobody asked: the clock, or what a receiver's answers add up to. */
export const systemActor: Actor = { type: "system", name: "turbo-system", metadata: {} };

/** What carries events away once they are committed; verbs call it, doors supply it. */
export type AfterCommit = {
  /** There is work in these lanes. Must not throw and is not awaited. */
  ring: (webhookIds: string[]) => void;
  /** Resolves when no POST can begin any more under terms older than `terms`. */
  fence: (webhookId: string, terms: number) => Promise<void>;
  /** Makes the attempt of a test delivery, beside the lane. Not awaited. */
  sendTest: (deliveryId: string) => void;
  /** A recovery has begun: its first step is to be made. Not awaited. */
  recover: (recoveryId: string) => void;
};

/** The event that made somebody ask for this: its chain has `depth` events after the first, `rootId`. */
export type Cause = { id: string; rootId: string; depth: number };

/** What every verb needs: the database, who asks and why, and what runs after the commit. */
export type Context = {
  db: Handle;
  actor: Actor;
  /** The API key that was shown, by its name; null: none was. */
  key: string | null;
  cause: Cause | null;
  requestId: string;
  /** The `If-Match` of a change: made only to what still bears one of these tags. */
  ifMatch: string | null;
  afterCommit: AfterCommit;
};

/** What is left of it when the system itself acts: nobody waits for a fence or a test. */
export type SystemContext = Pick<Context, "db" | "requestId"> & {
  afterCommit: Pick<AfterCommit, "ring">;
};

/** The actor in one word, as filters and lists know it: "ai:claude". */
export function nameOf({ type, name }: Pick<Actor, "type" | "name">): string {
  return `${type}:${name}`;
}
