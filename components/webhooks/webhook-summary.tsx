import { RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { Ago, Until } from "@/components/ui/time";
import type { Webhook } from "@/lib/webhooks/schema";
import { EventBadges } from "./event-badges";
import { StateBadge } from "./state-badge";

/** A webhook at a glance: what it is, where it sends, whether it does, and what can be done. */
export function WebhookSummary({
  webhook,
  title,
  actions,
  onRotate,
  children,
}: {
  webhook: Webhook;
  /** The name as a heading, at the level the page needs. */
  title: ReactNode;
  actions: ReactNode;
  onRotate: () => void;
  children?: ReactNode;
}) {
  return (
    <div className="space-y-3">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0 flex-1 basis-72 space-y-1">
          <div className="flex flex-wrap items-center gap-2">
            {title}
            <StateBadge state={webhook.state} />
          </div>
          <p className="truncate font-mono text-xs text-ink-muted" title={webhook.url}>
            {webhook.url}
          </p>
        </div>
        {actions}
      </div>
      <EventBadges types={webhook.event_types} />
      <Standing webhook={webhook} />
      <div className="flex flex-wrap items-center gap-x-1.5 text-[13px] text-ink-faint">
        <span>Secret</span>
        <code className="font-mono text-xs text-ink-muted">{webhook.secret_token}</code>
        <Button
          size="sm"
          variant="ghost"
          icon={<RotateCw aria-hidden className="size-3.5" />}
          onClick={onRotate}
        >
          Rotate<span className="sr-only"> the secret of {webhook.name}</span>
        </Button>
        {webhook.previous_secret_expires_at && (
          <span>
            The old secret signs too; it ends <Until at={webhook.previous_secret_expires_at} />.
          </span>
        )}
        <span className="ml-auto max-sm:w-full">
          Created <Ago at={webhook.created_at} />
        </span>
      </div>
      {children}
    </div>
  );
}

function Standing({ webhook }: { webhook: Webhook }) {
  if (webhook.state === "active") return null;
  if (webhook.state === "paused") {
    return (
      <Notice tone="warn">Paused: its deliveries are held and sent when you resume it.</Notice>
    );
  }
  return <Notice tone="bad">{describeDisabled(webhook.disabled_reason)}</Notice>;
}

const disabledReasons: Record<string, string> = {
  gone: "Disabled: the receiver answered 410 Gone. What waited for it is cancelled.",
  failing:
    "Disabled: nothing but failures for 5 days. Its deliveries are held until you resume it.",
};

function describeDisabled(reason: string | null): string {
  if (!reason) return "Disabled: nothing is sent until you resume it.";
  return disabledReasons[reason] ?? `Disabled: ${reason}`;
}
