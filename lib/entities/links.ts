import { documentTargets } from "@/db/schema";
import type { Row } from "@/lib/events/changes";
import type { Stored } from "./define";

/** One end of a link: an entity, by the column of the link's table that names it. */
export type LinkEnd = { plural: string; column: string };

/** A specific event of one end of a link, when the link is made or removed. */
export type LinkEvent = {
  side: "owner" | "other";
  action: string;
  /** What the event shows in addition to that end; given the opposite end as it is shown. */
  more?: (opposite: Row, name: string) => Row;
  /** The event is made only if so. */
  when?: (ends: { owner: Stored; other: Stored }) => boolean;
};

/** Entities that belong to each other, as rows of a table of their own. */
export type Link = {
  table: string;
  /** Where it stands in the API: /milestones/{id}/issues. */
  owner: LinkEnd;
  path: string;
  /** The field of the request, and of the path, that names the other end; and what it means. */
  field: string;
  words: string;
  /** Several: the request says which by `entity_type`. */
  others: LinkEnd[];
  added: LinkEvent[];
  removed: LinkEvent[];
  /** It must not lead back to where it began. */
  isAcyclic?: true;
};

/** All of them; each has its endpoints, and makes `updated` of both its ends. */
export const links: Link[] = [
  {
    table: "milestone_issues",
    owner: { plural: "milestones", column: "milestone_id" },
    path: "issues",
    field: "issue_id",
    words: "The issue's id.",
    others: [{ plural: "issues", column: "issue_id" }],
    added: [{ side: "other", action: "linked_to_milestone", more: (milestone) => ({ milestone }) }],
    removed: [],
  },
  {
    table: "initiative_issues",
    owner: { plural: "initiatives", column: "initiative_id" },
    path: "issues",
    field: "issue_id",
    words: "The issue's id.",
    others: [{ plural: "issues", column: "issue_id" }],
    added: [
      { side: "other", action: "linked_to_initiative", more: (initiative) => ({ initiative }) },
      { side: "owner", action: "issue_added", more: (issue) => ({ issue }) },
    ],
    removed: [],
  },
  {
    table: "issue_tags",
    owner: { plural: "issues", column: "issue_id" },
    path: "tags",
    field: "tag_id",
    words: "The tag's id.",
    others: [{ plural: "tags", column: "tag_id" }],
    added: [
      { side: "owner", action: "tagged", more: (tag) => ({ tag }) },
      { side: "other", action: "applied", more: (issue) => ({ issue }) },
    ],
    removed: [{ side: "other", action: "removed", more: (issue) => ({ issue }) }],
  },
  {
    table: "issue_dependencies",
    owner: { plural: "issues", column: "issue_id" },
    path: "dependencies",
    field: "depends_on_id",
    words: "The issue that must be closed first.",
    others: [{ plural: "issues", column: "depends_on_id" }],
    added: [
      {
        side: "owner",
        action: "blocked",
        more: (issue) => ({ blocked_by: issue }),
        when: ({ other }) => other.status !== "closed",
      },
    ],
    removed: [],
    isAcyclic: true,
  },
  {
    table: "document_links",
    owner: { plural: "documents", column: "document_id" },
    path: "links",
    field: "entity_id",
    words: "The id of what is linked.",
    others: documentTargets.map((target) => ({ plural: `${target}s`, column: `${target}_id` })),
    added: [
      {
        side: "owner",
        action: "linked",
        more: ({ id }, entity_type) => ({ linked: { entity_type, entity_id: id } }),
      },
    ],
    removed: [],
  },
];
