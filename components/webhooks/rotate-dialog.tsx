"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Notice } from "@/components/ui/notice";
import { SecretField } from "./secret-panel";

const overlaps = [
  {
    hours: 24,
    label: "24 hours",
    hint: "Both secrets sign, so you can change the receiver in peace.",
  },
  { hours: 1, label: "1 hour", hint: "Both secrets sign for an hour." },
  { hours: 0, label: "None", hint: "The old secret stops at once. For a secret that leaked." },
];

type RotateDialogProps = {
  isOpen: boolean;
  name: string;
  isPending: boolean;
  error: string | null;
  /** The new secret once it is made; it is shown this once. */
  secret: string | null;
  onRotate: (overlapHours: number) => void;
  onClose: () => void;
};

export function RotateDialog(props: RotateDialogProps) {
  const { secret } = props;
  return (
    <Dialog
      isOpen={props.isOpen}
      onClose={props.onClose}
      isSticky={secret !== null}
      title={secret ? "Store the new secret now" : `Rotate the secret of “${props.name}”?`}
      description={
        secret
          ? "It is shown this once."
          : "A new secret is made. Choose how long the old one still signs beside it."
      }
    >
      {secret ? (
        <div className="space-y-4">
          <SecretField secret={secret} />
          <div className="flex justify-end">
            <Button variant="primary" onClick={props.onClose}>
              I have stored it
            </Button>
          </div>
        </div>
      ) : (
        <OverlapForm {...props} />
      )}
    </Dialog>
  );
}

function OverlapForm({ error, isPending, onRotate, onClose }: RotateDialogProps) {
  const [hours, setHours] = useState(24);
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isPending) onRotate(hours);
      }}
    >
      <fieldset className="space-y-2">
        <legend className="sr-only">How long the old secret still signs</legend>
        {overlaps.map((overlap) => (
          <label
            key={overlap.hours}
            className="flex min-h-11 cursor-pointer items-start gap-3 rounded-lg border border-line p-3 hover:bg-hover has-checked:border-accent-line has-checked:bg-accent-soft"
          >
            <input
              type="radio"
              name="overlap"
              className="mt-1 size-4 accent-accent"
              checked={hours === overlap.hours}
              onChange={() => setHours(overlap.hours)}
            />
            <span className="text-[13px] leading-5 font-medium">
              {overlap.label}
              <span className="block font-normal text-ink-muted">{overlap.hint}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {error && <Notice tone="bad">{error}</Notice>}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" isPending={isPending}>
          Rotate secret
        </Button>
      </div>
    </form>
  );
}
