import { resource, routes } from "@/app/_http/route-handler";
import { pauseWebhook } from "@/lib/webhooks/service";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  POST: async ({ ctx, params }) => resource(await pauseWebhook(ctx, params.id)),
});
