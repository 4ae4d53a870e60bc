import { db } from "@/db/client";
import { Deliverer } from "@/lib/delivery/deliverer";
import { createSender } from "@/lib/outbound/send";
import { env } from "@/lib/env";
import { version } from "@/lib/version";
import { targetPolicy, webhookSealer } from "@/lib/webhooks/policy";
import { setParts, startedDeliverer } from "./process";

/** The deliverer of this process, made at first use. */
export function deliverer(): Deliverer {
  const started = startedDeliverer();
  if (started) return started;
  const made = new Deliverer({
    db: db(),
    sender: createSender(targetPolicy()),
    openSecret: (sealed, webhookId) => webhookSealer().open(sealed, webhookId),
    userAgent: `Turbo-Webhooks/${version}`,
    settings: env().webhook,
  });
  setParts({ turboDeliverer: made });
  return made;
}
