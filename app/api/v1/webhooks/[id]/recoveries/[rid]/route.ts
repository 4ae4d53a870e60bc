import { noContent, resource, routes } from "@/app/_http/route-handler";
import { cancelRecovery, getRecovery } from "@/lib/webhooks/recover";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: async ({ ctx, params }) =>
    resource(await getRecovery(ctx, { webhookId: params.id, recoveryId: params.rid })),
  DELETE: async ({ ctx, params }) => {
    await cancelRecovery(ctx, { webhookId: params.id, recoveryId: params.rid });
    return noContent();
  },
});
