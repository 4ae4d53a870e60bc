import { noContent, resource, routes } from "@/app/_http/route-handler";
import { getEventType } from "@/lib/entities/event-types";
import { removeEventType, updateEventType } from "@/lib/events/registered-types";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: async ({ ctx, params }) => resource(await getEventType(ctx, params.name)),
  PATCH: async ({ ctx, params, body }) =>
    resource(await updateEventType(ctx, { name: params.name, input: body })),
  DELETE: async ({ ctx, params }) => {
    await removeEventType(ctx, params.name);
    return noContent();
  },
});
