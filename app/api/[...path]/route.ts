import { routes } from "@/app/_http/route-handler";
import { AppError } from "@/lib/errors";

const nothingHere = async ({ params }: { params: { path: string } }): Promise<Response> => {
  throw new AppError("not_found", `There is no /api/${params.path} here.`);
};

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes({
  GET: nothingHere,
  POST: nothingHere,
  PATCH: nothingHere,
  DELETE: nothingHere,
});
