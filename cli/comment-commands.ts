import type { Flag, Resource, View } from "./command";
import { choice, id, required } from "./flags";
import {
  createCommand,
  deleteCommand,
  getCommand,
  listCommand,
  updateCommand,
} from "./standard-commands";

const targets = ["project", "issue", "milestone", "initiative", "document"] as const;

export const commentView: View = {
  name: "comments",
  noun: "Comment",
  columns: [
    { label: "ID", field: "id" },
    { label: "On", field: "entity_type" },
    { label: "Author", field: "author_name" },
    { label: "Created", field: "created_at" },
    { label: "Content", field: "content" },
  ],
  details: [
    { label: "ID", field: "id" },
    { label: "On", field: "entity_type" },
    { label: "Its ID", field: "entity_id" },
    { label: "Author", field: "author_name" },
    { label: "Author type", field: "author_type" },
    { label: "Created", field: "created_at" },
    { label: "Content", field: "content" },
  ],
};

const content: Flag = {
  name: "content",
  placeholder: "TEXT",
  help: "What to say; @name mentions somebody",
};

/** What a new comment says and who says it. */
export const commentFlags: readonly Flag[] = [
  required(content),
  { name: "author-name", placeholder: "NAME", help: "Who says it; else who acts" },
  choice("author-type", ["user", "ai"], "What the author is"),
];

export const comments: Resource = {
  ...commentView,
  summary: "Comments on projects, issues, milestones, initiatives and documents",
  commands: [
    createCommand(commentView, {
      flags: [
        required(choice("entity-type", targets, "What it is on")),
        required(id("entity-id", "The ID of that")),
        ...commentFlags,
      ],
      examples: [
        "turbo comments create --entity-type milestone --entity-id <milestone-id> \\\n" +
          '    --content "Two weeks to go, @ann"',
      ],
    }),
    listCommand(commentView, {
      flags: [
        choice("entity-type", targets, "Only those on such"),
        id("entity-id", "Only those on this one"),
        { name: "author-name", placeholder: "NAME", help: "Only those by this author" },
      ],
      examples: ["turbo comments list --author-name ann"],
    }),
    getCommand(commentView),
    updateCommand(commentView, {
      flags: [content],
      examples: ['turbo comments update <comment-id> --content "Ten days to go"'],
    }),
    deleteCommand(commentView),
  ],
};
