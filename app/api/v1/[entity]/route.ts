import { created, listed, routes } from "@/app/_http/route-handler";
import { entityOf } from "@/lib/entities/definitions";
import { listEntities } from "@/lib/entities/read";
import { createEntity } from "@/lib/entities/write";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: async ({ ctx, params, query, request }) =>
    listed(await listEntities(ctx, entityOf(params.entity), query), request),
  POST: async ({ ctx, params, body, request }) =>
    created(await createEntity(ctx, entityOf(params.entity), body), request),
});
