import { listedText, resource, routes } from "@/app/_http/route-handler";
import { cutPage } from "@/lib/page";
import { explainEvent } from "@/lib/webhooks/explain";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: async ({ ctx, params, query, request }) => {
    const answer = await explainEvent(ctx, { id: params.id, query });
    if ("one" in answer) return resource(answer.one);
    const { rows, next } = cutPage(answer.rows, answer.page);
    return listedText(JSON.stringify(rows.map((row) => row.explanation)), next, request);
  },
});
