import { z } from "zod";
import { plainText } from "@/lib/text";
import { define } from "./define";
import { countOf } from "./derived";

export const tag = define({
  name: "tag",
  plural: "tags",
  summary: "Words that are put on issues.",
  fields: {
    name: plainText(50).describe("For people."),
    color: z
      .string()
      .regex(/^#[0-9a-f]{6}$/i, "must be a color such as #6366f1")
      .transform((color) => color.toLowerCase())
      .pipe(z.string())
      .describe("As `#6366f1`."),
  },
  defaults: { color: "#6b7280" },
  derived: {
    issue_count: countOf("issue_tags", "tag_id"),
  },
  filters: ["name"],
  context: () => ({}),
  rules: [],
  children: [],
  references: {},
  unique: { tags_name: "name" },
});
