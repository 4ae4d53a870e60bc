import { listed, routes } from "@/app/_http/route-handler";
import { listDeliveries } from "@/lib/webhooks/deliveries";
import { getWebhook } from "@/lib/webhooks/service";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: async ({ ctx, params, query, request }) => {
    const { id } = await getWebhook(ctx, params.id);
    const ofWebhook = new URLSearchParams(query);
    ofWebhook.set("webhook_id", id);
    return listed(await listDeliveries(ctx, ofWebhook), request);
  },
});
