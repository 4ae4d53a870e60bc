import { z } from "zod";
import { entityOperations } from "./entity-operations";
import { deliveryOperations, eventOperations, eventTypeOperations } from "./event-operations";
import { examples } from "./examples";
import type { Operation } from "./operation";
import { Health } from "./shapes";
import { webhookOperations } from "./webhook-operations";

const health = { of: { name: "Health", schema: Health }, example: examples.health };

const serviceOperations: Operation[] = [
  {
    ...{ id: "getHealth", method: "GET", path: "/api/health", group: "Service" },
    summary: "Ask whether the service is well",
    description: "A receiver that is down is nobody's ill health. Without a key: `status` alone.",
    answers: [
      { status: 200, kind: "data", description: "It is.", ...health },
      { status: 503, kind: "data", description: "The database or the engine is away.", ...health },
    ],
    isPublic: true,
  },
  {
    ...{ id: "getOpenApi", method: "GET", path: "/api/v1/openapi.json", group: "Service" },
    summary: "Get this description",
    answers: [
      {
        ...{ status: 200, kind: "resource", description: "An OpenAPI 3.1 document." },
        of: { name: "OpenApi", schema: z.record(z.string(), z.unknown()) },
      },
    ],
  },
];

/** All that the API does. */
export const operations: Operation[] = [
  ...webhookOperations,
  ...deliveryOperations,
  ...eventOperations,
  ...eventTypeOperations,
  ...entityOperations(),
  ...serviceOperations,
];
