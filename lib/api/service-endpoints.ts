import { z } from "zod";
import { Health } from "@/lib/health";
import { endpoint, type Endpoint } from "./endpoint";
import { examples } from "./examples";
import type { Outcome } from "./outcome";

const health = { of: { name: "Health", schema: Health }, example: examples.health };

function healthOf(found: Health): Outcome {
  return { data: found, status: found.status === "ok" ? 200 : 503 };
}

export const serviceEndpoints: Endpoint[] = [
  endpoint({
    id: "getHealth",
    method: "GET",
    path: "/api/health",
    group: "Service",
    summary: "Ask whether the service is well",
    description: "A receiver that is down is nobody's ill health. Without a key: `status` alone.",
    answers: [
      { status: 200, kind: "data", description: "It is.", ...health },
      { status: 503, kind: "data", description: "The database or the engine is away.", ...health },
    ],
    run: async ({ service }) => healthOf(await service.checkHealth()),
    // A balancer has no key: it learns whether this is healthy, and nothing else.
    runForStrangers: async ({ checkHealth }) => {
      const { status } = await checkHealth();
      return healthOf({ status });
    },
  }),
  endpoint({
    id: "getOpenApi",
    method: "GET",
    path: "/api/v1/openapi.json",
    group: "Service",
    summary: "Get this description",
    answers: [
      {
        status: 200,
        kind: "resource",
        description: "An OpenAPI 3.1 document.",
        of: { name: "OpenApi", schema: z.record(z.string(), z.unknown()) },
      },
    ],
    run: async ({ service }) => ({ text: service.describeApi() }),
  }),
];
