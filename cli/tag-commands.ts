import type { Flag, Resource, View } from "./command";
import { name, whenCreating } from "./flags";
import {
  createCommand,
  deleteCommand,
  getCommand,
  listCommand,
  updateCommand,
} from "./standard-commands";

export const tagView: View = {
  name: "tags",
  noun: "Tag",
  columns: [
    { label: "ID", field: "id" },
    { label: "Name", field: "name" },
    { label: "Color", field: "color" },
    { label: "Issues", field: "issue_count" },
  ],
  details: [
    { label: "ID", field: "id" },
    { label: "Name", field: "name" },
    { label: "Color", field: "color" },
    { label: "Issues", field: "issue_count" },
  ],
};

const flags: readonly Flag[] = [
  { ...name, help: "1 to 50 characters, and no other tag's" },
  { name: "color", placeholder: "#RRGGBB", help: "Its color, such as #6366f1" },
];

export const tags: Resource = {
  ...tagView,
  summary: "Tags, which are applied to issues",
  commands: [
    createCommand(tagView, {
      flags: whenCreating(flags, ["name"]),
      examples: ['turbo tags create --name urgent --color "#dc2626"'],
    }),
    listCommand(tagView, {
      flags: [{ name: "name", placeholder: "TEXT", help: "Only the one of this name" }],
      examples: ["turbo tags list"],
    }),
    getCommand(tagView),
    updateCommand(tagView, { flags, examples: ["turbo tags update <tag-id> --name blocker"] }),
    deleteCommand(tagView),
  ],
};
