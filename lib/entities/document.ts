import { z } from "zod";
import { documentTargets } from "@/db/schema";
import { longText, plainText } from "@/lib/text";
import { define } from "./define";
import { optionalProjectId, title } from "./fields";

export const document = define({
  name: "document",
  plural: "documents",
  summary: "Longer texts, linked to projects, issues and milestones.",
  fields: {
    title,
    content: longText(500_000)
      .transform((given) => given ?? "")
      .pipe(z.string())
      .describe("The text itself."),
    type: plainText(50).describe("What kind it is."),
    project_id: optionalProjectId,
  },
  defaults: { type: "note" },
  derived: {
    links: {
      shape: z
        .array(
          z.object({
            entity_type: z.enum(documentTargets).describe("What it is, as `issue`."),
            entity_id: z.uuid().describe("Its id."),
          }),
        )
        .describe("What it is linked to."),
      fresh: [],
      select: `coalesce((
        select jsonb_agg(
          case when link.project_id is not null then jsonb_build_object('entity_type', 'project', 'entity_id', link.project_id)
            when link.issue_id is not null then jsonb_build_object('entity_type', 'issue', 'entity_id', link.issue_id)
            else jsonb_build_object('entity_type', 'milestone', 'entity_id', link.milestone_id) end
          order by link.created_at, link.project_id, link.issue_id, link.milestone_id)
        from document_links link where link.document_id = entity.id), '[]')`,
    },
  },
  filters: ["project_id", "type"],
  context: (row) => ({ project_id: row.project_id as string | null }),
  rules: [],
  children: [{ plural: "comments", column: "document_id" }],
  references: { project_id: { entity: "project" } },
});
