import { commentTargets } from "@/db/schema";
import type { Context } from "@/lib/context";
import { invalid } from "@/lib/errors";
import { isObject } from "@/lib/event-types/schema-rules";
import { readList, type Page } from "@/lib/page";
import { comment } from "./comment";
import type { Stored } from "./define";
import { entityNamed } from "./definitions";
import { getEntity, listEntities } from "./read";
import { createEntity } from "./write";

const commentable = new Set(commentTargets.map((target) => `${target}s`));

/** Has this entity comments: /issues/{id}/comments? */
export function isCommentable(plural: string): boolean {
  return commentable.has(plural);
}

/** One page of the comments of an entity, newest first. */
export async function listComments(
  ctx: Context,
  plural: string,
  { id, query }: { id: string; query: URLSearchParams },
): Promise<{ rows: Stored[]; page: Page }> {
  // Which entity the address says, and nothing else.
  readList(query, comment.filter.omit({ entity_type: true, entity_id: true }));
  await getEntity(ctx, entityNamed(plural), id);
  const ofEntity = new URLSearchParams(query);
  ofEntity.set("entity_id", id);
  return listEntities(ctx, comment, ofEntity);
}

/** Comments on an entity; the input need not say on which. */
export async function createComment(
  ctx: Context,
  plural: string,
  { id, input }: { id: string; input: unknown },
): Promise<Stored> {
  const entity = entityNamed(plural);
  const { id: entity_id } = await getEntity(ctx, entity, id);
  const target = { entity_type: entity.name, entity_id };
  return createEntity(ctx, comment, isObject(input) ? withTarget(input, target) : input);
}

function withTarget(input: Record<string, unknown>, target: Record<string, string>) {
  for (const [field, value] of Object.entries(target)) {
    if (field in input && String(input[field]).toLowerCase() !== value) {
      const message = `must be ${value}, as the address says, or absent`;
      throw invalid({ pointer: `/${field}`, code: "not_allowed", message });
    }
  }
  return { ...input, ...target };
}
