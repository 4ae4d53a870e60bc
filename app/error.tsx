"use client";

import { Button } from "@/components/ui/button";
import { MessagePage } from "@/components/ui/message-page";

type ErrorProps = { error: Error & { digest?: string }; retry: () => void };

export default function ErrorPage({ error, retry }: ErrorProps) {
  return (
    <MessagePage
      title="This page could not be shown"
      action={
        <Button variant="primary" onClick={retry}>
          Try again
        </Button>
      }
    >
      <p>The server's log tells why. Deliveries go on meanwhile.</p>
      {error.digest && <p className="mt-2 font-mono text-xs">Reference {error.digest}</p>}
    </MessagePage>
  );
}
