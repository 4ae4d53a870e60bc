import { noContent, routes } from "@/app/_http/route-handler";
import { linkOf, removeLink } from "@/lib/entities/link";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  DELETE: async ({ ctx, params: { entity, id, link, other } }) => {
    await removeLink(ctx, linkOf(entity, link), { id, otherId: other });
    return noContent();
  },
});
