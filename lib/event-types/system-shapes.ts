import { z } from "zod";

/** The id of the installation that an event of ours is about. */
const id = z.uuid();
const time = z.iso.datetime();
const count = z.int().min(0);

const report = z.object({
  id,
  since: time,
  until: time,
  events: z.record(z.string(), count),
  open_issues: count,
  overdue_issues: count,
});

/** What each event about the installation itself shows, by its action. */
export const systemShapes = {
  daily_digest: report,
  weekly_report: report,
  health_check_failed: z.object({
    id,
    reason: z.enum(["database_away", "backlog"]),
    since: time,
    until: time.nullable(),
    detail: z.string(),
  }),
  loop_detected: z.object({
    id,
    chain: z.array(z.uuid()).min(1),
    depth: z.int().min(1),
    request: z.string(),
  }),
  // These two are told by others, who may have more to say.
  backup_completed: z.looseObject({
    id: id.optional(),
    size_bytes: count.optional(),
    location: z.string().min(1).max(2_000).optional(),
  }),
  ai_analysis_complete: z.looseObject({
    id: id.optional(),
    summary: z.string().min(1).max(100_000),
  }),
};
