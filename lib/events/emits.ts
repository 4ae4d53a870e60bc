import type { Context } from "@/lib/context";
import { recordPosted, type PostedEvent } from "./post-events";

/** What an event tells of a result, as `POST /api/v1/events` takes it. */
export type Described = Omit<PostedEvent, "event_type">;

/**
 * Makes a service function of the application around this tell of what it did: an event of `type`,
 * which must be registered, with what `describe` says of its result.
 *
 * The function takes the context of a transaction first, and the event is checked and recorded in
 * that same transaction: both are committed, or neither. Nothing is told when the function throws.
 * Throws outside a transaction, and what refuses the event (`validation_failed`), which undoes both.
 *
 *     export const bookMeeting = emits(
 *       "calendar.meeting_booked",
 *       async (ctx, { title }: { title: string }) => {
 *         const [meeting] = await ctx.db.sql`insert into meetings (title) values (${title}) returning *`;
 *         return meeting;
 *       },
 *       (meeting) => ({ entity_id: meeting.id, data: { current: meeting } }),
 *     );
 *
 *     const meeting = await inTransaction(ctx, (tx) => bookMeeting(tx, { title: "Planning" }));
 */
export function emits<Args extends unknown[], Result>(
  type: string,
  act: (ctx: Context, ...args: Args) => Promise<Result>,
  describe: (result: Result, ...args: Args) => Described,
): (ctx: Context, ...args: Args) => Promise<Result> {
  return async (ctx, ...args) => {
    if (!ctx.db.isTransaction)
      throw new Error(
        `${type} is told within a transaction: call this with the ctx of inTransaction.`,
      );
    const result = await act(ctx, ...args);
    const event = { ...describe(result, ...args), event_type: type };
    // As the JSON it will be: a Date is a text there.
    await recordPosted(ctx, JSON.parse(JSON.stringify(event)));
    return result;
  };
}
