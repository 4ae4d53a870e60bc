import type { Context } from "@/lib/context";
import { notFound } from "@/lib/errors";
import { isId } from "@/lib/id";

/** The text of one event, whole, also when it was too large to be delivered whole. */
export async function getEventText(ctx: Context, id: string): Promise<string> {
  const { sql } = ctx.db;
  const [row] = isId(id)
    ? await sql<
        { text: string }[]
      >`select coalesce(whole_body, body) as text from events where id = ${id}`
    : [];
  if (!row) throw notFound("Event", id);
  return row.text;
}
