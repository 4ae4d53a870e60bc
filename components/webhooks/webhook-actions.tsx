import { History, Pause, Pencil, Play, Send, Trash2 } from "lucide-react";
import { Button } from "@/components/ui/button";
import type { Webhook } from "@/lib/webhooks/schema";
import type { EventGroup } from "./event-groups";

type WebhookActionsProps = {
  webhook: Webhook;
  onTest: () => void;
  onEdit: () => void;
  onPause: () => void;
  onResume: () => void;
  onRecover: () => void;
  onDelete: () => void;
  isTesting: boolean;
  isTurning: boolean;
};

const turns = { active: "Pause", paused: "Resume", disabled: "Enable" };

/** What can be done with a webhook; each button's name tells a screen reader with which. */
export function WebhookActions(props: WebhookActionsProps) {
  const { webhook } = props;
  const isActive = webhook.state === "active";
  const named = <span className="sr-only"> {webhook.name}</span>;
  return (
    <div className="flex flex-wrap gap-1.5 max-sm:grid max-sm:w-full max-sm:grid-cols-2">
      <Button
        size="sm"
        icon={<Send aria-hidden className="size-3.5" />}
        isPending={props.isTesting}
        onClick={props.onTest}
      >
        Send test{named}
      </Button>
      <Button size="sm" icon={<Pencil aria-hidden className="size-3.5" />} onClick={props.onEdit}>
        Edit{named}
      </Button>
      <Button
        size="sm"
        icon={
          isActive ? (
            <Pause aria-hidden className="size-3.5" />
          ) : (
            <Play aria-hidden className="size-3.5" />
          )
        }
        isPending={props.isTurning}
        onClick={isActive ? props.onPause : props.onResume}
      >
        {turns[webhook.state]}
        {named}
      </Button>
      <Button
        size="sm"
        icon={<History aria-hidden className="size-3.5" />}
        onClick={props.onRecover}
      >
        Recover…{named}
      </Button>
      <Button
        size="sm"
        variant="danger-ghost"
        icon={<Trash2 aria-hidden className="size-3.5" />}
        onClick={props.onDelete}
      >
        Delete{named}
      </Button>
    </div>
  );
}

/** Which event a test sends. */
/** Any type but the test's own stands in a group; `groups` are those that a webhook may name. */
export function TestTypeSelect({
  groups,
  value,
  onChange,
}: {
  groups: readonly EventGroup[];
  value: string;
  onChange: (type: string) => void;
}) {
  return (
    <label className="flex flex-wrap items-center gap-2 text-[13px] text-ink-muted">
      A test sends
      <select
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="h-10 max-w-full rounded-lg border border-line-strong bg-surface px-2 font-mono text-base text-ink hover:border-ink-faint sm:h-8 sm:text-xs pointer-coarse:h-10"
      >
        <option>webhook.test</option>
        {groups.map(({ entity, types }) => (
          <optgroup key={entity} label={entity}>
            {types.map(({ type }) => (
              <option key={type}>{type}</option>
            ))}
          </optgroup>
        ))}
      </select>
    </label>
  );
}
