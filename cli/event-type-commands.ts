import type { Flag, Resource, View } from "./command";
import { choice, description, required, whenCreating } from "./flags";
import {
  createCommand,
  deleteCommand,
  getCommand,
  listCommand,
  updateCommand,
} from "./standard-commands";

const view: View = {
  name: "event-types",
  noun: "Event type",
  key: "name",
  columns: [
    { label: "Name", field: "name" },
    { label: "Source", field: "source" },
    { label: "Description", field: "description" },
  ],
  details: [
    { label: "Name", field: "name" },
    { label: "Source", field: "source" },
    { label: "Description", field: "description" },
  ],
  blocks: [
    { label: "Schema", field: "schema" },
    { label: "Sample", field: "sample" },
  ],
};

const flags: readonly Flag[] = [
  description,
  {
    name: "schema",
    placeholder: "JSON|@FILE",
    help: "The JSON Schema that data.current fulfils",
    kind: "json",
  },
  {
    name: "sample",
    placeholder: "JSON|@FILE",
    help: "A data.current that the schema accepts",
    kind: "json",
  },
];

export const eventTypes: Resource = {
  ...view,
  summary: "Event types, the catalogue's and your own",
  commands: [
    createCommand(view, {
      flags: [
        required({
          name: "name",
          placeholder: "GROUP.NAME",
          help: "Such as literature.paper_found",
        }),
        ...whenCreating(flags, ["schema", "sample"]),
      ],
      examples: [
        'turbo event-types create --name literature.paper_found --description "A paper was found" \\\n' +
          '    --schema @schema.json --sample \'{"title": "On webhooks"}\'',
      ],
    }),
    {
      ...listCommand(view, {
        flags: [
          choice("source", ["catalogue", "registered"], "Only Turbo's own, or only yours"),
          { name: "name", placeholder: "TYPE", help: "Only this one, also issue.*" },
        ],
        examples: ["turbo event-types list --source registered"],
      }),
      summary: "List event types by name",
    },
    getCommand(view),
    updateCommand(view, {
      flags,
      examples: [
        "turbo event-types update literature.paper_found --schema @schema.json --sample @sample.json",
      ],
    }),
    deleteCommand(view),
  ],
};
