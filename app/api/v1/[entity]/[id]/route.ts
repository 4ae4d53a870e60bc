import { json, noContent, routes } from "@/app/_http/route-handler";
import { entityOf } from "@/lib/entities/definitions";
import { getEntity } from "@/lib/entities/read";
import { removeEntity, updateEntity } from "@/lib/entities/write";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: async ({ ctx, params }) => json(await getEntity(ctx, entityOf(params.entity), params.id)),
  PATCH: async ({ ctx, params, body }) =>
    json(await updateEntity(ctx, entityOf(params.entity), { id: params.id, input: body })),
  DELETE: async ({ ctx, params }) => {
    await removeEntity(ctx, entityOf(params.entity), params.id);
    return noContent();
  },
});
