import { EventTypeFilters, getEventType, listEventTypes } from "@/lib/entities/event-types";
import { ShownEventType } from "@/lib/event-types/event-type";
import {
  CreateEventType,
  registerEventType,
  removeEventType,
  UpdateEventType,
  updateEventType,
} from "@/lib/event-types/registered-types";
import { endpoint, type Endpoint } from "./endpoint";
import { examples } from "./examples";
import { nothing } from "./outcome";

const eventType = {
  of: { name: "EventType", schema: ShownEventType },
  example: examples.eventType,
};
const list = "/api/v1/event-types";
const one = `${list}/{name}` as const;
const group = "Event types";
const pathWords = { name: "The type, as `calendar.meeting_booked`." };

export const eventTypeEndpoints: Endpoint[] = [
  endpoint({
    id: "listEventTypes",
    method: "GET",
    path: list,
    group,
    summary: "List event types",
    description: "By name, with the schema and a sample of each.",
    query: EventTypeFilters,
    answers: [{ status: 200, kind: "list", description: "A page of types.", ...eventType }],
    run: async ({ ctx, query }) => {
      const { rows, next } = await listEventTypes(ctx, query);
      return { data: rows, next };
    },
  }),
  endpoint({
    id: "registerEventType",
    method: "POST",
    path: list,
    group,
    summary: "Register an event type",
    description:
      "From then on `POST /api/v1/events` takes events of it, and webhooks may ask for it.",
    body: {
      of: { name: "CreateEventType", schema: CreateEventType },
      example: examples.newEventType,
    },
    answers: [
      {
        status: 201,
        kind: "resource",
        description: "The new type.",
        isLocated: true,
        ...eventType,
      },
    ],
    refusals: { 409: "There are 500 types already." },
    run: async ({ ctx, body }) => {
      const type = await registerEventType(ctx, body);
      return { data: type, location: `${list}/${type.name}` };
    },
  }),
  endpoint({
    id: "getEventType",
    method: "GET",
    path: one,
    group,
    pathWords,
    summary: "Get an event type",
    answers: [{ status: 200, kind: "resource", description: "The type.", ...eventType }],
    run: async ({ ctx, params }) => ({ data: await getEventType(ctx, params.name) }),
  }),
  endpoint({
    id: "updateEventType",
    method: "PATCH",
    path: one,
    group,
    pathWords,
    summary: "Change an event type",
    description: "Only the fields given. Schema and sample must fit each other.",
    body: {
      of: { name: "UpdateEventType", schema: UpdateEventType },
      example: { description: "Somebody has booked a meeting." },
    },
    answers: [
      { status: 200, kind: "resource", description: "The type as it is now.", ...eventType },
    ],
    refusals: { 409: "It is one of Turbo's own." },
    run: async ({ ctx, params, body }) => ({
      data: await updateEventType(ctx, { name: params.name, input: body }),
    }),
  }),
  endpoint({
    id: "removeEventType",
    method: "DELETE",
    path: one,
    group,
    pathWords,
    summary: "Remove an event type",
    description: "Events of it that there are stay.",
    answers: [{ status: 204, kind: "nothing", description: "It is gone." }],
    refusals: { 409: "Webhooks name it, or it is one of Turbo's own." },
    run: async ({ ctx, params }) => {
      await removeEventType(ctx, params.name);
      return nothing;
    },
  }),
];
