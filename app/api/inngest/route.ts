import { serve } from "inngest/next";
import type { NextRequest } from "next/server";
import { requestIdOf } from "@/app/_http/caller";
import { errorResponse } from "@/app/_http/error-response";
import { inngestClient } from "@/inngest/client";
import { functionsOf } from "@/inngest/functions";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";

export const maxDuration = 300;

type Served = ReturnType<typeof serve>;
let served: Served | undefined;

function handlers(): Served {
  const { publicUrl, port } = env();
  const client = inngestClient();
  return (served ??= serve({
    client,
    functions: functionsOf(client),
    serveOrigin: publicUrl ?? `http://127.0.0.1:${port}`,
  }));
}

/** The functions for an Inngest server; with the embedded engine calls stay in process. */
function door(method: keyof Served) {
  return async (request: NextRequest, more: unknown): Promise<Response> => {
    if (env().inngest.engine === "embedded") {
      const detail = "The embedded engine runs the functions; no Inngest server is served here.";
      const requestId = requestIdOf(request.headers.get("x-request-id"));
      return errorResponse(new AppError("not_found", detail), requestId);
    }
    return handlers()[method](request, more);
  };
}

export const GET = door("GET");
export const POST = door("POST");
export const PUT = door("PUT");
