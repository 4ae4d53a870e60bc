"use client";

import { type ReactNode, useState } from "react";
import { Notice } from "@/components/ui/notice";
import { groupTypes } from "@/components/webhooks/event-groups";
import { TestOutcome } from "@/components/webhooks/test-outcome";
import { TestTypeSelect, WebhookActions } from "@/components/webhooks/webhook-actions";
import { WebhookSummary } from "@/components/webhooks/webhook-summary";
import { disablesAt } from "@/lib/webhooks/failing-rule";
import type { Webhook } from "@/lib/webhooks/schema";
import { openDelivery } from "./delivery-sheet";
import { useFormChoices } from "./form-choices";
import { RecoverDialog } from "./recover-dialog";
import { useProjectNames } from "./use-filters";
import { useTest, useTurnWebhook } from "./use-webhooks";
import { DeleteWebhook, EditWebhook, RotateWebhook } from "./webhook-dialogs";

type Asked = "edit" | "delete" | "rotate" | "recover" | null;

type WebhookItemProps = {
  webhook: Webhook;
  title: ReactNode;
  /** Lets the user choose which event a test sends. */
  withTestType?: boolean;
  onDeleted?: () => void;
  /** Where the focus goes once it is deleted. */
  fallbackFocus: () => HTMLElement | null;
  children?: ReactNode;
};

/** One webhook with all that can be done to it; `children` stand at its end. */
export function WebhookItem({ webhook, title, withTestType, children, ...rest }: WebhookItemProps) {
  const [asked, setAsked] = useState<Asked>(null);
  const [testType, setTestType] = useState("webhook.test");
  const test = useTest(webhook.id);
  const turn = useTurnWebhook();
  const nameOf = useProjectNames(webhook.filters);
  const { registered } = useFormChoices();
  const dialog = (name: Asked) => ({
    webhook,
    isOpen: asked === name,
    onClose: () => setAsked(null),
  });

  return (
    <>
      <WebhookSummary
        webhook={webhook}
        disablesAt={webhook.failing_since && disablesAt(webhook.failing_since)}
        title={title}
        nameOf={nameOf}
        onRotate={() => setAsked("rotate")}
        actions={
          <WebhookActions
            webhook={webhook}
            isTesting={test.isSending}
            isTurning={turn.isPending}
            onTest={() => test.send(testType)}
            onEdit={() => setAsked("edit")}
            onPause={() => turn.mutate({ id: webhook.id, isActive: false })}
            onResume={() => turn.mutate({ id: webhook.id, isActive: true })}
            onRecover={() => setAsked("recover")}
            onDelete={() => setAsked("delete")}
          />
        }
      >
        {withTestType && (
          <TestTypeSelect groups={groupTypes(registered)} value={testType} onChange={setTestType} />
        )}
        {turn.error && <Notice tone="bad">Not changed. {turn.error.message}</Notice>}
        <ItemTest test={test} />
        {children}
      </WebhookSummary>
      <EditWebhook {...dialog("edit")} />
      <RotateWebhook {...dialog("rotate")} />
      <RecoverDialog {...dialog("recover")} />
      <DeleteWebhook {...dialog("delete")} {...rest} />
    </>
  );
}

/** The outcome of the last test, if there was one. */
export function ItemTest({ test }: { test: ReturnType<typeof useTest> }) {
  const { state, deliveryId } = test;
  if (!state) return null;
  return (
    <TestOutcome
      test={state}
      onDetails={() => deliveryId && openDelivery(deliveryId)}
      onClose={test.reset}
    />
  );
}
