import type { FaultKind } from "./plan";

// All times are milliseconds of performance.now(): one process keeps them all.

/** A change of an issue that was asked for. Its number is the title from then on. */
export type Change = {
  number: number;
  beganMs: number;
  /** When its answer came, or was given up. */
  endedMs: number;
  /** Answered 2xx; without an answer that would tell; or no process was there to ask. */
  outcome: "committed" | "unknown" | "unreached";
  /** The event types it means, in order. */
  eventTypes: string[];
};

/** A webhook and what was said about it. */
export type Subscription = {
  /** Its own, and the path of its POSTs. */
  name: string;
  /** The receiver it leads to. */
  receiver: string;
  id: string;
  secret: string;
  eventTypes: string[];
  /** Its creation was asked for, and answered. */
  askedMs: number;
  createdMs: number;
  /** Its deletion was asked for, and answered with 204. */
  deleteAskedMs: number | null;
  deletedMs: number | null;
  /** From the answer of a pause to the request that resumes. */
  pauses: { fromMs: number; untilMs: number }[];
};

/** One POST as its receiver saw it. */
export type Post = {
  subscription: string;
  eventId: string;
  deliveryId: string;
  attempt: number;
  beganMs: number;
  /** When its answer was written whole, or its connection closed; null: still open. */
  endedMs: number | null;
  /** How late this process may have noticed its beginning. */
  lagMs: number;
  /** The status that was written whole; null: none was. */
  status: number | null;
  retryAfterMs: number;
  /** Of the bytes of a body that came whole. */
  hash: string | null;
  isSigned: boolean;
};

export type Fault = {
  kind: FaultKind;
  /** Which process or path it struck: "app 1", "database", "receiver slow". */
  target: string;
  beganMs: number;
  endedMs: number;
};

/** What the harness saw and did: one side of the ledger. */
export class Journal {
  readonly changes: Change[] = [];
  readonly subscriptions: Subscription[] = [];
  readonly posts: Post[] = [];
  readonly faults: Fault[] = [];
  /** What must never be, whatever the rows say; each makes the run fail. */
  readonly surprises: string[] = [];
  /** Answers by status: how the API fared under the faults. */
  readonly answers = new Map<string, number>();

  /** Notes a fault that begins now; call what is returned when it ends. */
  begin(kind: FaultKind, target: string): () => void {
    const fault: Fault = { kind, target, beganMs: performance.now(), endedMs: Infinity };
    this.faults.push(fault);
    return () => (fault.endedMs = performance.now());
  }

  countAnswer(what: string): void {
    this.answers.set(what, (this.answers.get(what) ?? 0) + 1);
  }

  surprise(text: string): void {
    this.surprises.push(text);
    process.stdout.write(`chaos: NOT AS IT MUST BE: ${text}\n`);
  }
}
