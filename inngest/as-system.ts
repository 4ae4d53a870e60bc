import { db } from "@/db/client";
import type { SystemContext } from "@/lib/context";
import { ring } from "./after-commit";

/** Does what nobody asked for; resolves when the bells of what came of it are rung as well. */
export async function asSystem<T>(
  requestId: string,
  work: (ctx: SystemContext) => Promise<T>,
): Promise<T> {
  const rings: Promise<void>[] = [];
  const afterCommit = { ring: (webhookIds: string[]) => void rings.push(ring(webhookIds)) };
  try {
    return await work({ db: db(), requestId, afterCommit });
  } finally {
    await Promise.all(rings);
  }
}
