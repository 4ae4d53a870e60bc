import { listedText, resource, routes } from "@/app/_http/route-handler";
import { listEventTypes } from "@/lib/entities/event-types";
import { registerEventType } from "@/lib/events/registered-types";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: async ({ ctx, query, request }) => {
    const { rows, next } = await listEventTypes(ctx, query);
    return listedText(JSON.stringify(rows), next, request);
  },
  POST: async ({ ctx, body }) => {
    const type = await registerEventType(ctx, body);
    const response = resource(type, 201);
    response.headers.set("location", `/api/v1/event-types/${type.name}`);
    return response;
  },
});
