import { resourceText, routes } from "@/app/_http/route-handler";
import { documentText } from "@/lib/api/document";
import { env } from "@/lib/env";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: async () => resourceText(documentText(env().baseUrl)),
});
