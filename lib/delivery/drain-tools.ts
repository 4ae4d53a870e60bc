import type { Statements } from "@/db/client";
import type { AttemptEnd } from "./attempt";
import type { Claim } from "./claim";
import type { LostClaim } from "./lost-claims";
import type { SocketBudget } from "./socket-budget";

/** What a drain works with: its process's deliverer, seen from one lane. */
export type DrainTools = {
  sql: Statements;
  parallelism: number;
  timeoutMs: number;
  nowMs: () => number;
  sockets: SocketBudget;
  /** Makes one attempt; resolves when its result is written down. */
  attempt: (claim: Claim, mayBegin: () => boolean) => Promise<AttemptEnd>;
  /** After this no POST of the webhook begins in this process under terms older than `terms`. */
  fence: (webhookId: string, terms: number) => void;
  /** The deliveries of all attempts of this process that are not yet written down. */
  deliveriesUnderWay: () => string[];
  /** The answer to a claim was lost: what it took has to be given back. */
  noteLost: (claim: LostClaim) => void;
};
