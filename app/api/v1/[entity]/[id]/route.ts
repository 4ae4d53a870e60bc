import { noContent, resource, routes } from "@/app/_http/route-handler";
import { entityOf } from "@/lib/entities/definitions";
import { getEntity } from "@/lib/entities/read";
import { removeEntity } from "@/lib/entities/remove";
import { updateEntity } from "@/lib/entities/write";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: async ({ ctx, params }) =>
    resource(await getEntity(ctx, entityOf(params.entity), params.id)),
  PATCH: async ({ ctx, params, body }) =>
    resource(await updateEntity(ctx, entityOf(params.entity), { id: params.id, input: body })),
  DELETE: async ({ ctx, params }) => {
    await removeEntity(ctx, entityOf(params.entity), params.id);
    return noContent();
  },
});
