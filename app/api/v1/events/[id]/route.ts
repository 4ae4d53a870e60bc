import { jsonText, routes } from "@/app/_http/route-handler";
import { getEventText } from "@/lib/events/read";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: async ({ ctx, params }) => jsonText(await getEventText(ctx, params.id)),
});
