import type { Statements } from "@/db/client";
import { clock } from "@/lib/clock";
import type { Cause, Context } from "@/lib/context";
import { AppError, invalid } from "@/lib/errors";
import { isId } from "@/lib/id";
import { inTransaction } from "@/lib/transaction";
import { recordEvents } from "./record";
import { systemEvent } from "./system-event";

/** So many events after its first a chain may have; what would make another is refused. */
export const longestChain = 8;

/**
 * Why somebody asks: `id` is the event that made them do so, as they were told it. One that is not
 * known, or no longer, counts as the first of its chain. `request`, as "PATCH /api/v1/issues", is
 * refused as `loop_detected` when the chain would grow beyond 8; that is told once of each chain.
 */
export async function resolveCause(ctx: Context, id: string, request: string): Promise<Cause> {
  if (!isId(id)) throw notAnEvent();
  const [row] = await ctx.db.sql<{ root_id: string; depth: number }[]>`
    select coalesce(root_id, id) as root_id, depth from events where id = ${id}`;
  const cause = {
    id: id.toLowerCase(),
    rootId: row?.root_id ?? id.toLowerCase(),
    depth: (row?.depth ?? 0) + 1,
  };
  if (cause.depth <= longestChain) return cause;
  await tellLoop(ctx, cause, request);
  throw new AppError(
    "loop_detected",
    `Event ${cause.id} is the last of ${cause.depth} that caused each other; this would go on for ever.`,
  );
}

function notAnEvent(): AppError {
  return invalid({
    pointer: "X-Turbo-Causation",
    code: "invalid",
    message: "must be the id of an event, as X-Turbo-Event-ID has it",
  });
}

/** It bears the chain's own cause: whoever answers it with a change prolongs that chain. */
function tellLoop(ctx: Context, cause: Cause, request: string): Promise<void> {
  return inTransaction(ctx, async (inside) => {
    const { sql } = inside.db;
    await sql`select pg_advisory_xact_lock(hashtextextended(${cause.rootId}, 0))`;
    const told = await sql`
      select id from events where type = 'system.loop_detected' and root_id = ${cause.rootId}`;
    if (told.length > 0) return;
    const chain = await readChain(sql, cause.id);
    const more = { chain, depth: cause.depth, request };
    const action = "loop_detected";
    const event = await systemEvent(sql, { action, more, at: clock().now(), cause });
    await recordEvents(inside, { sql, events: [event] });
  });
}

/** The ids of the events that caused each other, the first of them first. */
async function readChain(sql: Statements, id: string): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    with recursive chain as (
      select id, cause_id, depth from events where id = ${id}
      union all
      select event.id, event.cause_id, event.depth from events event
      join chain on event.id = chain.cause_id and event.depth < chain.depth
    )
    select id from chain order by depth`;
  return rows.map((row) => row.id);
}
