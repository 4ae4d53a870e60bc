import { describe, expect, it } from "vitest";
import { makeRequest } from "./make-request";
import { parseCommand } from "./parse-command";

const id = "0199b3f0-6a51-7c70-9d1f-3c5e7a9b1d11";
const other = "0199b3f0-6a51-7c70-9d1f-3c5e7a9b1d22";

type Row = [args: string[], call: string, more?: { query?: object; body?: object }];

const rows: Row[] = [
  [["projects", "delete", id], `DELETE /projects/${id}`],
  [
    ["issues", "list", "--project-id", id, "--assignee", "ann", "--type", "bug"],
    "GET /issues",
    { query: { project_id: id, assignee: "ann", type: "bug" } },
  ],
  [
    ["--json", "--actor", "ai:ann", "issues", "--limit", "5", "list", "--type=bug"],
    "GET /issues",
    { query: { limit: "5", type: "bug" } },
  ],
  [
    ["milestones", "create", "--name", "Beta", "--project-id", id, "--due-date", "2026-12-31"],
    "POST /milestones",
    { body: { name: "Beta", project_id: id, due_date: "2026-12-31" } },
  ],
  [
    ["initiatives", "update", id, "--target-date", "", "--status", "on_hold"],
    `PATCH /initiatives/${id}`,
    { body: { target_date: null, status: "on_hold" } },
  ],
  [["milestones", "issues", id], `GET /milestones/${id}/issues`, { query: {} }],
  [
    ["milestones", "add-issue", id, "--issue-id", other],
    `POST /milestones/${id}/issues`,
    { body: { issue_id: other } },
  ],
  [
    ["initiatives", "remove-issue", id, "--issue-id", other],
    `DELETE /initiatives/${id}/issues/${other}`,
  ],
  [
    ["issues", "tag", id, "--tag-id", other],
    `POST /issues/${id}/tags`,
    { body: { tag_id: other } },
  ],
  [["issues", "untag", id, "--tag-id", other], `DELETE /issues/${id}/tags/${other}`],
  [
    ["issues", "depend", id, "--on", other],
    `POST /issues/${id}/dependencies`,
    { body: { depends_on_id: other } },
  ],
  [["issues", "undepend", id, "--on", other], `DELETE /issues/${id}/dependencies/${other}`],
  [
    ["issues", "comment", id, "--content", "Yes, @ann", "--author-type", "ai"],
    `POST /issues/${id}/comments`,
    { body: { content: "Yes, @ann", author_type: "ai" } },
  ],
  [
    ["documents", "link", id, "--entity-type", "issue", "--entity-id", other],
    `POST /documents/${id}/links`,
    { body: { entity_type: "issue", entity_id: other } },
  ],
  [["documents", "unlink", id, "--entity-id", other], `DELETE /documents/${id}/links/${other}`],
  [
    ["events", "list", "--event-type", "issue.*", "--by", "ai:claude", "--cause-id", id],
    "GET /events",
    { query: { event_type: "issue.*", actor: "ai:claude", cause_id: id } },
  ],
  [
    ["events", "emit", "--event-type", "a.b", "--data", '{"n":1}', "--changes", "n,m"],
    "POST /events",
    { body: { event_type: "a.b", data: { current: { n: 1 }, changes: ["n", "m"] } } },
  ],
  [
    ["events", "explain", id, "--webhook-id", other],
    `GET /events/${id}/explain`,
    { query: { webhook_id: other } },
  ],
  [["event-types", "get", "literature.paper_found"], "GET /event-types/literature.paper_found"],
  [
    ["event-types", "update", "a.b", "--schema", '{"type":"object"}', "--description="],
    "PATCH /event-types/a.b",
    { body: { description: null, schema: { type: "object" } } },
  ],
  [
    ["webhooks", "update", id, "--filters", "{}", "--skip-own", "", "--active=false"],
    `PATCH /webhooks/${id}`,
    { body: { filters: {}, skip_own: null, active: false } },
  ],
  [
    ["webhooks", "dry-run", "--event-types", "issue.*", "--filters", '{"priority":"high"}'],
    "POST /webhooks/dry-run",
    { body: { event_types: ["issue.*"], filters: { priority: "high" } } },
  ],
  [
    ["deliveries", "list", "--webhook-id", id, "--code-class", "5xx", "--event-id", other],
    `GET /webhooks/${id}/deliveries`,
    { query: { code_class: "5xx", event_id: other } },
  ],
  [["deliveries", "retry", id], `POST /deliveries/${id}/retry`],
];

describe("makeRequest", () => {
  it.each(rows)("makes of %j %s", async (args, call, more = {}) => {
    const { method, path, query, body } = await requestOf(args);
    expect(`${method} ${path}`).toBe(call);
    expect({ query, body }).toEqual({ query: {}, ...more });
  });

  it("leaves a body away when there is nothing to say", async () => {
    expect((await requestOf(["deliveries", "retry", id])).body).toBeUndefined();
  });
});

async function requestOf(args: string[]) {
  const parsed = await parseCommand(args);
  if (parsed.kind !== "run") throw new Error(`a command was expected, not ${parsed.kind}`);
  return makeRequest(parsed);
}
