import { db } from "@/db/client";
import { Deliverer } from "@/lib/delivery/deliverer";
import { env } from "@/lib/env";
import { createSender } from "@/lib/outbound/send";
import { version } from "@/lib/version";
import { targetPolicy, webhookSealer } from "@/lib/webhooks/policy";
import type { Engine } from "./embedded/engine";
import type { Signals } from "./signals";

// Next bundles routes apart from the launcher: what a process has one of is reached by globalThis.
type Parts = {
  turboEngine?: Pick<Engine, "fetch" | "queued">;
  turboDeliverer?: Deliverer;
  turboSignals?: Signals;
};
const parts: Parts = globalThis as never;

export function setParts(given: Parts): void {
  Object.assign(parts, given);
}

/** The embedded engine of this process; undefined when it was not started. */
export function startedEngine(): Parts["turboEngine"] {
  return parts.turboEngine;
}

export function startedDeliverer(): Deliverer | undefined {
  return parts.turboDeliverer;
}

export function startedSignals(): Signals | undefined {
  return parts.turboSignals;
}

/** The deliverer of this process, made at first use. */
export function deliverer(): Deliverer {
  return (parts.turboDeliverer ??= new Deliverer({
    db: db(),
    sender: createSender(targetPolicy()),
    openSecret: (sealed, webhookId) => webhookSealer().open(sealed, webhookId),
    userAgent: `Turbo-Webhooks/${version}`,
    settings: env().webhook,
  }));
}
