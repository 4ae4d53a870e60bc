import { resource, routes } from "@/app/_http/route-handler";
import { rotateSecret } from "@/lib/webhooks/service";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  POST: async ({ ctx, params, body }) =>
    resource(await rotateSecret(ctx, { id: params.id, input: body })),
});
