import { created, listed, resource, routes } from "@/app/_http/route-handler";
import { createComment, isCommentable, listComments } from "@/lib/entities/comments";
import { addLink, linkOf, listLinked } from "@/lib/entities/link";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: async ({ ctx, params: { entity, id, link }, query, request }) =>
    listed(
      isCommentable(entity, link)
        ? await listComments(ctx, entity, { id, query })
        : await listLinked(ctx, linkOf(entity, link), { id, query }),
      request,
    ),
  POST: async ({ ctx, params: { entity, id, link }, body, request }) => {
    if (isCommentable(entity, link))
      return created(
        await createComment(ctx, entity, { id, input: body }),
        request,
        "/api/v1/comments",
      );
    const { linked, isNew } = await addLink(ctx, linkOf(entity, link), { id, input: body });
    return resource(linked, isNew ? 201 : 200);
  },
});
