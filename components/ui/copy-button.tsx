"use client";

import { Check, Copy, X } from "lucide-react";
import { useEffect, useState } from "react";
import { Button, IconButton } from "./button";

type CopyState = "idle" | "copied" | "refused";

const looks = {
  idle: { said: "", label: "Copy", icon: <Copy aria-hidden className="size-4" /> },
  copied: {
    said: "Copied",
    label: "Copied",
    icon: <Check aria-hidden className="size-4 text-ok" />,
  },
  refused: {
    said: "The browser refused. Select it and copy it yourself.",
    label: "Refused",
    icon: <X aria-hidden className="size-4 text-bad" />,
  },
};

/** Copies `text`; `what` completes its name ("Copy secret"). Compact: an icon without a word. */
export function CopyButton({
  text,
  what,
  isCompact,
}: {
  text: string;
  what: string;
  isCompact?: boolean;
}) {
  const [state, setState] = useState<CopyState>("idle");
  const { said, label, icon } = looks[state];

  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), 2_000);
    return () => clearTimeout(timer);
  }, [state]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState("copied");
    } catch {
      setState("refused");
    }
  };

  return (
    <>
      {isCompact ? (
        <IconButton label={`Copy ${what}`} onClick={() => void copy()}>
          {icon}
        </IconButton>
      ) : (
        <Button size="sm" icon={icon} onClick={() => void copy()}>
          {label}
          <span className="sr-only"> {what}</span>
        </Button>
      )}
      <span role="status" className="sr-only">
        {said}
      </span>
    </>
  );
}
