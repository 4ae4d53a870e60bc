import { noContent, resource, routes } from "@/app/_http/route-handler";
import { deleteWebhook, getWebhook, updateWebhook } from "@/lib/webhooks/service";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: async ({ ctx, params }) => resource(await getWebhook(ctx, params.id)),
  PATCH: async ({ ctx, params, body }) =>
    resource(await updateWebhook(ctx, { id: params.id, input: body })),
  DELETE: async ({ ctx, params }) => {
    await deleteWebhook(ctx, params.id);
    return noContent();
  },
});
