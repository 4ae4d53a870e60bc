import { eventType, Inngest } from "inngest";
import { z } from "zod";
import { env } from "@/lib/env";
import { engine } from "./process";

export const appId = "turbo";

/** The bell: this lane has work. Ids only; what there is to do lies in the rows. */
export const webhookDue = eventType("turbo/webhook.due", {
  schema: z.object({ webhookId: z.uuid() }),
});

/** A client of the engine this process uses: the embedded one, or the Inngest server it is told of. */
export function makeClient(): Inngest {
  const { inngest } = env();
  const common = { id: appId, checkpointing: false, aiMetadata: false } as const;
  if (inngest.engine === "embedded") {
    return new Inngest({
      ...common,
      isDev: true,
      baseUrl: "http://embedded.invalid",
      fetch: (input: RequestInfo | URL, init?: RequestInit) => engine().fetch(input, init),
    });
  }
  return new Inngest({
    ...common,
    isDev: inngest.isDev,
    baseUrl: inngest.baseUrl,
    eventKey: inngest.eventKey,
    signingKey: inngest.signingKey,
  });
}

let client: Inngest | undefined;

/** The client of this process. */
export function inngestClient(): Inngest {
  return (client ??= makeClient());
}
