"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { ErrorNotice } from "@/components/ui/error-notice";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import { RecoverForm } from "@/components/webhooks/recover-form";
import { type RecoverDraft, sinceOf } from "@/components/webhooks/recover-window";
import { RecoveryProgress } from "@/components/webhooks/recovery-progress";
import type { Recovery } from "@/lib/webhooks/recovery-schema";
import type { Webhook } from "@/lib/webhooks/schema";
import {
  useCancelRecovery,
  useRecoveries,
  useRecoveryCount,
  useStartRecovery,
} from "./use-recovery";

type RecoverDialogProps = { webhook: Webhook; isOpen: boolean; onClose: () => void };

/** Sends a webhook again what failed, or what it never got. */
export function RecoverDialog({ webhook, isOpen, onClose }: RecoverDialogProps) {
  return (
    <Dialog
      isOpen={isOpen}
      onClose={onClose}
      title={`Recover deliveries of “${webhook.name}”`}
      description="They are sent oldest first and step by step, so that new events are not held up."
    >
      <RecoverPanel webhook={webhook} onClose={onClose} />
    </Dialog>
  );
}

/** What runs, or ended since the dialog was opened; else the form for another. */
function RecoverPanel({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const recoveries = useRecoveries(webhook.id);
  const cancel = useCancelRecovery();
  const [shownIds, setShownIds] = useState<string[]>([]);
  const [isAsking, setIsAsking] = useState(false);
  const running = recoveries.data?.filter(({ status }) => status === "running") ?? [];
  const shown = recoveries.data?.filter(
    ({ id, status }) => status === "running" || shownIds.includes(id),
  );
  // Whatever is seen to run stays in sight when it ends.
  const unnoted = running.map(({ id }) => id).filter((id) => !shownIds.includes(id));
  if (unnoted.length > 0) setShownIds([...shownIds, ...unnoted]);

  const failure = recoveries.error && (
    <ErrorNotice message={recoveries.error.message} onRetry={() => void recoveries.refetch()} />
  );
  if (!shown) return failure ?? <Skeleton className="h-80" />;
  const newest = shownIds.at(-1);
  return (
    <div className="space-y-4">
      {failure}
      {shown.map((recovery) => (
        <RecoveryProgress
          key={recovery.id}
          recovery={recovery}
          isNew={recovery.id === newest}
          isHeld={webhook.state !== "active"}
          isCancelling={cancel.isPending && cancel.variables.id === recovery.id}
          onCancel={() => cancel.mutate(recovery)}
        />
      ))}
      {cancel.error && <Notice tone="bad">Not cancelled. {cancel.error.message}</Notice>}
      {shown.length === 0 || isAsking ? (
        <RecoverQuestion
          webhook={webhook}
          onClose={onClose}
          onStarted={({ id }) => {
            setShownIds((ids) => [...ids, id]);
            setIsAsking(false);
          }}
        />
      ) : (
        <div className="flex flex-wrap justify-end gap-2">
          {running.length > 0 && (
            <p className="w-full text-[13px] text-ink-muted">It goes on when you close this.</p>
          )}
          <Button onClick={() => setIsAsking(true)}>Recover more…</Button>
          <Button variant="primary" onClick={onClose}>
            Close
          </Button>
        </div>
      )}
    </div>
  );
}

type RecoverQuestionProps = {
  webhook: Webhook;
  onClose: () => void;
  onStarted: (recovery: Recovery) => void;
};

function RecoverQuestion({ webhook, onClose, onStarted }: RecoverQuestionProps) {
  const [draft, setDraft] = useState<RecoverDraft>({ scope: "failed", since: "day", ownTime: "" });
  // Counted and begun with the same time: it moves on only when another choice is made.
  const [askedAtMs, setAskedAtMs] = useState(() => Date.now());
  const time = sinceOf(draft, askedAtMs);
  const asked = "since" in time ? { scope: draft.scope, since: time.since } : null;
  const count = useRecoveryCount(webhook.id, asked);
  const start = useStartRecovery(webhook.id);
  const error = start.error ?? count.error;
  return (
    <RecoverForm
      draft={draft}
      onChange={(part) => {
        setDraft((now) => ({ ...now, ...part }));
        setAskedAtMs(Date.now());
        start.reset();
      }}
      timeError={"error" in time ? time.error : null}
      found={asked && count.data && !count.error ? count.data : null}
      error={asked && error ? error.message : null}
      isHeld={webhook.state !== "active"}
      isPending={start.isPending}
      onStart={() => asked && start.mutate(asked, { onSuccess: onStarted })}
      onClose={onClose}
    />
  );
}
