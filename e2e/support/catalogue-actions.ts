import { type Api, type Entity, type Webhook, ok } from "./api";
import type { PostgresServer } from "@/test/kit/postgres-server";
import { until } from "@/test/kit/until";

/** What the actions work on, made before the webhook that listens. */
export type Stage = {
  api: Api;
  postgres: PostgresServer;
  /** A webhook whose receiver fails, for what is told of webhooks. */
  sick: Webhook;
  /** The webhook that is told of everything. */
  listener: Webhook;
};

type Action = (stage: Stage) => Promise<unknown>;

const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

async function make(api: Api, path: string, fields: Record<string, unknown>): Promise<Entity> {
  const { status, body } = await api.post<Entity>(path, fields);
  if (status !== 201) throw new Error(`POST ${path}: ${status} ${JSON.stringify(body)}`);
  return body;
}

async function change(api: Api, path: string, fields: Record<string, unknown>): Promise<void> {
  ok(await api.patch(path, fields));
}

async function remove(api: Api, path: string): Promise<void> {
  const { status, body } = await api.delete(path);
  if (status !== 204) throw new Error(`DELETE ${path}: ${status} ${JSON.stringify(body)}`);
}

const makers = {
  project: (api: Api) => make(api, "/projects", { name: "Apollo" }),
  issue: (api: Api, fields = {}) => make(api, "/issues", { title: "Broken", ...fields }),
  milestone: async (api: Api, fields = {}) => {
    const { id } = await makers.project(api);
    return make(api, "/milestones", { name: "First flight", project_id: id, ...fields });
  },
  initiative: (api: Api) => make(api, "/initiatives", { name: "Fly" }),
  document: (api: Api) => make(api, "/documents", { title: "How", content: "So." }),
  tag: (api: Api) => make(api, "/tags", { name: `tag-${Math.random().toString(36).slice(2)}` }),
  comment: async (api: Api, content = "Fine.") => {
    const { id } = await makers.issue(api);
    return make(api, `/issues/${id}/comments`, { content });
  },
};

const changed =
  (kind: keyof typeof makers, plural: string, fields: Record<string, unknown>): Action =>
  async ({ api }) =>
    change(api, `/${plural}/${(await makers[kind](api)).id}`, fields);

const removed =
  (kind: keyof typeof makers, plural: string): Action =>
  async ({ api }) =>
    remove(api, `/${plural}/${(await makers[kind](api)).id}`);

const closed = { status: "closed" };

/** Links an issue; with `fields` for it. */
async function linkIssue(api: Api, owner: string, issue: Entity): Promise<void> {
  await make(api, `${owner}/issues`, { issue_id: issue.id });
}

const tagged: Action = async ({ api }) => {
  const [issue, tag] = [await makers.issue(api), await makers.tag(api)];
  await make(api, `/issues/${issue.id}/tags`, { tag_id: tag.id });
};

const aMilestoneDone: Action = async ({ api }) => {
  const [milestone, issue] = [await makers.milestone(api), await makers.issue(api)];
  await linkIssue(api, `/milestones/${milestone.id}`, issue);
  await change(api, `/issues/${issue.id}`, closed);
};

const dependency: Action = async ({ api }) => {
  const [issue, other] = [await makers.issue(api), await makers.issue(api)];
  await make(api, `/issues/${issue.id}/dependencies`, { depends_on_id: other.id });
  await change(api, `/issues/${other.id}`, closed);
};

const report =
  (key: string): Action =>
  ({ postgres }) =>
    postgres.run(`
      update installation set value = to_char(value::timestamptz - interval '14 days', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
      where key = '${key}'`);

const posted =
  (event_type: string, current: object): Action =>
  ({ api }) =>
    make(api, "/events", { event_type, data: { current } });

/** As if the sick webhook had failed for so many days. */
const failedFor =
  (days: number): Action =>
  ({ postgres, sick }) =>
    postgres.run(`
      update webhook_lanes set failures_in_row = 12, failing_since = now() - interval '${days} days'
      where webhook_id = '${sick.id}'`);

/** For every type of the catalogue, what makes it happen: through the public API, or by the clock. */
export const actions: Record<string, Action> = {
  "issue.created": ({ api }) => makers.issue(api),
  "issue.updated": changed("issue", "issues", { title: "Mended" }),
  "issue.assigned": changed("issue", "issues", { assignee: "ada" }),
  "issue.unassigned": async ({ api }) => {
    const { id } = await makers.issue(api, { assignee: "ada" });
    await change(api, `/issues/${id}`, { assignee: null });
  },
  "issue.status_changed": changed("issue", "issues", { status: "review" }),
  "issue.priority_changed": changed("issue", "issues", { priority: "critical" }),
  "issue.closed": changed("issue", "issues", closed),
  "issue.reopened": async ({ api }) => {
    const { id } = await makers.issue(api, closed);
    await change(api, `/issues/${id}`, { status: "open" });
  },
  "issue.commented": ({ api }) => makers.comment(api),
  "issue.tagged": tagged,
  "issue.due_date_approaching": ({ api }) => makers.issue(api, { due_date: day(3) }),
  "issue.overdue": ({ api }) => makers.issue(api, { due_date: day(-1) }),
  "issue.blocked": dependency,
  "issue.unblocked": dependency,
  "issue.linked_to_milestone": aMilestoneDone,
  "issue.linked_to_initiative": async ({ api }) => {
    const [initiative, issue] = [await makers.initiative(api), await makers.issue(api)];
    await linkIssue(api, `/initiatives/${initiative.id}`, issue);
  },
  "issue.deleted": removed("issue", "issues"),
  "project.created": ({ api }) => makers.project(api),
  "project.updated": changed("project", "projects", { name: "Artemis" }),
  "project.status_changed": changed("project", "projects", { status: "on_hold" }),
  "project.archived": changed("project", "projects", { status: "archived" }),
  "project.completion_milestone": async ({ api }) => {
    const { id } = await makers.project(api);
    const issue = await makers.issue(api, { project_id: id });
    await change(api, `/issues/${issue.id}`, closed);
  },
  "project.deleted": removed("project", "projects"),
  "milestone.created": ({ api }) => makers.milestone(api),
  "milestone.updated": changed("milestone", "milestones", { name: "Second flight" }),
  "milestone.status_changed": changed("milestone", "milestones", { status: "in_progress" }),
  "milestone.completed": aMilestoneDone,
  "milestone.progress_updated": aMilestoneDone,
  "milestone.due_date_approaching": ({ api }) => makers.milestone(api, { due_date: day(7) }),
  "milestone.overdue": ({ api }) => makers.milestone(api, { due_date: day(-2) }),
  "milestone.deleted": removed("milestone", "milestones"),
  "initiative.created": ({ api }) => makers.initiative(api),
  "initiative.updated": changed("initiative", "initiatives", { name: "Land" }),
  "initiative.status_changed": changed("initiative", "initiatives", { status: "on_hold" }),
  "initiative.completed": changed("initiative", "initiatives", { status: "completed" }),
  "initiative.issue_added": async ({ api }) => {
    const [initiative, issue] = [await makers.initiative(api), await makers.issue(api)];
    await linkIssue(api, `/initiatives/${initiative.id}`, issue);
  },
  "initiative.deleted": removed("initiative", "initiatives"),
  "comment.created": ({ api }) => makers.comment(api),
  "comment.updated": changed("comment", "comments", { content: "Better so." }),
  "comment.mention": ({ api }) => makers.comment(api, "Look at this, @ada."),
  "comment.deleted": removed("comment", "comments"),
  "document.created": ({ api }) => makers.document(api),
  "document.updated": changed("document", "documents", { content: "Or so." }),
  "document.linked": async ({ api }) => {
    const [document, project] = [await makers.document(api), await makers.project(api)];
    const target = { entity_type: "project", entity_id: project.id };
    await make(api, `/documents/${document.id}/links`, target);
  },
  "document.deleted": removed("document", "documents"),
  "tag.created": ({ api }) => makers.tag(api),
  "tag.updated": changed("tag", "tags", { color: "#123456" }),
  "tag.applied": tagged,
  "tag.removed": async ({ api }) => {
    const [issue, tag] = [await makers.issue(api), await makers.tag(api)];
    await make(api, `/issues/${issue.id}/tags`, { tag_id: tag.id });
    await remove(api, `/issues/${issue.id}/tags/${tag.id}`);
  },
  "tag.deleted": removed("tag", "tags"),
  "system.daily_digest": report("daily_digest"),
  "system.weekly_report": report("weekly_report"),
  // The database is away for longer than a moment, and back.
  "system.health_check_failed": async ({ api, postgres }) => {
    await postgres.kill();
    await new Promise((resolve) => setTimeout(resolve, 7_000));
    await postgres.start();
    await until("the app has its database back", async () => {
      const { status } = await api.post("/projects", { name: "Back" });
      return status === 201;
    });
  },
  "system.loop_detected": async ({ api }) => {
    const { id } = await makers.issue(api);
    let cause = (await eventsOf(api, id))[0];
    for (let depth = 1; depth <= 9; depth += 1) {
      const headers = { "x-turbo-causation": cause ?? "" };
      await api.patch(`/issues/${id}`, { title: `round ${depth}` }, { headers });
      cause = (await eventsOf(api, id))[0];
    }
  },
  "system.backup_completed": posted("system.backup_completed", { size_bytes: 1 }),
  "system.ai_analysis_complete": posted("system.ai_analysis_complete", { summary: "Fine." }),
  "webhook.failing": failedFor(3),
  "webhook.disabled": failedFor(6),
  "webhook.enabled": async ({ api, sick }) => {
    ok(await api.post(`/webhooks/${sick.id}/resume`));
  },
  "webhook.test": async ({ api, listener }) => {
    const { status } = await api.post(`/webhooks/${listener.id}/test`);
    if (status !== 202) throw new Error(`the test was answered ${status}`);
  },
};

/** The ids of an entity's events, newest first. */
async function eventsOf(api: Api, entityId: string): Promise<string[]> {
  const events = ok(await api.get<{ event_id: string }[]>(`/events?entity_id=${entityId}`));
  return events.map(({ event_id }) => event_id);
}
