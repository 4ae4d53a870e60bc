import { z } from "zod";
import { EventTypeFilters } from "@/lib/entities/event-types";
import { EventFilters } from "@/lib/events/list-events";
import { PostedEvent, PostedEvents } from "@/lib/events/post-events";
import { CreateEventType, UpdateEventType } from "@/lib/events/registered-types";
import { DeliveryFilters } from "@/lib/webhooks/deliveries";
import { ExplainEvent } from "@/lib/webhooks/schema";
import { examples } from "./examples";
import type { Operation } from "./operation";
import { Delivery, DeliveryDetail, Event, EventDetail, EventType, Explanation } from "./shapes";

const delivery = { of: { name: "Delivery", schema: Delivery }, example: examples.delivery };

export const deliveryOperations: Operation[] = [
  {
    ...{ id: "listDeliveries", method: "GET", path: "/api/v1/deliveries", group: "Deliveries" },
    summary: "List deliveries",
    description: "Newest first.",
    query: DeliveryFilters,
    answers: [{ status: 200, kind: "list", description: "A page of deliveries.", ...delivery }],
  },
  {
    ...{ id: "getDelivery", method: "GET", path: "/api/v1/deliveries/{id}", group: "Deliveries" },
    summary: "Get a delivery",
    answers: [
      {
        ...{ status: 200, kind: "resource", description: "It, its payload and its attempts." },
        of: { name: "DeliveryDetail", schema: DeliveryDetail },
        example: examples.deliveryDetail,
      },
    ],
  },
  {
    ...{ id: "retryDelivery", method: "POST", path: "/api/v1/deliveries/{id}/retry" },
    group: "Deliveries",
    summary: "Send a delivery again",
    description:
      "At once, whether it waits, has failed or has arrived. When that fails it goes back on the schedule.",
    answers: [{ status: 202, kind: "data", description: "It is due.", ...delivery }],
    refusals: {
      409: "An attempt is under way, it was cancelled, or its webhook is deleted or gone.",
    },
  },
];

const event = { of: { name: "Event", schema: Event }, example: examples.event };

export const eventOperations: Operation[] = [
  {
    ...{ id: "listEvents", method: "GET", path: "/api/v1/events", group: "Events" },
    summary: "List events",
    description: "Newest first, each as it was told.",
    query: EventFilters,
    answers: [{ status: 200, kind: "list", description: "A page of events.", ...event }],
  },
  {
    ...{ id: "postEvents", method: "POST", path: "/api/v1/events", group: "Events" },
    summary: "Tell of an event, or of up to 100",
    description:
      "Of a type that is registered, or one that only others tell of. Each must fit its type's schema; all are recorded, or none.",
    body: {
      of: { name: "PostEvents", schema: z.union([PostedEvent, PostedEvents]) },
      example: examples.postedEvent,
    },
    answers: [
      {
        ...{ status: 201, kind: "data", description: "The event, or the list of them." },
        of: { name: "PostedEvents", schema: z.union([Event, z.array(Event)]) },
        example: examples.event,
      },
    ],
  },
  {
    ...{ id: "getEvent", method: "GET", path: "/api/v1/events/{id}", group: "Events" },
    summary: "Get an event",
    description:
      "Whole, also when it was too large to be delivered whole, with its deliveries and, for each webhook, why it got the event or did not: up to 100 of either.",
    answers: [
      {
        ...{ status: 200, kind: "resource", description: "The event." },
        of: { name: "EventDetail", schema: EventDetail },
        example: { ...examples.event, deliveries: [], webhooks: [] },
      },
    ],
  },
  {
    ...{ id: "explainEvent", method: "GET", path: "/api/v1/events/{id}/explain", group: "Events" },
    summary: "Ask why a webhook got an event, or did not",
    description:
      "For the `webhook` named, or page by page for all of them, each judged as it was when the event happened.",
    query: ExplainEvent,
    answers: [
      {
        ...{ status: 200, kind: "data", description: "Why; without `webhook` a page of answers." },
        of: { name: "Explanations", schema: z.union([Explanation, z.array(Explanation)]) },
        example: examples.explanation,
      },
    ],
  },
];

const eventType = { of: { name: "EventType", schema: EventType }, example: examples.eventType };
const types = "/api/v1/event-types";

export const eventTypeOperations: Operation[] = [
  {
    ...{ id: "listEventTypes", method: "GET", path: types, group: "Event types" },
    summary: "List event types",
    description: "By name, with the schema and a sample of each.",
    query: EventTypeFilters,
    answers: [{ status: 200, kind: "list", description: "A page of types.", ...eventType }],
  },
  {
    ...{ id: "registerEventType", method: "POST", path: types, group: "Event types" },
    summary: "Register an event type",
    description:
      "From then on `POST /api/v1/events` takes events of it, and webhooks may ask for it.",
    body: {
      of: { name: "CreateEventType", schema: CreateEventType },
      example: examples.newEventType,
    },
    answers: [
      {
        ...{ status: 201, kind: "resource", description: "The new type.", isLocated: true },
        ...eventType,
      },
    ],
    refusals: { 409: "There are 500 types already." },
  },
  {
    ...{ id: "getEventType", method: "GET", path: `${types}/{name}`, group: "Event types" },
    summary: "Get an event type",
    answers: [{ status: 200, kind: "resource", description: "The type.", ...eventType }],
  },
  {
    ...{ id: "updateEventType", method: "PATCH", path: `${types}/{name}`, group: "Event types" },
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
  },
  {
    ...{ id: "removeEventType", method: "DELETE", path: `${types}/{name}`, group: "Event types" },
    summary: "Remove an event type",
    description: "Events of it that there are stay.",
    answers: [{ status: 204, kind: "nothing", description: "It is gone." }],
    refusals: { 409: "Webhooks name it, or it is one of Turbo's own." },
  },
];
