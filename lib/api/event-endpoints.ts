import { z } from "zod";
import { Event } from "@/lib/events/event-schema";
import { EventFilters, listEvents } from "@/lib/events/list-events";
import { PostedEvent, PostedEvents, postEvents } from "@/lib/events/post-events";
import { cutPage } from "@/lib/page";
import { describeEvent } from "@/lib/webhooks/event-detail";
import { explainEvent } from "@/lib/webhooks/explain";
import { EventDetail, ExplainEvent, Explanation } from "@/lib/webhooks/explanation-schema";
import { endpoint, type Endpoint } from "./endpoint";
import { examples } from "./examples";

const event = { of: { name: "Event", schema: Event }, example: examples.event };
const group = "Events";

export const eventEndpoints: Endpoint[] = [
  endpoint({
    id: "listEvents",
    method: "GET",
    path: "/api/v1/events",
    group,
    summary: "List events",
    description: "Newest first, each as it was told.",
    query: EventFilters,
    answers: [{ status: 200, kind: "list", description: "A page of events.", ...event }],
    run: async ({ ctx, query }) => {
      const { rows, page } = await listEvents(ctx, query);
      const cut = cutPage(rows, page);
      return { text: `[${cut.rows.map(({ body }) => body).join(",")}]`, next: cut.next };
    },
  }),
  endpoint({
    id: "postEvents",
    method: "POST",
    path: "/api/v1/events",
    group,
    summary: "Tell of an event, or of up to 100",
    description:
      "Of a type that is registered, or one that only others tell of. Each must fit its type's schema; all are recorded, or none.",
    body: {
      of: { name: "PostEvents", schema: z.union([PostedEvent, PostedEvents]) },
      example: examples.postedEvent,
    },
    answers: [
      {
        status: 201,
        kind: "data",
        description: "The event, or the list of them.",
        of: { name: "PostedEvents", schema: z.union([Event, z.array(Event)]) },
        example: examples.event,
      },
    ],
    run: async ({ ctx, body }) => {
      const { text, ids } = await postEvents(ctx, body);
      if (Array.isArray(body)) return { text };
      return { text, kind: "resource", location: `/api/v1/events/${ids.join("")}` };
    },
  }),
  endpoint({
    id: "getEvent",
    method: "GET",
    path: "/api/v1/events/{id}",
    group,
    summary: "Get an event",
    description:
      "Whole, also when it was too large to be delivered whole, with its deliveries and, for each webhook, why it got the event or did not: up to 100 of either.",
    answers: [
      {
        status: 200,
        kind: "resource",
        description: "The event.",
        of: { name: "EventDetail", schema: EventDetail },
        example: { ...examples.event, deliveries: [], webhooks: [] },
      },
    ],
    run: async ({ ctx, params }) => ({ text: await describeEvent(ctx, params.id) }),
  }),
  endpoint({
    id: "explainEvent",
    method: "GET",
    path: "/api/v1/events/{id}/explain",
    group,
    summary: "Ask why a webhook got an event, or did not",
    description:
      "For the webhook that `webhook_id` names, or page by page for all of them, each judged as it was when the event happened.",
    query: ExplainEvent,
    answers: [
      {
        status: 200,
        kind: "data",
        description: "Why; without `webhook_id` a page of answers.",
        of: { name: "Explanations", schema: z.union([Explanation, z.array(Explanation)]) },
        example: examples.explanation,
      },
    ],
    run: async ({ ctx, params, query }) => {
      const answer = await explainEvent(ctx, { id: params.id, query });
      if ("one" in answer) return { data: answer.one, kind: "resource" };
      const { rows, next } = cutPage(answer.rows, answer.page);
      return { data: rows.map((row) => row.explanation), next };
    },
  }),
];
