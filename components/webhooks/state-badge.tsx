import { Badge } from "@/components/ui/badge";
import type { Webhook } from "@/lib/webhooks/schema";

const looks = {
  active: { tone: "ok", label: "Active", dot: "bg-ok" },
  paused: { tone: "warn", label: "Paused", dot: "bg-warn" },
  disabled: { tone: "bad", label: "Disabled", dot: "bg-bad" },
} as const;

export function StateBadge({ state }: { state: Webhook["state"] }) {
  const { tone, label, dot } = looks[state];
  return (
    <Badge tone={tone} icon={<span aria-hidden className={`size-1.5 rounded-full ${dot}`} />}>
      {label}
    </Badge>
  );
}
