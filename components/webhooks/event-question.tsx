"use client";

import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { TextField } from "@/components/ui/field";

const id = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Takes the id of one event to ask about. */
export function EventQuestion({ onAsk }: { onAsk: (eventId: string) => void }) {
  const [text, setText] = useState("");
  const [error, setError] = useState<string>();
  const ask = (event: FormEvent) => {
    event.preventDefault();
    const asked = text.trim();
    if (id.test(asked)) onAsk(asked.toLowerCase());
    else setError("An event's id looks like 0190a5c0-0000-7000-8000-000000000100.");
  };
  return (
    <form noValidate onSubmit={ask} className="flex flex-wrap items-end gap-2">
      <div className="min-w-0 flex-1 basis-72">
        <TextField
          label="Ask about one event"
          placeholder="The id of an event"
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setError(undefined);
          }}
          error={error}
          className="font-mono sm:text-[13px]"
        />
      </div>
      <Button type="submit" className={error ? "self-center" : undefined}>
        Why?
      </Button>
    </form>
  );
}
