import { json, routes } from "@/app/_http/route-handler";
import { dryRunWebhook } from "@/lib/webhooks/dry-run";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  POST: async ({ ctx, body }) => json(await dryRunWebhook(ctx, body)),
});
