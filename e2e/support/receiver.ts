import {
  startReceiver as startAny,
  type Post,
  type Receiver as AnyReceiver,
} from "@/test/kit/receiver";

/** The body of a delivery, as the contract describes it. */
export type EventBody = {
  event_id: string;
  event_type: string;
  timestamp: string;
  entity_type: string;
  entity_id: string;
  action: string;
  actor: { type: string; name: string; metadata: Record<string, unknown> };
  data: {
    current: Record<string, unknown>;
    previous: Record<string, unknown> | null;
    changes: string[];
  };
  context: Record<string, string | null>;
  entity_version: number;
};

export type Received = Post<EventBody>;
export type Receiver = AnyReceiver<EventBody>;

/** A receiver of events, on a port that it keeps when it is down. */
export function startReceiver(): Promise<Receiver> {
  return startAny({ readBody: (raw): EventBody => JSON.parse(raw.toString()) });
}
