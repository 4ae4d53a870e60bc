import { commentFlags, commentView } from "./comment-commands";
import type { Command, Flag, Resource, View } from "./command";
import {
  choice,
  cursor,
  date,
  description,
  id,
  limit,
  ofProject,
  priorities,
  priority,
  project,
  title,
  whenCreating,
} from "./flags";
import {
  createCommand,
  deleteCommand,
  getCommand,
  linkCommands,
  listCommand,
  updateCommand,
} from "./standard-commands";
import { tagView } from "./tag-commands";

const types = ["bug", "feature", "enhancement", "task", "documentation"] as const;
const statuses = ["open", "in_progress", "review", "testing", "closed"] as const;

export const issueView: View = {
  name: "issues",
  noun: "Issue",
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
    { label: "Blocked", field: "is_blocked" },
    { label: "Project", field: "project_id" },
    { label: "Milestones", field: "milestone_ids" },
    { label: "Initiatives", field: "initiative_ids" },
    { label: "Tags", field: "tag_ids" },
    { label: "Depends on", field: "depends_on_ids" },
    { label: "Documents", field: "document_ids" },
    { label: "Description", field: "description" },
  ],
};

const flags: readonly Flag[] = [
  title,
  description,
  { ...project, isClearable: true },
  choice("type", types, "What kind of issue"),
  priority,
  choice("status", statuses, "How far it is"),
  { name: "assignee", placeholder: "NAME", help: "Who works on it", isClearable: true },
  date("due-date", "When it is due"),
];

const commentCommands: readonly Command[] = [
  {
    name: "comments",
    summary: "List the comments on an issue, newest first",
    method: "GET",
    path: "/issues/{id}/comments",
    view: commentView,
    flags: [limit, cursor],
    examples: ["turbo issues comments <issue-id>"],
  },
  {
    name: "comment",
    summary: "Comment on an issue",
    method: "POST",
    path: "/issues/{id}/comments",
    view: commentView,
    done: "Comment created successfully!",
    flags: commentFlags,
    examples: ['turbo issues comment <issue-id> --content "Looks good, @ann"'],
  },
];

export const issues: Resource = {
  ...issueView,
  summary: "Issues, with their comments, tags and dependencies",
  commands: [
    createCommand(issueView, {
      flags: [
        ...whenCreating(flags, ["title"]),
        { name: "created-by", placeholder: "NAME", help: "Who reports it" },
      ],
      examples: [
        'turbo issues create --title "Test Issue" --description "Testing webhooks" \\\n' +
          "    --project-id <project-id> --type task --priority medium",
      ],
    }),
    listCommand(issueView, {
      flags: [
        ofProject,
        choice("status", statuses, "Only those in this state"),
        choice("priority", priorities, "Only those as urgent"),
        choice("type", types, "Only those of this kind"),
        { name: "assignee", placeholder: "NAME", help: "Only those of this assignee" },
      ],
      examples: [
        "turbo issues list --json",
        "turbo issues list --status open --priority critical --assignee ann",
      ],
    }),
    getCommand(issueView),
    updateCommand(issueView, {
      flags,
      examples: [
        "turbo issues update <issue-id> --status closed",
        'turbo issues update <issue-id> --assignee ""',
      ],
    }),
    deleteCommand(issueView),
    ...commentCommands,
    ...linkCommands(
      issueView,
      { path: "tags", view: tagView, flag: id("tag-id", "Which tag") },
      {
        list: { name: "tags", summary: "List the tags of an issue, newest first" },
        add: { name: "tag", summary: "Apply a tag to an issue", done: "Tag applied successfully!" },
        remove: {
          name: "untag",
          summary: "Take a tag off an issue",
          done: "Tag removed successfully!",
        },
      },
    ),
    ...linkCommands(
      issueView,
      {
        path: "dependencies",
        view: issueView,
        flag: { ...id("on", "The issue that must be closed first"), field: "depends_on_id" },
      },
      {
        list: { name: "dependencies", summary: "List the issues that an issue depends on" },
        add: {
          name: "depend",
          summary: "Make an issue depend on another",
          done: "Dependency added successfully!",
        },
        remove: {
          name: "undepend",
          summary: "Take a dependency away",
          done: "Dependency removed successfully!",
        },
      },
    ),
  ],
};
