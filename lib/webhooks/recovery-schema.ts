import { z } from "zod";
import { recoveryScopes, recoveryStatuses } from "@/db/schema";
import { count, givenTime, time, uuid } from "@/lib/fields";

const sinceWords = "From this time on, as 2026-11-23T08:00:00Z.";
const untilWords = "Up to this time, which is not part of it.";

/** What to send again: what failed, or was never sent, in [since, until); `until` is now at most. */
export const RecoverWebhook = z.strictObject({
  since: givenTime.describe(sinceWords),
  until: givenTime.optional().describe(untilWords),
  scope: z
    .enum(recoveryScopes)
    .default("failed")
    .describe(
      "`failed`: deliveries that have failed. `missing`: events that it should have got and never did.",
    ),
  dry_run: z.boolean().default(false).describe("Only counts."),
});
export type RecoverWebhook = z.input<typeof RecoverWebhook>;

const window = {
  webhook_id: uuid.describe("The webhook it is about."),
  scope: z
    .enum(recoveryScopes)
    .describe("What is recovered: `failed` deliveries, or `missing` ones."),
  since: time.describe(sinceWords),
  until: time.describe(untilWords),
};

/** What a recovery would be about: how many deliveries (`failed`) or events (`missing`). */
export const RecoveryCount = z.object({ ...window, count: count.describe("How many.") });
export type RecoveryCount = z.output<typeof RecoveryCount>;

/** Of `total` found when it began, `recovered` have been made due; more may fail meanwhile. */
export const Recovery = z.object({
  id: uuid.describe("A UUID that sorts by time."),
  ...window,
  status: z.enum(recoveryStatuses).describe("Running, done, or cancelled before it was done."),
  total: count.describe("How many were found when it began."),
  recovered: count.describe("How many of them have been made due."),
  created_at: time.describe("A time in UTC, to the millisecond."),
  finished_at: time.nullable().describe("When it was done or cancelled."),
});
export type Recovery = z.output<typeof Recovery>;
