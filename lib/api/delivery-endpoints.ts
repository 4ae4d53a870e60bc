import { DeliveryDetail, DeliveryFilters, Delivery } from "@/lib/webhooks/delivery-schema";
import { getDelivery, listDeliveries, retryDelivery } from "@/lib/webhooks/deliveries";
import { endpoint, type Endpoint } from "./endpoint";
import { examples } from "./examples";
import { pageOf } from "./outcome";

const delivery = { of: { name: "Delivery", schema: Delivery }, example: examples.delivery };
const group = "Deliveries";

export const deliveryEndpoints: Endpoint[] = [
  endpoint({
    id: "listDeliveries",
    method: "GET",
    path: "/api/v1/deliveries",
    group,
    summary: "List deliveries",
    description: "Newest first.",
    query: DeliveryFilters,
    answers: [{ status: 200, kind: "list", description: "A page of deliveries.", ...delivery }],
    run: async ({ ctx, query }) => pageOf(await listDeliveries(ctx, query)),
  }),
  endpoint({
    id: "getDelivery",
    method: "GET",
    path: "/api/v1/deliveries/{id}",
    group,
    summary: "Get a delivery",
    answers: [
      {
        status: 200,
        kind: "resource",
        description: "It, its payload and its attempts.",
        of: { name: "DeliveryDetail", schema: DeliveryDetail },
        example: examples.deliveryDetail,
      },
    ],
    run: async ({ ctx, params }) => ({ data: await getDelivery(ctx, params.id) }),
  }),
  endpoint({
    id: "retryDelivery",
    method: "POST",
    path: "/api/v1/deliveries/{id}/retry",
    group,
    summary: "Send a delivery again",
    description:
      "At once, whether it waits, has failed or has arrived. When that fails it goes back on the schedule.",
    answers: [{ status: 202, kind: "data", description: "It is due.", ...delivery }],
    refusals: {
      409: "An attempt is under way, it was cancelled, or its webhook is deleted or gone.",
    },
    run: async ({ ctx, params }) => ({ data: await retryDelivery(ctx, params.id) }),
  }),
];
