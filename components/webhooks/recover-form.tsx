import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { TextField } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { describeDeliveries, formatLocal, type RecoverDraft } from "./recover-window";

const scopes = [
  {
    scope: "failed",
    label: "What failed",
    hint: "Deliveries whose attempts are used up are sent again.",
  },
  {
    scope: "missing",
    label: "What is missing",
    hint: "Events it never got: from before it was made, or while its receiver was gone.",
  },
] as const;

const sinces = [
  { since: "hour", label: "Last hour" },
  { since: "day", label: "Last 24 hours" },
  { since: "week", label: "Last 7 days" },
  { since: "own", label: "Since a time" },
] as const;

type RecoverFormProps = {
  draft: RecoverDraft;
  onChange: (part: Partial<RecoverDraft>) => void;
  /** What is wrong with the user's own time. */
  timeError: string | null;
  /** What a recovery would be about; null while it is being counted or cannot be. */
  found: { count: number; since: string } | null;
  /** Why it could not be counted, or was not begun. */
  error: string | null;
  /** Its webhook sends nothing at present. */
  isHeld: boolean;
  isPending: boolean;
  onStart: () => void;
  onClose: () => void;
};

/** Asks what to recover, and says how much that is before it begins. */
export function RecoverForm(props: RecoverFormProps) {
  const { found, isPending } = props;
  const canStart = found !== null && found.count > 0;
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (canStart && !isPending) props.onStart();
      }}
    >
      <What {...props} />
      <Since {...props} />
      <Found {...props} />
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={props.onClose}>Close</Button>
        <Button
          type="submit"
          variant="primary"
          isPending={isPending}
          aria-disabled={!canStart || isPending || undefined}
        >
          Recover
        </Button>
      </div>
    </form>
  );
}

function What({ draft, onChange }: RecoverFormProps) {
  return (
    <fieldset className="space-y-2">
      <legend className="sr-only">What to recover</legend>
      {scopes.map(({ scope, label, hint }) => (
        <Choice
          key={scope}
          name="scope"
          isChosen={draft.scope === scope}
          onChoose={() => onChange({ scope })}
        >
          {label}
          <span className="block font-normal text-ink-muted">{hint}</span>
        </Choice>
      ))}
    </fieldset>
  );
}

function Since({ draft, onChange, timeError }: RecoverFormProps) {
  return (
    <>
      <fieldset>
        <legend className="mb-1.5 text-[13px] font-medium">Since</legend>
        <div className="grid grid-cols-2 gap-2">
          {sinces.map(({ since, label }) => (
            <Choice
              key={since}
              name="since"
              isChosen={draft.since === since}
              onChoose={() => onChange({ since })}
            >
              {label}
            </Choice>
          ))}
        </div>
      </fieldset>
      {draft.since === "own" && (
        <TextField
          label="From when on, in your time"
          type="datetime-local"
          value={draft.ownTime}
          onChange={(event) => onChange({ ownTime: event.target.value })}
          error={timeError ?? undefined}
        />
      )}
    </>
  );
}

function Choice({
  name,
  isChosen,
  onChoose,
  children,
}: {
  name: string;
  isChosen: boolean;
  onChoose: () => void;
  children: ReactNode;
}) {
  return (
    <label className="flex min-h-11 cursor-pointer items-start gap-3 rounded-lg border border-line p-3 hover:bg-hover has-checked:border-accent-line has-checked:bg-accent-soft">
      <input
        type="radio"
        name={name}
        className="mt-0.5 size-4 shrink-0 accent-accent"
        checked={isChosen}
        onChange={onChoose}
      />
      <span className="text-[13px] leading-5 font-medium">{children}</span>
    </label>
  );
}

/** How much there is, in words that a screen reader hears when they change. */
function Found({ draft, found, error, timeError, isHeld }: RecoverFormProps) {
  const isWaiting =
    !found && !error && !timeError && (draft.since !== "own" || draft.ownTime !== "");
  return (
    <div className="space-y-2">
      <p role="status" className="min-h-5 text-[13px] leading-5">
        {isWaiting && <span className="text-ink-faint">Counting…</span>}
        {found && (
          <>
            <strong className="font-semibold">
              {describeDeliveries(found.count, draft.scope)}
            </strong>{" "}
            since {formatLocal(found.since)}.{found.count === 0 && " There is nothing to recover."}
          </>
        )}
      </p>
      {error && <Notice tone="bad">{error}</Notice>}
      {found && found.count > 0 && isHeld && (
        <Notice tone="warn">
          It sends nothing now: what is recovered waits until you resume it.
        </Notice>
      )}
    </div>
  );
}
