import { useId } from "react";
import type { Webhook } from "@/lib/webhooks/schema";

type Choice = Webhook["skip_own"];

const choices = [
  { value: "", label: "nothing" },
  { value: "actor", label: "what this webhook's own actor causes" },
  { value: "key", label: "what this webhook's own API key causes" },
] as const;

/** Spares a webhook the echo of what its receiver does here. */
export function SkipOwn({ value, onChange }: { value: Choice; onChange: (value: Choice) => void }) {
  const id = useId();
  return (
    <div>
      <label className="flex flex-wrap items-center gap-x-2 gap-y-1 text-[13px] font-medium">
        Leave out
        <select
          value={value ?? ""}
          aria-describedby={`${id}-hint`}
          onChange={(event) => {
            const chosen = choices.find((choice) => choice.value === event.target.value);
            onChange(chosen?.value || null);
          }}
          className="h-10 max-w-full rounded-lg border border-line-strong bg-surface px-2 text-base font-normal text-ink hover:border-ink-faint sm:text-[13px]"
        >
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.label}
            </option>
          ))}
        </select>
      </label>
      <p id={`${id}-hint`} className="mt-1.5 text-[13px] leading-5 text-ink-faint">
        That is who, or which key, made the webhook. A receiver that writes back here is spared its
        own echo.
      </p>
    </div>
  );
}
