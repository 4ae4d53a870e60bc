import { env } from "@/lib/env";
import { sealer } from "./secret";
import type { TargetPolicy } from "@/lib/outbound/target";

/** Which receivers this installation allows. */
export function targetPolicy(): TargetPolicy {
  const { host, port, publicUrl, isExposed, webhook } = env();
  return { isExposed, allowNetworks: webhook.allowNetworks, own: { host, port, publicUrl } };
}

let made: { key: string; sealer: ReturnType<typeof sealer> } | null = null;

/** Seals and opens secrets with this installation's key, each for one webhook's id. */
export function webhookSealer(): ReturnType<typeof sealer> {
  const key = secretKey();
  if (made?.key !== key) made = { key, sealer: sealer(key) };
  return made.sealer;
}

/** TURBO_SECRET_KEY, given or generated; throws before there is one. */
export function secretKey(): string {
  const { secretKey } = env();
  if (!secretKey) throw new Error("TURBO_SECRET_KEY is not set and none was generated.");
  return secretKey;
}
