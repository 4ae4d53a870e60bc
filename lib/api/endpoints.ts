import { deliveryEndpoints } from "./delivery-endpoints";
import type { Endpoint } from "./endpoint";
import { entityEndpoints } from "./entity-endpoints";
import { eventEndpoints } from "./event-endpoints";
import { eventTypeEndpoints } from "./event-type-endpoints";
import { serviceEndpoints } from "./service-endpoints";
import { webhookEndpoints } from "./webhook-endpoints";

/** All that the API does. */
export const endpoints: Endpoint[] = [
  ...webhookEndpoints,
  ...deliveryEndpoints,
  ...eventEndpoints,
  ...eventTypeEndpoints,
  ...entityEndpoints(),
  ...serviceEndpoints,
];
