import type { Entity } from "@/lib/entities/define";
import { entities, entityNamed } from "@/lib/entities/definitions";
import { linkedShape, linkInput } from "@/lib/entities/link";
import { links, type Link } from "@/lib/entities/links";
import { isCommentable } from "@/lib/entities/comments";
import type { EventType } from "@/lib/events/catalogue";
import { pick, type Row } from "@/lib/events/changes";
import { sampleOf } from "@/lib/events/samples";
import { capital, type Named, type Operation } from "./operation";

/** Those of every entity, of its comments and of what it is linked to. */
export function entityOperations(): Operation[] {
  return Object.values(entities).flatMap((entity) => [
    ...ownOperations(entity),
    ...(isCommentable(entity.plural, "comments") ? commentOperations(entity) : []),
    ...links.filter(({ owner }) => owner.plural === entity.plural).flatMap(linkOperations),
  ]);
}

function ownOperations(entity: Entity): Operation[] {
  const { name, plural } = entity;
  const type = capital(name);
  const group = capital(plural);
  const list = `/api/v1/${plural}`;
  const shown = { of: shapeOf(entity), example: sampleRow(entity) };
  const changed = sampleOf(`${name}.updated` as EventType);
  return [
    {
      ...{ id: `list${capital(plural)}`, method: "GET", path: list, group },
      summary: `List ${plural}`,
      description: "Newest first.",
      query: entity.filter,
      answers: [{ status: 200, kind: "list", description: `A page of ${plural}.`, ...shown }],
    },
    {
      ...{ id: `create${type}`, method: "POST", path: list, group },
      summary: `Create ${a(name)}`,
      description: `Emits \`${name}.created\`, and whatever else that means.`,
      body: { of: { name: `Create${type}`, schema: entity.create }, example: newRow(entity) },
      answers: [
        {
          status: 201,
          kind: "resource",
          description: `The new ${name}.`,
          isLocated: true,
          ...shown,
        },
      ],
    },
    {
      ...{ id: `get${type}`, method: "GET", path: `${list}/{id}`, group },
      summary: `Get ${a(name)}`,
      answers: [{ status: 200, kind: "resource", description: `The ${name}.`, ...shown }],
    },
    {
      ...{ id: `update${type}`, method: "PATCH", path: `${list}/{id}`, group },
      summary: `Change ${a(name)}`,
      description:
        `Only the fields given. Emits \`${name}.updated\` and each more specific event that the ` +
        "change means; a change of nothing emits nothing.",
      body: {
        of: { name: `Update${type}`, schema: entity.update },
        example: pick(changed.current, changed.changes),
      },
      answers: [
        { status: 200, kind: "resource", description: `The ${name} as it is now.`, ...shown },
      ],
    },
    {
      ...{ id: `remove${type}`, method: "DELETE", path: `${list}/{id}`, group },
      summary: `Remove ${a(name)}`,
      description: `And what belongs to it, each with its own event. Emits \`${name}.deleted\`.`,
      answers: [{ status: 204, kind: "nothing", description: "It is gone." }],
      refusals: { 409: "More than 1,000 others belong to it: remove those first." },
    },
  ];
}

function commentOperations({ name, plural }: Entity): Operation[] {
  const comment = entityNamed("comments");
  const path = `/api/v1/${plural}/{id}/comments`;
  const group = capital(plural);
  const shown = { of: shapeOf(comment), example: sampleRow(comment) };
  const type = capital(name);
  const place = { entity_type: true, entity_id: true } as const;
  return [
    {
      ...{ id: `list${type}Comments`, method: "GET", path, group },
      summary: `List the comments on ${a(name)}`,
      description: "Newest first.",
      query: comment.filter.omit(place),
      answers: [{ status: 200, kind: "list", description: "A page of comments.", ...shown }],
    },
    {
      ...{ id: `createComment${type}`, method: "POST", path, group },
      summary: `Comment on ${a(name)}`,
      description: "Emits `comment.created`, and `comment.mention` for each `@name` in the text.",
      body: {
        of: { name: `CreateComment${type}`, schema: comment.create.partial(place) },
        example: { content: sampleRow(comment).content },
      },
      answers: [
        { status: 201, kind: "resource", description: "The comment.", isLocated: true, ...shown },
      ],
    },
  ];
}

function linkOperations(link: Link): Operation[] {
  const { owner, path, field } = link;
  const { name } = entityNamed(owner.plural);
  const list = `/api/v1/${owner.plural}/{id}/${path}`;
  const group = capital(owner.plural);
  const id = `${capital(name)}${capital(path)}`;
  const [first] = link.others;
  const other = entityNamed(first?.plural ?? "");
  const typed = link.others.length > 1 ? { entity_type: other.name } : {};
  const linked = { of: { name: `Linked${id}`, schema: linkedShape(link) } };
  const shown = {
    ...(link.others.length > 1 ? linked : { of: shapeOf(other) }),
    example: { ...typed, ...sampleRow(other) },
  };
  return [
    {
      ...{ id: `list${id}`, method: "GET", path: list, group },
      summary: `List the ${path} of ${a(name)}`,
      description: "Newest first.",
      answers: [{ status: 200, kind: "list", description: "A page of them.", ...shown }],
    },
    {
      ...{ id: `link${id}`, method: "POST", path: list, group },
      summary: `Add one to the ${path} of ${a(name)}`,
      description: `Emits \`updated\` of both${alsoEmitted(link)}. What is there already stays as it is.`,
      body: {
        of: { name: `Link${id}`, schema: linkInput(link) },
        example: { ...typed, [field]: sampleRow(other).id },
      },
      answers: [
        { status: 201, kind: "resource", description: "What was added.", ...shown },
        { status: 200, kind: "resource", description: "It was there already.", ...shown },
      ],
    },
    {
      ...{ id: `unlink${id}`, method: "DELETE", path: `${list}/{${field}}`, group },
      summary: `Take one off the ${path} of ${a(name)}`,
      description: "Emits `updated` of both.",
      answers: [{ status: 204, kind: "nothing", description: "It is taken off." }],
    },
  ];
}

function alsoEmitted({ added, owner, others }: Link): string {
  const types = added.map(({ side, action }) => {
    const plural = side === "owner" ? owner.plural : others[0]?.plural;
    return `\`${entityNamed(plural ?? "").name}.${action}\``;
  });
  return types.length > 0 ? `, and ${types.join(" and ")}` : "";
}

function shapeOf({ name, shape }: Entity): Named {
  return { name: capital(name), schema: shape };
}

function sampleRow({ name }: Entity): Row {
  return sampleOf(`${name}.created` as EventType).current;
}

/** What somebody would send for the sample; what is null there they would leave out. */
function newRow(entity: Entity): Row {
  const given = pick(sampleRow(entity), Object.keys(entity.create.shape));
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
}

function a(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`;
}
