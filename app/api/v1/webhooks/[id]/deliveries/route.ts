import { listed, routes } from "@/app/_http/route-handler";
import { listDeliveriesOf } from "@/lib/webhooks/deliveries";
import { getWebhook } from "@/lib/webhooks/service";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: async ({ ctx, params, query, request }) => {
    const { id } = await getWebhook(ctx, params.id);
    return listed(await listDeliveriesOf(ctx, id, query), request);
  },
});
