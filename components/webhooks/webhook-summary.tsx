import { RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { Ago, Until } from "@/components/ui/time";
import type { Webhook } from "@/lib/webhooks/schema";
import { EventBadges } from "./event-badges";
import { FilterSummary } from "./filter-summary";
import type { NameOf } from "./filter-words";
import { Standing } from "./standing";
import { StateBadge } from "./state-badge";

/** A webhook at a glance: what it is, where it sends, whether it does, and what can be done. */
export function WebhookSummary({
  webhook,
  disablesAt,
  title,
  actions,
  nameOf,
  onRotate,
  children,
}: {
  webhook: Webhook;
  /** When it will be disabled if it goes on failing; null: it does not. */
  disablesAt: string | null;
  /** The name as a heading, at the level the page needs. */
  title: ReactNode;
  actions: ReactNode;
  /** What the ids in its filter are called. */
  nameOf: NameOf;
  onRotate: () => void;
  children?: ReactNode;
}) {
  return (
    <div className="space-y-3">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0 flex-1 basis-72 space-y-1">
          <div className="flex flex-wrap items-center gap-2">
            {title}
            <StateBadge webhook={webhook} />
          </div>
          <p className="truncate font-mono text-xs text-ink-muted" title={webhook.url}>
            {webhook.url}
          </p>
          {webhook.description && (
            <p className="text-[13px] leading-5 wrap-anywhere whitespace-pre-line text-ink-muted">
              {webhook.description}
            </p>
          )}
        </div>
        {actions}
      </div>
      <EventBadges types={webhook.event_types} />
      <FilterSummary webhook={webhook} nameOf={nameOf} />
      <Standing webhook={webhook} disablesAt={disablesAt} />
      <SecretAndOrigin webhook={webhook} onRotate={onRotate} />
      {children}
    </div>
  );
}

function SecretAndOrigin({ webhook, onRotate }: { webhook: Webhook; onRotate: () => void }) {
  return (
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
        {webhook.created_by && <> by {webhook.created_by}</>}
      </span>
    </div>
  );
}
