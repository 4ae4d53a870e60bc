import { z } from "zod";
import { count, time } from "./fields";

/**
 * How well the service is; `ok` as long as database and engine answer: a receiver that is down is
 * nobody's ill health. Whoever may not see more gets the status alone.
 */
export const Health = z.object({
  status: z
    .enum(["ok", "unavailable"])
    .describe("`unavailable`: the database or the engine is away."),
  version: z.string().optional().describe("The release that runs."),
  database: z
    .object({
      ok: z.boolean().describe("It answers."),
      error: z.string().optional().describe("Why it does not."),
    })
    .optional()
    .describe("Whether the database answers."),
  engine: z
    .object({
      ok: z.boolean().describe("It answers."),
      kind: z
        .enum(["embedded", "server"])
        .describe("`embedded` in this process, or a `server` of Inngest."),
      queued: count.optional().describe("Runs that wait."),
    })
    .optional()
    .describe("Whether the engine that runs functions answers."),
  backlog: z
    .object({
      due: count.describe("How many."),
      oldest_age_seconds: z.number().min(0).describe("In seconds."),
    })
    .optional()
    .describe("What is due and has not begun, and for how long the oldest of it."),
  in_flight: count.optional().describe("Attempts that this process has under way."),
  audit: z
    .object({
      checked_at: time.describe("When that was."),
      mismatches: count.describe("How many lanes should have moved and have not."),
      kinds: z.record(z.string(), count).describe("How many of each kind."),
    })
    .optional()
    .describe("What the last look for lanes that stand still has found."),
});
export type Health = z.output<typeof Health>;
