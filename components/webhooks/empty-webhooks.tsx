import { Webhook } from "lucide-react";
import type { ReactNode } from "react";

/** The first visit: nothing there yet, and three steps to a delivery. */
export function EmptyWebhooks({ isExposed }: { isExposed: boolean }) {
  return (
    <div className="flex flex-col items-center gap-4 py-8 text-center">
      <span className="grid size-11 place-items-center rounded-xl border border-line bg-sunken">
        <Webhook aria-hidden className="size-5 text-ink-faint" />
      </span>
      <div>
        <p className="font-medium">No webhooks configured</p>
        <p className="text-[13px] text-ink-muted">Three steps to your first delivery:</p>
      </div>
      <ol className="max-w-md space-y-2 text-left text-[13px] text-ink-muted">
        <Step number={1}>
          {isExposed ? (
            "Have a receiver with an https address that answers a POST with 2xx."
          ) : (
            <>
              Run <Command>npm run receiver</Command> in a terminal. It listens on{" "}
              <Command>http://localhost:9001/webhook</Command>.
            </>
          )}
        </Step>
        <Step number={2}>Create a webhook above with that URL and the events it should get.</Step>
        <Step number={3}>Press Send test and watch the delivery arrive, signed.</Step>
      </ol>
    </div>
  );
}

function Step({ number, children }: { number: number; children: ReactNode }) {
  return (
    <li className="flex gap-3">
      <span
        aria-hidden
        className="grid size-5 shrink-0 place-items-center rounded-full bg-hover text-xs font-medium tabular-nums"
      >
        {number}
      </span>
      <span className="min-w-0">{children}</span>
    </li>
  );
}

function Command({ children }: { children: ReactNode }) {
  return (
    <code className="rounded border border-line bg-sunken px-1 py-0.5 font-mono text-xs wrap-anywhere text-ink">
      {children}
    </code>
  );
}
