import { resourceText, routes } from "@/app/_http/route-handler";
import { describeEvent } from "@/lib/webhooks/event-detail";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: async ({ ctx, params }) => resourceText(await describeEvent(ctx, params.id)),
});
