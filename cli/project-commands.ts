import type { Flag, Resource, View } from "./command";
import { choice, description, name, priorities, priority, whenCreating } from "./flags";
import {
  createCommand,
  deleteCommand,
  getCommand,
  listCommand,
  updateCommand,
} from "./standard-commands";

const statuses = ["active", "on_hold", "completed", "archived"] as const;

const view: View = {
  name: "projects",
  noun: "Project",
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
    { label: "Issues", field: "issue_count" },
    { label: "Completed %", field: "completion_percentage" },
    { label: "Documents", field: "document_ids" },
    { label: "Description", field: "description" },
  ],
};

const flags: readonly Flag[] = [
  name,
  description,
  priority,
  choice("status", statuses, "How far it is"),
];

export const projects: Resource = {
  ...view,
  summary: "Projects, which hold issues",
  commands: [
    createCommand(view, {
      flags: whenCreating(flags, ["name"]),
      examples: ['turbo projects create --name "Website" --priority high'],
    }),
    listCommand(view, {
      flags: [
        choice("status", statuses, "Only those in this state"),
        choice("priority", priorities, "Only those as urgent"),
      ],
      examples: ["turbo projects list --status active --limit 10"],
    }),
    getCommand(view),
    updateCommand(view, {
      flags,
      examples: ["turbo projects update <project-id> --status archived"],
    }),
    deleteCommand(view),
  ],
};
