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

const statuses = ["planned", "in_progress", "completed", "cancelled"] as const;

const view: View = {
  name: "milestones",
  noun: "Milestone",
  columns: [
    { label: "ID", field: "id" },
    { label: "Name", field: "name" },
    { label: "Status", field: "status" },
    { label: "Due", field: "due_date" },
    { label: "Issues", field: "issue_count" },
    { label: "Completed %", field: "completion_percentage" },
  ],
  details: [
    { label: "ID", field: "id" },
    { label: "Name", field: "name" },
    { label: "Status", field: "status" },
    { label: "Start date", field: "start_date" },
    { label: "Due date", field: "due_date" },
    { label: "Issues", field: "issue_count" },
    { label: "Completed %", field: "completion_percentage" },
    { label: "Project", field: "project_id" },
    { label: "Documents", field: "document_ids" },
    { label: "Description", field: "description" },
  ],
};

const flags: readonly Flag[] = [
  name,
  description,
  project,
  choice("status", statuses, "How far it is"),
  date("start-date", "When it begins"),
  date("due-date", "When it is due"),
];

export const milestones: Resource = {
  ...view,
  summary: "Milestones, which issues of a project lead up to",
  commands: [
    createCommand(view, {
      flags: whenCreating(flags, ["name", "project-id"]),
      examples: [
        'turbo milestones create --name "Beta" --project-id <project-id> --due-date 2026-12-31',
      ],
    }),
    listCommand(view, {
      flags: [ofProject, choice("status", statuses, "Only those in this state")],
      examples: ["turbo milestones list --status in_progress"],
    }),
    getCommand(view),
    updateCommand(view, {
      flags,
      examples: ["turbo milestones update <milestone-id> --status completed"],
    }),
    deleteCommand(view),
    ...linkedIssueCommands(view),
  ],
};
