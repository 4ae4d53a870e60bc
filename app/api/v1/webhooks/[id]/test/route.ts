import { json, routes } from "@/app/_http/route-handler";
import { sendTest } from "@/lib/webhooks/test-delivery";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  POST: async ({ ctx, params, body }) =>
    json(await sendTest(ctx, { id: params.id, input: body }), 202),
});
