import { z } from "zod";

const codeWords = "What is wrong, in a word that stays the same.";

/** RFC 9457, with our `code`, `request_id` and, for refused fields, `errors`. */
export const Problem = z.object({
  type: z.string().describe("Always `about:blank`: `code` tells them apart."),
  title: z.string().describe("The status in words."),
  status: z.int().min(400).max(599).describe("The HTTP status."),
  detail: z.string().describe("What is wrong, in a sentence."),
  code: z.string().describe(codeWords),
  request_id: z.string().describe("The `X-Request-Id` of the answer."),
  errors: z
    .array(
      z.object({
        pointer: z
          .string()
          .describe("A JSON pointer into the request, or the name of a header or parameter."),
        code: z.string().describe(codeWords),
        message: z.string().describe("What would be right."),
      }),
    )
    .optional()
    .describe("Each refused field: where it is, and what would be right."),
});
export type Problem = z.output<typeof Problem>;
