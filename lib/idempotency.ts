import { createHash } from "node:crypto";
import type { Statements } from "@/db/client";
import type { Context } from "./context";
import { AppError, invalid } from "./errors";
import { inTransaction } from "./transaction";

/** What was answered, so that it can be given again to the byte. */
export type Answer = { status: number; headers: Record<string, string>; body: string | null };

/** A request as it is told from others: the same in everything is the same request. */
export type Asked = { caller: string; key: string; method: string; path: string; body: string };

type Sealer = {
  seal: (text: string, context: string) => string;
  open: (sealed: string, context: string) => string;
};

type Fence = { webhookId: string; terms: number };

const pointer = "Idempotency-Key";
/** How long an answer is kept, as PostgreSQL says it. */
const lifetime = "24 hours";

/** The key of a request; refuses what cannot be one. */
export function readIdempotencyKey(header: string | null): string | null {
  if (header === null || /^[\x20-\x7e]{1,255}$/.test(header)) return header;
  const message = "must be 1 to 255 printable ASCII characters";
  throw invalid({ pointer, code: "invalid", message });
}

/**
 * Does what is asked for once in 24 hours, and answers it again to whoever asks the same with the same
 * key: the answer is kept, sealed, in the transaction of what it did, so a refusal keeps nothing.
 * Refuses another request with that key (422), and one that is still being answered (409).
 */
export async function answerOnce(
  ctx: Context,
  { asked, sealer, answer }: { asked: Asked; sealer: Sealer; answer: Answering },
): Promise<{ answer: Answer; isReplayed: boolean }> {
  const keyHash = hashOf(asked.caller, asked.key);
  const fingerprint = hashOf(asked.method, asked.path, asked.body);
  const outcome = await inTransaction(ctx, async (inside) => {
    const { sql } = inside.db;
    const kept = await find(sql, keyHash);
    if (kept) {
      if (kept.fingerprint !== fingerprint) throw isTaken();
      return { ...unpack(sealer.open(kept.answer, keyHash)), isReplayed: true };
    }
    const fences: Fence[] = [];
    const given = await answer({ ...inside, afterCommit: noting(inside.afterCommit, fences) });
    const sealed = sealer.seal(JSON.stringify({ answer: given, fences }), keyHash);
    await keep(sql, { keyHash, fingerprint, sealed });
    return { answer: given, fences, isReplayed: false };
  });
  // Whoever answered first may have died before its terms held everywhere.
  if (outcome.isReplayed) {
    await Promise.all(outcome.fences.map((one) => ctx.afterCommit.fence(one.webhookId, one.terms)));
  }
  return { answer: outcome.answer, isReplayed: outcome.isReplayed };
}

type Answering = (ctx: Context) => Promise<Answer>;

function unpack(text: string): { answer: Answer; fences: Fence[] } {
  return JSON.parse(text);
}

function hashOf(...parts: string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}

/** What is kept for a key. Nobody else answers for it until this transaction is over. */
async function find(
  sql: Statements,
  keyHash: string,
): Promise<{ fingerprint: string; answer: string } | undefined> {
  const [lock] = await sql<{ is_ours: boolean }[]>`
    select pg_try_advisory_xact_lock(hashtextextended(${keyHash}, 0)) as is_ours`;
  if (!lock?.is_ours) {
    const detail = "A request with this Idempotency-Key is being answered; ask again shortly.";
    throw new AppError("conflict", detail, { retryAfterSeconds: 1 });
  }
  // A statement of its own: it sees what whoever had the lock before has committed.
  const [kept] = await sql<{ fingerprint: string; answer: string }[]>`
    select fingerprint, answer from idempotency_keys
    where key_hash = ${keyHash} and created_at > now() - ${lifetime}::interval`;
  return kept;
}

async function keep(
  sql: Statements,
  { keyHash, fingerprint, sealed }: { keyHash: string; fingerprint: string; sealed: string },
): Promise<void> {
  await sql`
    insert into idempotency_keys (key_hash, fingerprint, answer)
    values (${keyHash}, ${fingerprint}, ${sealed})
    on conflict (key_hash) do update set fingerprint = excluded.fingerprint,
      answer = excluded.answer, created_at = now()`;
}

function isTaken(): AppError {
  const message = "was used for another request within 24 hours; take a new one";
  return invalid({ pointer, code: "taken", message });
}

function noting(afterCommit: Context["afterCommit"], fences: Fence[]): Context["afterCommit"] {
  return {
    ...afterCommit,
    fence: (webhookId, terms) => {
      fences.push({ webhookId, terms });
      return afterCommit.fence(webhookId, terms);
    },
  };
}

/** Forgets the oldest of what is older than 24 hours, up to 1,000 answers; returns how many. */
export async function pruneIdempotencyKeys(sql: Statements): Promise<number> {
  const rows = await sql`
    delete from idempotency_keys where key_hash in (
      select key_hash from idempotency_keys
      where created_at <= now() - ${lifetime}::interval
      order by created_at limit 1000 for update skip locked)
    returning key_hash`;
  return rows.length;
}
