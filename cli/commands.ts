export type Flag = {
  /** Kebab-case; the API's field is the same in snake_case. */
  name: string;
  placeholder: string;
  help: string;
  kind?: "text" | "list" | "boolean" | "count";
  choices?: readonly string[];
  isRequired?: boolean;
  /** An empty value clears the field (sent as null). */
  isClearable?: boolean;
};

export type Command = {
  name: string;
  summary: string;
  method: "GET" | "POST" | "PATCH";
  path: string;
  /** What the list command's path becomes when this flag is given, which then fills `{id}`. */
  scopedBy?: { flag: string; path: string };
  flags: readonly Flag[];
  /** The past participle of the closing line: "Issue created successfully!". */
  done?: string;
  isWatched?: boolean;
  examples: readonly string[];
};

export type Column = { label: string; field: string };

export type Resource = {
  name: string;
  noun: string;
  summary: string;
  columns: readonly Column[];
  details: readonly Column[];
  commands: readonly Command[];
};

const priorities = ["low", "medium", "high", "critical"] as const;
const issueTypes = ["bug", "feature", "enhancement", "task", "documentation"] as const;
const issueStatuses = ["open", "in_progress", "review", "testing", "closed"] as const;
const projectStatuses = ["active", "on_hold", "completed", "archived"] as const;
const deliveryStatuses = ["pending", "success", "failed", "cancelled"] as const;

function choice(name: string, choices: readonly string[], help: string): Flag {
  return { name, placeholder: choices.join("|"), help, choices };
}

const limit: Flag = { name: "limit", placeholder: "N", help: "How many, 1 to 100", kind: "count" };
const cursor: Flag = { name: "cursor", placeholder: "CURSOR", help: "Where the next page begins" };
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

const webhooks: Resource = {
  name: "webhooks",
  noun: "Webhook",
  summary: "Webhooks, which send events to a URL",
  columns: [
    { label: "ID", field: "id" },
    { label: "Name", field: "name" },
    { label: "Active", field: "active" },
    { label: "URL", field: "url" },
    { label: "Event types", field: "event_types" },
  ],
  details: [
    { label: "ID", field: "id" },
    { label: "Name", field: "name" },
    { label: "URL", field: "url" },
    { label: "Event types", field: "event_types" },
    { label: "Active", field: "active" },
    { label: "Secret", field: "secret_token" },
  ],
  commands: [
    {
      name: "create",
      summary: "Register a webhook; its secret is shown in full only now",
      method: "POST",
      path: "/webhooks",
      done: "created",
      flags: [
        { name: "name", placeholder: "TEXT", help: "1 to 100 characters", isRequired: true },
        { name: "url", placeholder: "URL", help: "Where events are sent", isRequired: true },
        {
          name: "event-types",
          placeholder: "TYPE,…",
          help: "Which events, such as issue.created, issue.* or *; repeatable",
          kind: "list",
          isRequired: true,
        },
        { name: "active", placeholder: "true|false", help: "Begin at once", kind: "boolean" },
        { name: "secret-token", placeholder: "SECRET", help: "Your own secret; else one is made" },
      ],
      examples: [
        'turbo webhooks create --name "Test Webhook" --url http://localhost:9001/webhook \\\n' +
          "    --event-types issue.created,issue.updated",
      ],
    },
    {
      name: "list",
      summary: "List webhooks, newest first",
      method: "GET",
      path: "/webhooks",
      flags: [limit, cursor],
      examples: ["turbo webhooks list"],
    },
    {
      name: "test",
      summary: "Send a test event and wait for the outcome",
      method: "POST",
      path: "/webhooks/{id}/test",
      isWatched: true,
      flags: [],
      examples: ["turbo webhooks test <webhook-id>"],
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
