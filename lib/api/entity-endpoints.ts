import { createComment, isCommentable, listComments } from "@/lib/entities/comments";
import type { Entity } from "@/lib/entities/define";
import { entities, entityNamed } from "@/lib/entities/definitions";
import { links } from "@/lib/entities/links";
import { getEntity, listEntities } from "@/lib/entities/read";
import { removeEntity } from "@/lib/entities/remove";
import { createEntity, updateEntity } from "@/lib/entities/write";
import type { EventType } from "@/lib/event-types/catalogue";
import { pick, type Row } from "@/lib/events/changes";
import { sampleOf } from "@/lib/event-types/samples";
import { capital, endpoint, type Endpoint } from "./endpoint";
import { a, sampleRow, shapeOf } from "./entity-words";
import { linkEndpoints } from "./link-endpoints";
import { created, nothing, pageOf } from "./outcome";

/** Those of every entity, of its comments and of what it is linked to. */
export function entityEndpoints(): Endpoint[] {
  return Object.values(entities).flatMap((entity) => [
    ...collectionEndpoints(entity),
    ...singleEndpoints(entity),
    ...(isCommentable(entity.plural) ? commentEndpoints(entity) : []),
    ...links.filter(({ owner }) => owner.plural === entity.plural).flatMap(linkEndpoints),
  ]);
}

function collectionEndpoints(entity: Entity): Endpoint[] {
  const { name, plural } = entity;
  const type = capital(name);
  const group = capital(plural);
  const path = `/api/v1/${plural}`;
  const shown = { of: shapeOf(entity), example: sampleRow(entity) };
  return [
    endpoint({
      id: `list${capital(plural)}`,
      method: "GET",
      path,
      group,
      summary: `List ${plural}`,
      description: "Newest first.",
      query: entity.filter,
      answers: [{ status: 200, kind: "list", description: `A page of ${plural}.`, ...shown }],
      run: async ({ ctx, query }) => pageOf(await listEntities(ctx, entity, query)),
    }),
    endpoint({
      id: `create${type}`,
      method: "POST",
      path,
      group,
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
      run: async ({ ctx, body }) => created(await createEntity(ctx, entity, body), path),
    }),
  ];
}

function singleEndpoints(entity: Entity): Endpoint[] {
  const { name, plural } = entity;
  const type = capital(name);
  const group = capital(plural);
  const path = `/api/v1/${plural}/{id}` as const;
  const shown = { of: shapeOf(entity), example: sampleRow(entity) };
  const changed = sampleOf(`${name}.updated` as EventType);
  return [
    endpoint({
      id: `get${type}`,
      method: "GET",
      path,
      group,
      summary: `Get ${a(name)}`,
      answers: [{ status: 200, kind: "resource", description: `The ${name}.`, ...shown }],
      run: async ({ ctx, params }) => ({ data: await getEntity(ctx, entity, params.id) }),
    }),
    endpoint({
      id: `update${type}`,
      method: "PATCH",
      path,
      group,
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
      run: async ({ ctx, params, body }) => ({
        data: await updateEntity(ctx, entity, { id: params.id, input: body }),
      }),
    }),
    endpoint({
      id: `remove${type}`,
      method: "DELETE",
      path,
      group,
      summary: `Remove ${a(name)}`,
      description: `And what belongs to it, each with its own event. Emits \`${name}.deleted\`.`,
      answers: [{ status: 204, kind: "nothing", description: "It is gone." }],
      refusals: { 409: "More than 1,000 others belong to it: remove those first." },
      run: async ({ ctx, params }) => {
        await removeEntity(ctx, entity, params.id);
        return nothing;
      },
    }),
  ];
}

function commentEndpoints({ name, plural }: Entity): Endpoint[] {
  const comment = entityNamed("comments");
  const path = `/api/v1/${plural}/{id}/comments` as const;
  const group = capital(plural);
  const shown = { of: shapeOf(comment), example: sampleRow(comment) };
  const type = capital(name);
  const place = { entity_type: true, entity_id: true } as const;
  return [
    endpoint({
      id: `list${type}Comments`,
      method: "GET",
      path,
      group,
      summary: `List the comments on ${a(name)}`,
      description: "Newest first.",
      query: comment.filter.omit(place),
      answers: [{ status: 200, kind: "list", description: "A page of comments.", ...shown }],
      run: async ({ ctx, params, query }) =>
        pageOf(await listComments(ctx, plural, { id: params.id, query })),
    }),
    endpoint({
      id: `createComment${type}`,
      method: "POST",
      path,
      group,
      summary: `Comment on ${a(name)}`,
      description: "Emits `comment.created`, and `comment.mention` for each `@name` in the text.",
      body: {
        of: { name: `CreateComment${type}`, schema: comment.create.partial(place) },
        example: { content: sampleRow(comment).content },
      },
      answers: [
        { status: 201, kind: "resource", description: "The comment.", isLocated: true, ...shown },
      ],
      run: async ({ ctx, params, body }) => {
        const made = await createComment(ctx, plural, { id: params.id, input: body });
        return created(made, "/api/v1/comments");
      },
    }),
  ];
}

/** What somebody would send for the sample; what is null there they would leave out. */
function newRow(entity: Entity): Row {
  const given = pick(sampleRow(entity), Object.keys(entity.create.shape));
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
}
