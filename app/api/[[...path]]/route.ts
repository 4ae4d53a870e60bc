import { serve } from "@/app/_http/serve";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = serve();
