"use client";

import { KeyRound } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { Button } from "@/components/ui/button";
import { CodeBlock } from "@/components/ui/code-block";
import { CopyButton } from "@/components/ui/copy-button";
import { Disclosure } from "@/components/ui/disclosure";
import { verifySnippet } from "./verify-snippet";

/** A secret in clear, with Copy; it is never shown again. */
export function SecretField({ secret }: { secret: string }) {
  return (
    <div className="flex flex-col gap-2 sm:flex-row sm:items-center">
      <code className="min-w-0 flex-1 rounded-lg border border-line-strong bg-surface px-3 py-2 font-mono text-[13px] leading-5 break-all select-all">
        {secret}
      </code>
      <CopyButton text={secret} what="secret" />
    </div>
  );
}

/** How a receiver proves that a request came from here. */
export function VerifySnippet({ secret }: { secret: string }) {
  return (
    <Disclosure summary="Verify it in Node.js">
      <div className="space-y-2">
        <p className="text-[13px] text-ink-muted">
          <code className="font-mono text-xs">npm install standardwebhooks</code>, and give the
          secret as <code className="font-mono text-xs">WEBHOOK_SECRET</code>. Verify the body as it
          came, before it is parsed.
        </p>
        <CodeBlock label="receiver.mjs" text={verifySnippet(secret.startsWith("whsec_"))} />
      </div>
    </Disclosure>
  );
}

/** What stands on the page after a webhook was made: its secret, how to use it, and a first test. */
export function SecretPanel({
  name,
  secret,
  onStored,
  action,
  children,
}: {
  name: string;
  secret: string;
  onStored: () => void;
  /** What to do next, beside the button that dismisses the panel. */
  action: ReactNode;
  children?: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => heading.current?.focus(), []);

  return (
    <section className="animate-rise-in rounded-xl border border-accent-line bg-accent-soft p-4 sm:p-6">
      <div className="flex items-start gap-3">
        <KeyRound aria-hidden className="mt-1 size-4 shrink-0 text-accent-text" />
        <div className="min-w-0 flex-1 space-y-3">
          <div>
            <h2 ref={heading} tabIndex={-1} className="font-semibold tracking-tight wrap-anywhere">
              “{name}” is created. Store its secret now.
            </h2>
            <p className="text-[13px] text-ink-muted">
              It signs every delivery, so your receiver can tell what comes from here. It is shown
              this once.
            </p>
          </div>
          <SecretField secret={secret} />
          <VerifySnippet secret={secret} />
          <div className="flex flex-wrap items-center gap-2">
            <Button variant="primary" onClick={onStored}>
              I have stored it
            </Button>
            {action}
          </div>
          {children}
        </div>
      </div>
    </section>
  );
}
