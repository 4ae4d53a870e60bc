import type { Database } from "@/db/client";

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
export type PostOffice = {
  /** There is work in these lanes. Must not throw and is not awaited. */
  ring: (webhookIds: string[]) => void;
  /** Resolves when no POST can begin any more under terms older than `revision`. */
  fence: (webhookId: string, revision: number) => Promise<void>;
  /** Makes the attempt of a test delivery, beside the lane. Not awaited. */
  sendTest: (deliveryId: string) => void;
  /** A recovery has begun: its first step is to be made. Not awaited. */
  recover: (recoveryId: string) => void;
};

/** What every verb needs: the database, who asks, and the post office. */
export type Context = {
  db: Database;
  actor: Actor;
  requestId: string;
  post: PostOffice;
};

/** What is left of it when the system itself acts: nobody waits for a fence or a test. */
export type SystemContext = Pick<Context, "db" | "requestId"> & { post: Pick<PostOffice, "ring"> };
