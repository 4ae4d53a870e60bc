import type { Flag, Resource, View } from "./command";
import { choice, id, ofProject, project, required, title, whenCreating } from "./flags";
import {
  createCommand,
  deleteCommand,
  getCommand,
  linkCommands,
  listCommand,
  updateCommand,
} from "./standard-commands";

const view: View = {
  name: "documents",
  noun: "Document",
  columns: [
    { label: "ID", field: "id" },
    { label: "Title", field: "title" },
    { label: "Type", field: "type" },
    { label: "Project", field: "project_id" },
  ],
  details: [
    { label: "ID", field: "id" },
    { label: "Title", field: "title" },
    { label: "Type", field: "type" },
    { label: "Project", field: "project_id" },
    { label: "Content", field: "content" },
  ],
  tables: [
    {
      label: "Linked to",
      field: "links",
      columns: [
        { label: "Type", field: "entity_type" },
        { label: "ID", field: "entity_id" },
      ],
    },
  ],
};

const linkedView: View = {
  name: "links",
  noun: "Link",
  columns: [
    { label: "Type", field: "entity_type" },
    { label: "ID", field: "id" },
    { label: "Title", field: "title", orField: "name" },
    { label: "Status", field: "status" },
  ],
  details: [
    { label: "Type", field: "entity_type" },
    { label: "ID", field: "id" },
    { label: "Title", field: "title", orField: "name" },
    { label: "Status", field: "status" },
  ],
};

const flags: readonly Flag[] = [
  title,
  { name: "content", placeholder: "TEXT", help: "Its text", isClearable: true },
  { name: "type", placeholder: "TEXT", help: "What kind, such as note, 1 to 50 characters" },
  { ...project, isClearable: true },
];

export const documents: Resource = {
  ...view,
  summary: "Documents, which are linked to projects, issues and milestones",
  commands: [
    createCommand(view, {
      flags: whenCreating(flags, ["title"]),
      examples: ['turbo documents create --title "Release plan" --content "First the tests."'],
    }),
    listCommand(view, {
      flags: [ofProject, { name: "type", placeholder: "TEXT", help: "Only those of this kind" }],
      examples: ["turbo documents list --type note"],
    }),
    getCommand(view),
    updateCommand(view, {
      flags,
      examples: ['turbo documents update <document-id> --title "Release plan 2"'],
    }),
    deleteCommand(view),
    ...linkCommands(
      view,
      {
        path: "links",
        view: linkedView,
        flag: id("entity-id", "The ID of that"),
        moreFlags: [
          required(
            choice("entity-type", ["project", "issue", "milestone"], "What it is linked to"),
          ),
        ],
      },
      {
        list: { name: "links", summary: "List what a document is linked to, newest first" },
        add: {
          name: "link",
          summary: "Link a document to a project, an issue or a milestone",
          done: "Document linked successfully!",
        },
        remove: {
          name: "unlink",
          summary: "Take a link away from a document",
          done: "Document unlinked successfully!",
        },
      },
    ),
  ],
};
