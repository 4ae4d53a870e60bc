import { AppError } from "@/lib/errors";
import type { CreateEventType } from "@/lib/event-types/registered-types";

/** An event type of a calendar, with a schema that asks for a title and knows a room. */
export const meetingBooked = {
  name: "calendar.meeting_booked",
  description: "A meeting is in the calendar.",
  schema: {
    type: "object",
    properties: {
      title: { type: "string", minLength: 1 },
      room: { type: ["integer", "null"] },
      starts_at: { format: "date-time" },
    },
    required: ["title"],
    additionalProperties: false,
  },
  sample: { title: "Planning", room: 12 },
} satisfies CreateEventType;

/** What is refused, and why, as "code pointer code, …"; fails when it is not. */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(outcome instanceof AppError)) throw new Error("it was not refused", { cause: outcome });
  const fields = outcome.fields.map(({ pointer, code }) => `${pointer} ${code}`);
  return [outcome.code, fields.join(", ")].join(" ").trim();
}
