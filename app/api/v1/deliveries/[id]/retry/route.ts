import { json, routes } from "@/app/_http/route-handler";
import { retryDelivery } from "@/lib/webhooks/deliveries";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  POST: async ({ ctx, params }) => json(await retryDelivery(ctx, params.id), 202),
});
