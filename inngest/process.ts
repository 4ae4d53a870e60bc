import type { Deliverer } from "@/lib/delivery/deliverer";
import type { Engine } from "./engine/engine";
import type { Signals } from "./signals";

// Next bundles routes apart from the launcher: what a process has one of is reached by globalThis.
type Parts = {
  turboEngine?: Engine;
  turboDeliverer?: Deliverer;
  turboSignals?: Signals;
};
const parts: Parts = globalThis as never;

export function setParts(given: Parts): void {
  Object.assign(parts, given);
}

/** The embedded engine of this process; throws when it was not started. */
export function engine(): Engine {
  if (!parts.turboEngine)
    throw new Error("The embedded engine runs only under npm start or npm run dev.");
  return parts.turboEngine;
}

export function startedEngine(): Engine | undefined {
  return parts.turboEngine;
}

export function startedDeliverer(): Deliverer | undefined {
  return parts.turboDeliverer;
}

export function startedSignals(): Signals | undefined {
  return parts.turboSignals;
}
