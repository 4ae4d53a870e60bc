"use client";

import type { ReactNode } from "react";
import { useNow } from "@/components/ui/clock";
import { Notice } from "@/components/ui/notice";
import { Ago, Until } from "@/components/ui/time";
import type { Webhook } from "@/lib/webhooks/schema";

/** What keeps a webhook from delivering, or soon will, and what to do; nothing while all is well. */
export function Standing({ webhook, disablesAt }: { webhook: Webhook; disablesAt: string | null }) {
  const { state, failing_since } = webhook;
  if (state === "paused") {
    return (
      <Notice tone="warn">Paused: its deliveries are held and sent when you resume it.</Notice>
    );
  }
  if (state === "disabled") return <Notice tone="bad">{describeDisabled(webhook)}</Notice>;
  if (!failing_since) return null;
  return (
    <Notice tone="warn">
      <Failures webhook={webhook} since={failing_since} />
      {disablesAt && webhook.failures_in_row > 1 && <Forecast at={disablesAt} />}
    </Notice>
  );
}

function Failures({ webhook, since }: { webhook: Webhook; since: string }) {
  const count = webhook.failures_in_row;
  if (count === 1) {
    return (
      <>
        The last attempt, <Ago at={since} />, failed.
      </>
    );
  }
  return (
    <>
      The last {count} attempts failed, the first of them <Ago at={since} />.
    </>
  );
}

function Forecast({ at }: { at: string }) {
  const now = useNow();
  if (now !== null && Date.parse(at) <= now) return null;
  return (
    <>
      {" "}
      If nothing arrives, it will be disabled <Until at={at} />.
    </>
  );
}

function describeDisabled(webhook: Webhook): ReactNode {
  const { disabled_reason, disabled_at, failing_since } = webhook;
  const when = disabled_at && (
    <>
      {" "}
      <Ago at={disabled_at} />
    </>
  );
  if (disabled_reason === "gone") {
    return (
      <>
        Disabled{when}: the receiver answered 410 Gone. What waited for it was cancelled, and
        nothing new is kept for it until you enable it.
      </>
    );
  }
  return (
    <>
      Disabled{when}
      {disabled_reason === "failing" && ": nothing but failures for days"}.{" "}
      {failing_since && <Failures webhook={webhook} since={failing_since} />} Its deliveries are
      held. Send a test to see whether the receiver answers, then enable it: what was held is sent.
    </>
  );
}
