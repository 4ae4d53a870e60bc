import { resource, routes } from "@/app/_http/route-handler";
import { resumeWebhook } from "@/lib/webhooks/service";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  POST: async ({ ctx, params }) => resource(await resumeWebhook(ctx, params.id)),
});
