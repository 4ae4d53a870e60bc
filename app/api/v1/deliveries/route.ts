import { listed, routes } from "@/app/_http/route-handler";
import { listDeliveries } from "@/lib/webhooks/deliveries";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: async ({ ctx, query, request }) => listed(await listDeliveries(ctx, query), request),
});
