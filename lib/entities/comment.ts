import { z } from "zod";
import { authorTypes, commentTargets } from "@/db/schema";
import type { Row } from "@/lib/events/changes";
import type { EventDraft } from "@/lib/events/envelope";
import { plainText, proseText } from "@/lib/text";
import { define, type Stored } from "./define";
import { draftOf, shown } from "./drafts";
import { reference } from "./fields";
import { issue } from "./issue";
import { readEntities } from "./read";

const authorWords = "Who says it; whoever calls, unless it is given.";
const authorType = z.enum(authorTypes).describe("Whether a person or an AI says it.");
/** Each mention is an event that holds the whole comment. */
const mostMentions = 50;

export const comment = define({
  name: "comment",
  plural: "comments",
  summary: "What is said on a project, issue, milestone, initiative or document.",
  fields: {
    entity_type: z.enum(commentTargets).describe("What it is about, as `issue`."),
    entity_id: reference.describe("The id of what it is about."),
    content: proseText(50_000)
      .refine(
        (content) => mentionsIn({ content }).length <= mostMentions,
        `must not mention more than ${mostMentions} people`,
      )
      .describe(`The text itself; it may mention ${mostMentions} people.`),
    author_name: plainText(200).optional().describe(authorWords),
    author_type: authorType.optional(),
  },
  stored: { author_name: z.string().describe(authorWords), author_type: authorType },
  fixed: ["entity_type", "entity_id", "author_name", "author_type"],
  derived: {
    place: {
      select: `(
        select jsonb_build_object(
          'project_id', coalesce(entity.project_id, issue.project_id, milestone.project_id,
            initiative.project_id, document.project_id),
          'milestone_id', entity.milestone_id,
          'initiative_id', entity.initiative_id,
          'issue_id', entity.issue_id)
        from (select) as nothing
        left join issues issue on issue.id = entity.issue_id
        left join milestones milestone on milestone.id = entity.milestone_id
        left join initiatives initiative on initiative.id = entity.initiative_id
        left join documents document on document.id = entity.document_id)`,
    },
  },
  complete: ({ row, actor }) => ({
    author_name: row.author_name ?? actor.name,
    author_type: row.author_type ?? (actor.type === "ai" ? "ai" : "user"),
  }),
  toColumns: ({ entity_type, entity_id, ...row }) =>
    typeof entity_type === "string" ? { ...row, [`${entity_type}_id`]: entity_id } : row,
  filters: ["entity_type", "entity_id", "author_name"],
  context: (row) => row.place as EventDraft["context"],
  authorOf: ({ author_name, author_type }) =>
    typeof author_name === "string"
      ? { name: author_name, type: author_type === "ai" ? "ai" : "user" }
      : {},
  rules: [],
  specificEvents: (before, after) =>
    newlyMentioned(before, after).map((mentioned) => ({ action: "mention", more: { mentioned } })),
  alsoEmits: async (sql, created) => {
    if (created.entity_type !== "issue") return [];
    const rows = await readEntities(sql, issue, sql`entity.id = ${String(created.entity_id)}`);
    const more = { comment: shown(comment, created) };
    return rows.map((row) => draftOf(issue, "commented", { row, more }));
  },
  children: [],
  references: Object.fromEntries(
    commentTargets.map((entity) => [`${entity}_id`, { entity, field: "entity_id" }]),
  ),
});

// Not behind a word, a dot or a slash: no mail address and no URL mentions anybody.
const mention =
  /(?<![\p{L}\p{M}\p{N}_./@])@([\p{L}\p{N}_](?:[\p{L}\p{M}\p{N}_.-]{0,62}[\p{L}\p{M}\p{N}_])?)/gu;

function newlyMentioned(before: Stored | null, after: Row): string[] {
  const already = new Set(before ? mentionsIn(before) : []);
  return mentionsIn(after).filter((name) => !already.has(name));
}

/** Each once, in the order of the text. */
function mentionsIn({ content }: Row): string[] {
  return [...new Set([...String(content).matchAll(mention)].map((match) => match[1] ?? ""))];
}
