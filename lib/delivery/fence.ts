import type { Statements } from "@/db/client";
import { claimWindowMs } from "@/lib/webhooks/test-delivery";

/**
 * Who may still begin a POST of a webhook under terms older than `terms`: the lane's holder, who
 * has not said yet that it knows them (null: nobody), and attempts of tests, save those in `ours`.
 */
export async function whoMayBegin(
  sql: Statements,
  input: { webhookId: string; terms: number; timeoutMs: number; ours: string[] },
): Promise<{ holder: string | null; isTesting: boolean }> {
  const { webhookId, terms, timeoutMs, ours } = input;
  const [row] = await sql<{ holder: string | null; is_testing: boolean }[]>`
    select
      (select holder from webhook_lanes where webhook_id = ${webhookId}
        and lease_until > clock_timestamp() and terms_seen < ${terms}) as holder,
      exists (select 1 from webhook_deliveries where subscription_id = ${webhookId}
        and status = 'pending' and trigger = 'test' and id <> all(${ours}::uuid[])
        and next_attempt_at > now() - ${claimWindowMs(timeoutMs)} * interval '1 ms'
        and claimed_until > clock_timestamp()) as is_testing`;
  return { holder: row?.holder ?? null, isTesting: row?.is_testing ?? false };
}

/** A holder, one of `holders`, says: no POST begins here any more under terms older than `terms`. */
export async function markTermsSeen(
  sql: Statements,
  { webhookId, terms, holders }: { webhookId: string; terms: number; holders: string[] },
): Promise<void> {
  await sql`
    update webhook_lanes set terms_seen = greatest(terms_seen, ${terms})
    where webhook_id = ${webhookId} and holder = any(${holders}::uuid[])`;
}

/**
 * The least terms under which a POST may still begin here, kept of each webhook for as long as
 * somebody is at it: who comes later reads the terms as they are.
 */
export class LeastTerms {
  readonly #entries = new Map<string, { least: number; users: number }>();

  enter(webhookId: string): void {
    const entry = this.#entries.get(webhookId) ?? { least: 0, users: 0 };
    entry.users += 1;
    this.#entries.set(webhookId, entry);
  }

  leave(webhookId: string): void {
    const entry = this.#entries.get(webhookId);
    if (entry && --entry.users === 0) this.#entries.delete(webhookId);
  }

  raise(webhookId: string, terms: number): void {
    const entry = this.#entries.get(webhookId);
    if (entry) entry.least = Math.max(entry.least, terms);
  }

  of(webhookId: string): number {
    return this.#entries.get(webhookId)?.least ?? 0;
  }

  get size(): number {
    return this.#entries.size;
  }
}

/** For so long after a look at its webhook's terms a test may begin. */
export const testTermsMs = 2_000;
const lookEveryMs = 500;

/**
 * The terms of a test, which is sent beside its lane and has no lease to go by: they are looked at
 * again and again while it waits to begin, and hold for a while after each look that found them
 * unchanged. So whoever changes them need not wait longer than that.
 */
export class TestTerms {
  #knownUntil: number;
  readonly #timer: NodeJS.Timeout;

  /** `look` asks whether the terms are still those that were read after `readAfterMs`. */
  constructor(look: () => Promise<boolean>, readAfterMs: number) {
    this.#knownUntil = readAfterMs + testTermsMs;
    this.#timer = setInterval(() => void this.#look(look), lookEveryMs);
  }

  get hold(): boolean {
    return performance.now() < this.#knownUntil;
  }

  end(): void {
    clearInterval(this.#timer);
  }

  async #look(look: () => Promise<boolean>): Promise<void> {
    const askedAtMs = performance.now();
    try {
      if (await look()) this.#knownUntil = askedAtMs + testTermsMs;
      else this.#knownUntil = 0;
    } catch {
      // With the database away nobody knows them: what is known runs out.
    }
  }
}
