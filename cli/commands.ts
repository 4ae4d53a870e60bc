import { comments } from "./comment-commands";
import type { Command, Resource } from "./command";
import { deliveries } from "./delivery-commands";
import { documents } from "./document-commands";
import { events } from "./event-commands";
import { eventTypes } from "./event-type-commands";
import { initiatives } from "./initiative-commands";
import { issues } from "./issue-commands";
import { milestones } from "./milestone-commands";
import { projects } from "./project-commands";
import { tags } from "./tag-commands";
import { webhooks } from "./webhook-commands";

/** Everything the program can do. Parsing, help and requests are made from this table. */
export const resources: readonly Resource[] = [
  projects,
  issues,
  milestones,
  initiatives,
  documents,
  tags,
  comments,
  webhooks,
  deliveries,
  events,
  eventTypes,
];

type GlobalFlag = {
  name: string;
  placeholder?: string;
  help: string;
  /** Only commands that ask so take it. */
  method?: Command["method"];
};

const globalFlags: readonly GlobalFlag[] = [
  { name: "json", help: "Print the API's JSON answer" },
  { name: "api-url", placeholder: "URL", help: "Where Turbo runs (else TURBO_API_URL)" },
  { name: "api-key", placeholder: "KEY", help: "The bearer token (else TURBO_API_KEY)" },
  { name: "actor", placeholder: "ai:NAME", help: "Who acts, sent as X-Turbo-Actor" },
  {
    name: "causation",
    placeholder: "EVENT-ID",
    help: "The event that makes you ask, sent as X-Turbo-Causation",
  },
  {
    name: "idempotency-key",
    placeholder: "KEY",
    help: "What is asked again under the same key within 24 h is done once",
    method: "POST",
  },
  { name: "help", help: "Show this help" },
];

/** The flags every command takes, and those of this one's kind; without one all of them. */
export function globalFlagsOf(command?: Command): readonly GlobalFlag[] {
  return globalFlags.filter(({ method }) => !command || !method || method === command.method);
}
