import { created, listed, routes } from "@/app/_http/route-handler";
import { createWebhook, listWebhooks } from "@/lib/webhooks/service";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: async ({ ctx, query, request }) => listed(await listWebhooks(ctx, query), request),
  POST: async ({ ctx, body, request }) => created(await createWebhook(ctx, body), request),
});
