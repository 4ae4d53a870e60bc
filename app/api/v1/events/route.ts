import { jsonText, listedText, resourceText, routes } from "@/app/_http/route-handler";
import { listEvents } from "@/lib/events/list-events";
import { postEvents } from "@/lib/events/post-events";
import { cutPage } from "@/lib/page";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: async ({ ctx, query, request }) => {
    const { rows, page } = await listEvents(ctx, query);
    const cut = cutPage(rows, page);
    return listedText(`[${cut.rows.map(({ body }) => body).join(",")}]`, cut.next, request);
  },
  POST: async ({ ctx, body }) => {
    const { text, ids } = await postEvents(ctx, body);
    if (Array.isArray(body)) return jsonText(text, 201);
    const response = resourceText(text, { status: 201 });
    response.headers.set("location", `/api/v1/events/${ids.join("")}`);
    return response;
  },
});
