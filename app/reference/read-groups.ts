import { groups, type Endpoint, type Named } from "@/lib/api/endpoint";
import { endpoints } from "@/lib/api/endpoints";
import { schemaOf, type JsonSchema } from "@/lib/api/schema";

/** A page of the reference: what is done with one kind of thing, and how such things are shown. */
export type GroupPage = {
  slug: string;
  name: string;
  description: string;
  endpoints: Endpoint[];
  shapes: { name: string; schema: JsonSchema }[];
};

let made: GroupPage[] | undefined;

/** All of them, in order. */
export function readGroups(): GroupPage[] {
  made ??= Object.entries(groups).map(([name, description]) => ({
    slug: slugOf(name),
    name,
    description,
    endpoints: endpoints.filter(({ group }) => group === name),
    shapes: shownIn(name).map((shape) => ({
      name: shape.name,
      schema: schemaOf(shape.schema, "output"),
    })),
  }));
  return made;
}

function slugOf(name: string): string {
  return name.toLowerCase().replaceAll(" ", "-");
}

/** Where in the reference a shape is explained. */
export function placeOfShape(name: string): string {
  const group = homes().get(name)?.group ?? "Service";
  return `/reference/${slugOf(group)}#shape-${name}`;
}

function shownIn(name: string): Named[] {
  return [...homes().values()].filter(({ group }) => group === name).map(({ shape }) => shape);
}

/** A shape belongs to the group whose endpoint, of all that answer it, has the shortest path. */
function homes(): Map<string, { group: string; shape: Named }> {
  const found = new Map<string, { group: string; shape: Named; length: number }>();
  for (const { group, path, answers } of endpoints) {
    for (const { of: shape } of answers) {
      const known = shape && found.get(shape.name);
      if (shape && (!known || path.length < known.length))
        found.set(shape.name, { group, shape, length: path.length });
    }
  }
  return found;
}
