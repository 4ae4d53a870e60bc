import { listed, routes } from "@/app/_http/route-handler";
import { listRecoveries } from "@/lib/webhooks/recover";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: async ({ ctx, params, query, request }) =>
    listed(await listRecoveries(ctx, { id: params.id, query }), request),
});
