import { json, resource, routes } from "@/app/_http/route-handler";
import { recoverWebhook } from "@/lib/webhooks/recover";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  POST: async ({ ctx, params, body, request }) => {
    const outcome = await recoverWebhook(ctx, { id: params.id, input: body });
    if ("count" in outcome) return json(outcome.count);
    const response = resource(outcome.recovery, 202);
    const recoveries = request.nextUrl.pathname.replace(/\/recover\/*$/, "/recoveries");
    response.headers.set("location", `${recoveries}/${outcome.recovery.id}`);
    return response;
  },
});
