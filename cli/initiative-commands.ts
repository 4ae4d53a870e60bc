import type { Flag, Resource, View } from "./command";
import { choice, date, description, name, ofProject, project, whenCreating } from "./flags";
import { linkedIssueCommands } from "./linked-issue-commands";
import {
  createCommand,
  deleteCommand,
  getCommand,
  listCommand,
  updateCommand,
} from "./standard-commands";

const statuses = ["planning", "in_progress", "on_hold", "completed", "cancelled"] as const;

const view: View = {
  name: "initiatives",
  noun: "Initiative",
  columns: [
    { label: "ID", field: "id" },
    { label: "Name", field: "name" },
    { label: "Status", field: "status" },
    { label: "Target", field: "target_date" },
    { label: "Issues", field: "issue_count" },
    { label: "Completed %", field: "completion_percentage" },
  ],
  details: [
    { label: "ID", field: "id" },
    { label: "Name", field: "name" },
    { label: "Status", field: "status" },
    { label: "Start date", field: "start_date" },
    { label: "Target date", field: "target_date" },
    { label: "Issues", field: "issue_count" },
    { label: "Completed %", field: "completion_percentage" },
    { label: "Project", field: "project_id" },
    { label: "Description", field: "description" },
  ],
};

const flags: readonly Flag[] = [
  name,
  description,
  { ...project, isClearable: true },
  choice("status", statuses, "How far it is"),
  date("start-date", "When it begins"),
  date("target-date", "When it is to be reached"),
];

export const initiatives: Resource = {
  ...view,
  summary: "Initiatives, which issues contribute to",
  commands: [
    createCommand(view, {
      flags: whenCreating(flags, ["name"]),
      examples: ['turbo initiatives create --name "Faster builds" --target-date 2026-12-31'],
    }),
    listCommand(view, {
      flags: [ofProject, choice("status", statuses, "Only those in this state")],
      examples: ["turbo initiatives list --status in_progress"],
    }),
    getCommand(view),
    updateCommand(view, {
      flags,
      examples: ["turbo initiatives update <initiative-id> --status completed"],
    }),
    deleteCommand(view),
    ...linkedIssueCommands(view),
  ],
};
