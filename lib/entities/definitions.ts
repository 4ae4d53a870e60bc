import { comment } from "./comment";
import type { Entity } from "./define";
import { document } from "./document";
import { initiative } from "./initiative";
import { issue } from "./issue";
import { milestone } from "./milestone";
import { project } from "./project";
import { tag } from "./tag";

/**
 * Every entity, by the name its URL bears. An entity added here has its endpoints and its events.
 * Their order is the order in which rows are locked.
 */
export const entities: Record<string, Entity> = {
  projects: project,
  initiatives: initiative,
  milestones: milestone,
  documents: document,
  tags: tag,
  issues: issue,
  comments: comment,
};

/** The entity with this plural, where our own code names it: an unknown one is a bug, not a 404. */
export function entityNamed(plural: string): Entity {
  const entity = entities[plural];
  if (!entity) throw new Error(`there is no entity ${plural}`);
  return entity;
}
