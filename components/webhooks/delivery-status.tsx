import {
  Ban,
  CircleCheck,
  CirclePause,
  CircleX,
  Clock,
  LoaderCircle,
  RefreshCw,
} from "lucide-react";
import { Badge, type Tone } from "@/components/ui/badge";
import { cn } from "@/lib/cn";
import type { Delivery } from "@/lib/webhooks/delivery-schema";
import { type DeliveryPhase, phaseOf } from "./delivery-phase";

const looks: Record<DeliveryPhase, { label: string; tone: Tone; Icon: typeof Clock }> = {
  sending: { label: "Sending", tone: "accent", Icon: LoaderCircle },
  held: { label: "Held", tone: "warn", Icon: CirclePause },
  waiting: { label: "Waiting", tone: "neutral", Icon: Clock },
  retrying: { label: "Retrying", tone: "warn", Icon: RefreshCw },
  success: { label: "Success", tone: "ok", Icon: CircleCheck },
  failed: { label: "Failed", tone: "bad", Icon: CircleX },
  cancelled: { label: "Cancelled", tone: "neutral", Icon: Ban },
};

export function DeliveryStatus({ delivery }: { delivery: Delivery }) {
  const phase = phaseOf(delivery);
  const { label, tone, Icon } = looks[phase];
  return (
    <Badge
      tone={tone}
      icon={<Icon aria-hidden className={cn("size-3.5", phase === "sending" && "animate-spin")} />}
    >
      {label}
    </Badge>
  );
}
