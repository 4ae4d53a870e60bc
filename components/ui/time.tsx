"use client";

import { useNow } from "./clock";
import { describeAgo, describeUntil, formatUtc } from "./time-words";

/** "3 min ago", with the exact time on hover; the server shows the exact time. */
export function Ago({ at, className }: { at: string; className?: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={formatUtc(at)} className={className}>
      {now === null ? formatUtc(at) : describeAgo(now - Date.parse(at))}
    </time>
  );
}

/** "in 4 min 12 s", counting down. */
export function Until({ at, className }: { at: string; className?: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={formatUtc(at)} className={className}>
      {now === null ? formatUtc(at) : describeUntil(Date.parse(at) - now)}
    </time>
  );
}
