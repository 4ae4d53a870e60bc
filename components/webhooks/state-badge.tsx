import { Badge } from "@/components/ui/badge";
import type { Webhook } from "@/lib/webhooks/schema";
import { seenState } from "./webhook-states";

const looks = {
  active: { tone: "ok", label: "Active", dot: "bg-ok" },
  failing: { tone: "warn", label: "Failing", dot: "bg-warn" },
  paused: { tone: "warn", label: "Paused", dot: "bg-warn" },
  disabled: { tone: "bad", label: "Disabled", dot: "bg-bad" },
} as const;

/** The state, and of an active webhook whether its last attempts have failed. */
export function StateBadge({ webhook }: { webhook: Webhook }) {
  const { tone, label, dot } = looks[seenState(webhook)];
  return (
    <Badge tone={tone} icon={<span aria-hidden className={`size-1.5 rounded-full ${dot}`} />}>
      {label}
    </Badge>
  );
}
