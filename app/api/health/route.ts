import { json, routes } from "@/app/_http/route-handler";
import { db } from "@/db/client";
import { checkHealth, type Health } from "@/inngest/health";

const statusOf = (health: Health) => (health.status === "ok" ? 200 : 503);

/** A balancer has no key: it learns whether this is healthy, and nothing else. */
async function answerStranger(): Promise<Response> {
  const health = await checkHealth(db());
  return json({ status: health.status }, statusOf(health));
}

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = routes(
  {
    GET: async ({ ctx }) => {
      const health = await checkHealth(ctx.db);
      return json(health, statusOf(health));
    },
  },
  answerStranger,
);
