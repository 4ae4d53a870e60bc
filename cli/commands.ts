import { choice, cursor, limit, type Flag, type Resource } from "./command";
import { webhooks } from "./webhook-commands";

const priorities = ["low", "medium", "high", "critical"] as const;
const issueTypes = ["bug", "feature", "enhancement", "task", "documentation"] as const;
const issueStatuses = ["open", "in_progress", "review", "testing", "closed"] as const;
const projectStatuses = ["active", "on_hold", "completed", "archived"] as const;
const deliveryStatuses = ["pending", "success", "failed", "cancelled"] as const;

const description: Flag = { name: "description", placeholder: "TEXT", help: "What it is about" };

const issueFlags: readonly Flag[] = [
  { ...description, isClearable: true },
  { name: "project-id", placeholder: "ID", help: "The project it belongs to", isClearable: true },
  choice("type", issueTypes, "What kind of issue"),
  choice("priority", priorities, "How urgent"),
  choice("status", issueStatuses, "How far it is"),
  { name: "assignee", placeholder: "NAME", help: "Who works on it", isClearable: true },
  { name: "due-date", placeholder: "YYYY-MM-DD", help: "When it is due", isClearable: true },
];
const title: Flag = { name: "title", placeholder: "TEXT", help: "1 to 200 characters" };

const projects: Resource = {
  name: "projects",
  noun: "Project",
  summary: "Projects, which hold issues",
  columns: [
    { label: "ID", field: "id" },
    { label: "Name", field: "name" },
    { label: "Status", field: "status" },
    { label: "Priority", field: "priority" },
  ],
  details: [
    { label: "ID", field: "id" },
    { label: "Name", field: "name" },
    { label: "Status", field: "status" },
    { label: "Priority", field: "priority" },
    { label: "Description", field: "description" },
  ],
  commands: [
    {
      name: "create",
      summary: "Create a project",
      method: "POST",
      path: "/projects",
      done: "created",
      flags: [
        { name: "name", placeholder: "TEXT", help: "1 to 200 characters", isRequired: true },
        description,
        choice("priority", priorities, "How urgent"),
        choice("status", projectStatuses, "How far it is"),
      ],
      examples: ['turbo projects create --name "Website" --priority high'],
    },
    {
      name: "list",
      summary: "List projects, newest first",
      method: "GET",
      path: "/projects",
      flags: [limit, cursor],
      examples: ["turbo projects list --limit 10"],
    },
    {
      name: "get",
      summary: "Show one project",
      method: "GET",
      path: "/projects/{id}",
      flags: [],
      examples: ["turbo projects get <project-id>"],
    },
  ],
};

const issues: Resource = {
  name: "issues",
  noun: "Issue",
  summary: "Issues",
  columns: [
    { label: "ID", field: "id" },
    { label: "Title", field: "title" },
    { label: "Status", field: "status" },
    { label: "Priority", field: "priority" },
    { label: "Type", field: "type" },
    { label: "Assignee", field: "assignee" },
  ],
  details: [
    { label: "ID", field: "id" },
    { label: "Title", field: "title" },
    { label: "Status", field: "status" },
    { label: "Priority", field: "priority" },
    { label: "Type", field: "type" },
    { label: "Assignee", field: "assignee" },
    { label: "Due date", field: "due_date" },
    { label: "Project", field: "project_id" },
    { label: "Description", field: "description" },
  ],
  commands: [
    {
      name: "create",
      summary: "Create an issue",
      method: "POST",
      path: "/issues",
      done: "created",
      flags: [
        { ...title, isRequired: true },
        ...issueFlags.map((flag) => ({ ...flag, isClearable: false })),
        { name: "created-by", placeholder: "NAME", help: "Who reports it" },
      ],
      examples: [
        'turbo issues create --title "Test Issue" --description "Testing webhooks" \\\n' +
          "    --project-id <project-id> --type task --priority medium",
      ],
    },
    {
      name: "list",
      summary: "List issues, newest first",
      method: "GET",
      path: "/issues",
      flags: [limit, cursor],
      examples: ["turbo issues list --json"],
    },
    {
      name: "get",
      summary: "Show one issue",
      method: "GET",
      path: "/issues/{id}",
      flags: [],
      examples: ["turbo issues get <issue-id>"],
    },
    {
      name: "update",
      summary: "Change an issue",
      method: "PATCH",
      path: "/issues/{id}",
      done: "updated",
      flags: [title, ...issueFlags],
      examples: [
        "turbo issues update <issue-id> --status closed",
        'turbo issues update <issue-id> --assignee ""',
      ],
    },
  ],
};

const deliveries: Resource = {
  name: "deliveries",
  noun: "Delivery",
  summary: "The delivery log",
  columns: [
    { label: "ID", field: "id" },
    { label: "Event type", field: "event_type" },
    { label: "Status", field: "status" },
    { label: "Attempts", field: "attempts" },
    { label: "Code", field: "response_code" },
    { label: "Created", field: "created_at" },
  ],
  details: [],
  commands: [
    {
      name: "list",
      summary: "List deliveries, newest first",
      method: "GET",
      path: "/deliveries",
      scopedBy: { flag: "webhook-id", path: "/webhooks/{id}/deliveries" },
      flags: [
        { name: "webhook-id", placeholder: "ID", help: "Only those of this webhook" },
        choice("status", deliveryStatuses, "Only those in this state"),
        limit,
        cursor,
      ],
      examples: ["turbo deliveries list --status failed"],
    },
  ],
};

/** Everything the program can do. Parsing, help and requests are made from this table. */
export const resources: readonly Resource[] = [projects, issues, webhooks, deliveries];

/** The flags every command takes. */
export const globalFlags = [
  { name: "json", help: "Print the API's JSON answer" },
  { name: "api-url", placeholder: "URL", help: "Where Turbo runs (else TURBO_API_URL)" },
  { name: "api-key", placeholder: "KEY", help: "The bearer token (else TURBO_API_KEY)" },
  { name: "actor", placeholder: "ai:NAME", help: "Who acts, sent as X-Turbo-Actor" },
  { name: "help", help: "Show this help" },
] as const;
