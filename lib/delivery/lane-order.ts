import { clock } from "@/lib/clock";
import type { Claim, Cursor } from "./claim";

/** A lane whose oldest due row is older than this is far behind: a quarter goes to its newest rows. */
const farBehindMs = 60_000;

/** Which rows a claim takes. */
export type ClaimOrder = { most: number; after: Cursor | null; newestFirst: boolean };

/** In which order a lane is claimed: the oldest first, from where the last claim ended. */
export class LaneOrder {
  #cursor: Cursor | null = null;
  #claims = 0;
  #rewinds = 0;
  #rewindsBefore = 0;

  first(most: number): ClaimOrder {
    return { most, after: null, newestFirst: false };
  }

  next(most: number): ClaimOrder {
    this.#rewindsBefore = this.#rewinds;
    const newestFirst = this.#isFarBehind && ++this.#claims % 4 === 0;
    return { most, after: newestFirst ? null : this.#cursor, newestFirst };
  }

  /** What a claim answered. May there be more? It is full, or may have missed some behind its cursor. */
  note({ most, after, newestFirst }: ClaimOrder, claims: Claim[]): boolean {
    const isFull = claims.length === most;
    const isRewound = this.#rewinds !== this.#rewindsBefore;
    const last = claims.at(-1);
    if (isRewound || (!isFull && !newestFirst)) this.#cursor = null;
    else if (last && !newestFirst) this.#cursor = { dueAt: last.due_at, id: last.delivery_id };
    return isFull || isRewound || after !== null;
  }

  /** There may be rows before the cursor. */
  rewind(): void {
    this.#cursor = null;
    this.#rewinds += 1;
  }

  get #isFarBehind(): boolean {
    const cursor = this.#cursor;
    return cursor !== null && Date.parse(cursor.dueAt) < clock().nowMs() - farBehindMs;
  }
}
