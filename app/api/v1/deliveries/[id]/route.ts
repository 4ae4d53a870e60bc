import { resource, routes } from "@/app/_http/route-handler";
import { getDelivery } from "@/lib/webhooks/deliveries";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: async ({ ctx, params }) => resource(await getDelivery(ctx, params.id)),
});
