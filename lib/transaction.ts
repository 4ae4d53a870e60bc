import type { Context } from "./context";

type Waiting = {
  rings: Set<string>;
  tests: string[];
  recoveries: string[];
  fences: { webhookId: string; terms: number }[];
};

/**
 * Does `work` in one transaction, and what it leaves for after the commit when that is done: bells
 * at once, fences before this resolves. Within a transaction it is part of that one.
 */
export async function inTransaction<T>(
  ctx: Context,
  work: (ctx: Context) => Promise<T>,
): Promise<T> {
  if (ctx.db.isTransaction) return work(ctx);
  const waiting: Waiting = { rings: new Set(), tests: [], recoveries: [], fences: [] };
  const result = await ctx.db.begin((db) => work({ ...ctx, db, afterCommit: collect(waiting) }));
  await flush(ctx, waiting);
  return result;
}

function collect(waiting: Waiting): Context["afterCommit"] {
  return {
    ring: (webhookIds) => {
      for (const webhookId of webhookIds) waiting.rings.add(webhookId);
    },
    sendTest: (deliveryId) => void waiting.tests.push(deliveryId),
    recover: (recoveryId) => void waiting.recoveries.push(recoveryId),
    fence: async (webhookId, terms) => void waiting.fences.push({ webhookId, terms }),
  };
}

async function flush({ afterCommit }: Context, waiting: Waiting): Promise<void> {
  if (waiting.rings.size > 0) afterCommit.ring([...waiting.rings].toSorted());
  for (const deliveryId of waiting.tests) afterCommit.sendTest(deliveryId);
  for (const recoveryId of waiting.recoveries) afterCommit.recover(recoveryId);
  await Promise.all(
    waiting.fences.map(({ webhookId, terms }) => afterCommit.fence(webhookId, terms)),
  );
}
